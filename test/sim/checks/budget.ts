// R6 for a pod that goes for another revision: within maxUnavailable when it is Ready; when it is not, one at a time, and
// only when nothing else would end that. By whatever versions may have been decided on; lenient among them.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Host } from '../host.ts';
import type { Call, Stored } from '../server/types.ts';
import { controllerOf, fieldOf, hasEnded, isDeleting, readySinceMs, wantedOf } from './facts.ts';
import { hashIn, isBroken, revisionOf, unreadySinceMs } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { allOf, rolledBackTo, type Update, updateOf, updatesOf } from './updates.ts';
import type { Rule } from './witness.ts';

interface Gone {
  readonly call: Call;
  readonly atMs: number;
  readonly key: string;
  readonly ordinal: number;
  readonly appUid: string;
  readonly graceMs: number;
  readonly wasReady: boolean;
}

export function budgetRule(): Rule {
  const all = new WeakMap<Host, Map<string, Gone>>();
  return {
    name: 'R6',
    judge: (knowledge, call) => {
      const update = updateOf(knowledge, call);
      if (update === undefined) return undefined;
      const { victim, key, ordinal } = update;
      const gone = all.get(knowledge.host) ?? new Map<string, Gone>();
      all.set(knowledge.host, gone);
      const wasReady = readySinceMs(victim) !== undefined;
      const judge = wasReady ? mayBeAway : mayBeMended;
      const wrong = allOf(update.bases, (app) => judge(knowledge, update, { app, gone }));
      const graceMs = Number(fieldOf(victim, 'spec', 'terminationGracePeriodSeconds') ?? 30) * 1000;
      const appUid = controllerOf(victim)?.uid ?? '';
      gone.set(victim.metadata.uid, { call, atMs: nowOf(knowledge), key, ordinal, appUid, graceMs, wasReady });
      return wrong;
    },
  };
}

interface Case {
  readonly app: StatefulApp;
  readonly gone: ReadonlyMap<string, Gone>;
}

const nowOf = ({ host }: Knowledge) => host.options.timeline.now();
/** Its own clock, or the server's where the two differ. */
const latestOf = (knowledge: Knowledge) => Math.max(knowledge.host.clock.now(), nowOf(knowledge));

/** Under way since the pass began, or accepted: what came of another one is unknown to the process. */
function hasGone(knowledge: Knowledge, { call, atMs }: Gone): boolean {
  const status = knowledge.statusOf(call);
  return status === undefined ? atMs >= knowledge.sinceMs : status < 300;
}

/** A Ready one: with it, no more are away than may be. */
function mayBeAway(knowledge: Knowledge, { ordinal }: Update, { app, gone }: Case): string | undefined {
  if (rolledBackTo(knowledge, app) !== undefined) return 'it is Ready, and the update was rolled back';
  const others = wantedOf(app).filter((other) => other !== ordinal);
  const away = others.filter((other) => !isThere(knowledge, other, { app, gone }));
  const most = mostOf(app);
  if (away.length + 1 > most) return `it is Ready, members ${away.join(', ')} are away, and maxUnavailable is ${most}`;
  const failing = others.find((other) => failsNow(knowledge, app, other));
  return failing === undefined ? undefined : `it is Ready, and member ${failing} fails with the update`;
}

function mostOf({ spec }: StatefulApp): number {
  const { maxUnavailable } = spec.updateStrategy.rollingUpdate;
  const most =
    typeof maxUnavailable === 'number'
      ? maxUnavailable
      : (Number(maxUnavailable.replace('%', '')) * spec.replicas) / 100;
  return Math.max(1, Math.floor(most));
}

const podKey = ({ metadata }: StatefulApp, ordinal: number) =>
  keyOf('pods', metadata.namespace, `${metadata.name}-${ordinal}`);

function isThere(knowledge: Knowledge, ordinal: number, { app, gone }: Case): boolean {
  return knowledge.was(podKey(app, ordinal), (pod) => {
    if (pod === undefined || controllerOf(pod)?.uid !== app.metadata.uid) return false;
    const departed = gone.get(pod.metadata.uid);
    const since = readySinceMs(pod);
    if (since === undefined || (departed !== undefined && hasGone(knowledge, departed))) return false;
    return since + app.spec.minReadySeconds * 1000 <= latestOf(knowledge);
  });
}

/** For sure: in every version that is known, and before the pass began. */
function failsNow(knowledge: Knowledge, app: StatefulApp, ordinal: number): boolean {
  const { clock } = knowledge.host;
  const nowMs = knowledge.sinceMs + Math.min(0, clock.now() - nowOf(knowledge));
  const updates = updatesOf(knowledge, app);
  return !knowledge.was(podKey(app, ordinal), (pod) => {
    const isOurs =
      pod !== undefined && controllerOf(pod)?.uid === app.metadata.uid && !isDeleting(pod) && !hasEnded(pod);
    if (!isOurs || !updates.includes(revisionOf(pod) ?? '') || readySinceMs(pod) !== undefined) return true;
    return !isBroken(pod, nowMs) && !isOverdue(knowledge, pod, { app, nowMs });
  });
}

/** Since the later of its loss of Ready and the new template. */
function isOverdue(
  knowledge: Knowledge,
  pod: Stored,
  { app, nowMs }: { readonly app: StatefulApp; readonly nowMs: number },
): boolean {
  const { updateRevision = '', updateRevisionSince = '' } = app.status ?? {};
  if (!updatesOf(knowledge, app).includes(hashIn(app.metadata.name, updateRevision) ?? '')) return false;
  // A time that is yet to come was written by a clock that was wrong.
  const newMs = Math.min(Date.parse(updateRevisionSince), nowMs);
  return Math.max(unreadySinceMs(pod), newMs) + app.spec.progressDeadlineSeconds * 1000 <= nowMs;
}

/** Half a minute, less the second that a deletionTimestamp is cut to (seed 480). */
const STOP_SLACK_MS = 29_000;

/** One that is not Ready: only when it is broken or overdue, and no other one is being stopped for the same. */
function mayBeMended(knowledge: Knowledge, { victim }: Update, { app, gone }: Case): string | undefined {
  const nowMs = latestOf(knowledge);
  if (!isBroken(victim, nowMs) && !isOverdue(knowledge, victim, { app, nowMs }))
    return 'it is not Ready, and it may become so';
  for (const [uid, other] of gone) {
    if (uid === victim.metadata.uid || other.wasReady || other.appUid !== app.metadata.uid) continue;
    if (!wantedOf(app).includes(other.ordinal)) continue;
    const isLeaving = hasGone(knowledge, other) && nowMs < other.atMs + other.graceMs + STOP_SLACK_MS;
    // One without its owner is a stranger's (seed 33901).
    const isOurs = (pod: Stored | undefined) =>
      pod !== undefined && pod.metadata.uid === uid && controllerOf(pod)?.uid === other.appUid;
    const isKnownGone = knowledge.was(other.key, (pod) => !isOurs(pod));
    if (isLeaving && !isKnownGone) return `it is broken, and so was ${other.key}, which is not gone yet`;
  }
  return undefined;
}

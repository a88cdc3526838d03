// Which revisions there are, and which one each ordinal runs. A new template becomes a new revision; a replaced member
// keeps the one it had. Matches Kubernetes pkg/controller/statefulset/stateful_set_control.go (getStatefulSetRevisions)
// and, for the partition, newVersionedStatefulSetPod. Different on purpose: a member that goes before its turn comes back
// at the revision it had. Lacks turns (rollout.ts) and the pruning of history (history.ts).

import { LABEL } from '../api/names.ts';
import type { StatefulAppSpec } from '../api/spec.ts';
import type { StatefulAppStatus } from '../api/status.ts';
import { ordinalOf } from '../identity/member-names.ts';
import { includes, rangesOf } from '../identity/ordinals.ts';
import { controllerRef } from '../identity/owner.ts';
import { type Blueprint, buildTrial } from '../identity/pod.ts';
import {
  blueprintOf,
  buildRevision,
  contentOf,
  hashOfDigest,
  isEqual,
  type RevisionContent,
  type RevisionView,
  revisionHash,
  revisionName,
  withAlias,
} from '../identity/revision.ts';
import type { Action, Observed, TemplateTrial, Wait } from './types.ts';

export interface Revisions {
  /** Hash of the template as it is now. */
  readonly update: string;
  /** Hash that members below the partition run. */
  readonly current: string;
  /** Hash that a member comes to in its turn: the update, or after a rollback the one that worked. */
  readonly goal: string;
  /** The update was rolled back: it is not tried again until the template changes. */
  readonly rolledBack: boolean;
  /** The update is stored: members may come to it. */
  readonly isStored: boolean;
  readonly collisions: number;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  readonly contents: ReadonlyMap<string, RevisionContent>;
  /** Members with a smaller rank run the current revision. */
  readonly partition: number;
  readonly onDelete: boolean;
  readonly paused: boolean;
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
}

/** More collisions of a 40-bit hash than this are no accident; the last hash is then tried and refused by name. */
const MAX_COLLISIONS = 8;

export function planRevisions(observed: Observed, spec: StatefulAppSpec): Revisions {
  const content = contentOf(spec);
  const { digest } = observed.app;
  const { hash: update, collisions } = updateHash(observed, { content, digest });
  const own = observed.revisions.filter((view) => isOurs(observed, view));
  // What is stored wins: the text of today may be only another way to write it.
  const contents = new Map([[update, content] as const, ...own.map((view) => [view.hash, view.content] as const)]);
  const blueprints = new Map([...contents].map(([hash, stored]) => [hash, blueprintOf({ hash, content: stored })]));
  const current = currentHash(observed, spec, blueprints) ?? update;
  const { actions, waits } = recordRevision(observed, { hash: update, content, digest, current });
  const orphans = own.filter((view) => !isMarked(view) && view.hash !== update);
  const rolledBack = current !== update && hasFailed(observed.app, update);
  return {
    update,
    current,
    goal: rolledBack ? current : update,
    rolledBack,
    isStored: waits.length === 0 && !actions.some(({ type }) => type === 'createRevision'),
    collisions,
    blueprints,
    contents,
    partition: spec.updateStrategy.rollingUpdate.partition,
    onDelete: spec.updateStrategy.type === 'OnDelete',
    paused: spec.updateStrategy.rollingUpdate.paused,
    actions: [...orphans.map((view) => adopt(observed, view)), ...actions],
    waits,
  };
}

function hasFailed({ name, uid, status }: Observed['app'], update: string): boolean {
  return status.appUID === uid && status.failedRevision === revisionName(name, update);
}

const isMarked = ({ ownerUid, labelled }: RevisionView) => ownerUid !== null && labelled;

/** By its name, and neither another's nor a former app's; one without an owner is adopted. */
function isOurs({ app }: Observed, { name, hash, ownerUid }: RevisionView): boolean {
  return name === revisionName(app.name, hash) && (ownerUid === app.uid || ownerUid === null);
}

/** What decides on a member's revision. */
export interface Claim {
  /** Its place among the wanted members, null for a condemned one. */
  readonly rank: number | null;
  readonly recorded: string | null;
  /** Its pod went for the goal's sake, or cannot come back as it was. */
  readonly isItsTurn: boolean;
}

/**
 * The hash that a pod of this member would be made with now: ledger first, then the partition (semantics.md). One whose
 * revision is stored nowhere any more does not wait for a turn that comes only to who is there.
 */
export function revisionFor(revisions: Revisions, { rank, recorded, isItsTurn }: Claim): string {
  if (revisions.onDelete) return revisions.update;
  const goes = rank !== null && rank >= revisions.partition && !revisions.paused;
  const isRecorded = recorded !== null && recorded !== '';
  const isLost = isRecorded && !revisions.blueprints.has(recorded);
  if ((isItsTurn || isLost) && goes) return revisions.goal;
  if (isRecorded) return recorded;
  return rank !== null && rank < revisions.partition ? revisions.current : revisions.goal;
}

/** The hash of the equal revision that we have, whatever made its name; otherwise one that no other content has. */
function updateHash(observed: Observed, { content, digest }: Pick<Wanted, 'content' | 'digest'>) {
  const { app, revisions } = observed;
  const start = app.status.appUID === app.uid ? Math.max(app.status.collisionCount ?? 0, 0) : 0;
  for (let collisions = start; ; collisions += 1) {
    const hash = collisions === 0 ? hashOfDigest(digest) : revisionHash(content, collisions);
    const stored = revisions.find((view) => view.name === revisionName(app.name, hash));
    if (stored === undefined) {
      const equal = revisions.find((view) => isOurs(observed, view) && isEqual(view, digest));
      return { hash: equal?.hash ?? hash, collisions };
    }
    if (isEqual(stored, digest) || collisions >= start + MAX_COLLISIONS) return { hash, collisions };
  }
}

/** After a lost status: the revision of the lowest wanted pod that has one we know. */
function currentHash(
  { app, pods }: Observed,
  spec: StatefulAppSpec,
  known: ReadonlyMap<string, Blueprint>,
): string | null {
  const prefix = revisionName(app.name, '');
  const stored = statusRevision(app.status, app.uid);
  if (stored?.startsWith(prefix) && known.has(stored.slice(prefix.length))) return stored.slice(prefix.length);
  const ranges = rangesOf(spec);
  const ours = pods.flatMap((pod) => {
    const ordinal = ordinalOf(app.name, pod.name);
    const counts = ordinal !== null && includes(ranges, ordinal) && pod.controller?.uid === app.uid;
    return counts && pod.revision !== null && known.has(pod.revision) ? [{ ordinal, revision: pod.revision }] : [];
  });
  return ours.sort((a, b) => a.ordinal - b.ordinal)[0]?.revision ?? null;
}

function statusRevision(status: StatefulAppStatus, uid: string): string | undefined {
  return status.appUID === uid ? status.currentRevision : undefined;
}

interface Wanted {
  readonly hash: string;
  readonly content: RevisionContent;
  readonly digest: string;
  readonly current: string;
}

function recordRevision(observed: Observed, wanted: Wanted): Pick<Revisions, 'actions' | 'waits'> {
  const { app, revisions } = observed;
  const stored = revisions.find((view) => view.name === revisionName(app.name, wanted.hash));
  const newest = Math.max(0, ...revisions.map((view) => view.number));
  if (stored === undefined || !isEqual(stored, wanted.digest)) {
    const object = buildRevision(app, { ...wanted, number: newest + 1 });
    const trial = trialOf(observed, wanted);
    return { actions: [{ type: 'createRevision', object, trial, reason: 'the template is new' }], waits: [] };
  }
  if (stored.ownerUid !== null && stored.ownerUid !== app.uid) return { actions: [], waits: [taken(observed, stored)] };
  if (!isMarked(stored)) return { actions: [adopt(observed, stored)], waits: [] };
  const isNewest = revisions.every((view) => view === stored || view.number < stored.number);
  if (isNewest) return { actions: [], waits: [] };
  const patch = { metadata: identity(stored), revision: newest + 1 };
  const reason = 'the template is again what it was in this revision';
  return { actions: [{ type: 'renumberRevision', ...existing(stored), patch, reason }], waits: [] };
}

/** The new template beside those that it may equal: the newest, and the one that members run. */
function trialOf(observed: Observed, { hash, content, digest, current }: Wanted): TemplateTrial {
  const { app, revisions } = observed;
  const own = revisions.filter((view) => isOurs(observed, view) && isMarked(view));
  const newest = Math.max(...own.map((view) => view.number));
  const rivals = own
    .filter((view) => view.number === newest || view.hash === current)
    .map((view) => ({
      revision: existing(view),
      object: buildTrial(app, blueprintOf(view)),
      patch: { metadata: { ...identity(view), annotations: withAlias(view, digest) } },
    }));
  return { hash, object: buildTrial(app, blueprintOf({ hash, content })), rivals };
}

const identity = ({ uid, resourceVersion }: RevisionView) => ({ uid, resourceVersion });
const existing = ({ name, uid, resourceVersion }: RevisionView) => ({ name, uid, resourceVersion });

function adopt({ app }: Observed, stored: RevisionView): Action {
  const labels = { [LABEL.app]: app.name, [LABEL.revision]: stored.hash };
  const patch = { metadata: { ...identity(stored), labels, ownerReferences: [controllerRef(app)] } };
  const reason = 'it holds a template of ours and lacks our owner reference or label';
  return { type: 'adoptRevision', ...existing(stored), patch, reason };
}

function taken({ app }: Observed, { name, ownerUid }: RevisionView): Wait {
  return {
    reason: 'RevisionTaken',
    message:
      `${app.name} waits for ControllerRevision ${name}: it belongs to an object with UID ${ownerUid}, ` +
      'probably a former app of this name, and garbage collection removes it; if it stays, delete it.',
  };
}

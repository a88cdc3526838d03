// From what was observed to what to do next: a table of contents. Pure, total and deterministic: the same Observed gives
// the same Plan, and nothing here throws on bad input. Not converged and nothing to do means that a wait says why.

import type { StatefulAppSpec } from '../api/spec.ts';
import type { Member } from '../api/status.ts';
import { revisionName } from '../identity/revision.ts';
import { nextConditions, progressDeadlineMs } from './conditions.ts';
import { subjectOf } from './describe.ts';
import { missesClaim } from './doubts.ts';
import { planDrain } from './drain.ts';
import { failuresOf } from './failures.ts';
import { planFill } from './fill.ts';
import { planGrowth } from './growth.ts';
import { planHistory } from './history.ts';
import { planLost, readNodes } from './lost.ts';
import { planNotes } from './notes.ts';
import { planRebuild, withObstacle } from './rebuild.ts';
import { withRebuild } from './rebuild-turn.ts';
import { withoutBuilding, withoutRefused } from './refusals.ts';
import { planRetention } from './retention.ts';
import { planRevisions } from './revisions.ts';
import { planRollout, type Rollout } from './rollout.ts';
import { buildScene, type MemberView, type Scene } from './scene.ts';
import { planService } from './service.ts';
import { failureDueMs } from './standing.ts';
import { nextStatus } from './status.ts';
import type { Action, Note, Observed, Plan, Wait } from './types.ts';
import { readVolumes } from './volume-reads.ts';
import {
  deletionWait,
  hasUnread,
  looks,
  type Missing,
  nextLookMs,
  reportOnly,
  searchDueMs,
  searches,
  surveyAction,
  surveyDueMs,
} from './watchful.ts';

export function plan(observed: Observed): Plan {
  const { app } = observed;
  if (app.spec === null) return untouched(observed, app.deleting ? deletionWait(observed) : specWait(observed));
  const due = surveyDueMs(observed);
  if (!app.deleting && due !== null && due <= observed.nowMs) return surveyFirst(observed, app.spec);
  return manage(observed, app.spec);
}

const PAUSED: Note = { reason: 'Paused', message: 'spec.paused is true: nothing is changed until it is false.' };

function manage(observed: Observed, spec: StatefulAppSpec): Plan {
  const revisions = planRevisions(observed, spec);
  const scene = withObstacle(withRebuild(buildScene(observed, spec, revisions)));
  const service = planService(observed, spec);
  const fill = planFill(scene);
  const drain = planDrain(scene);
  const rollout = planRollout(scene);
  const retention = planRetention(scene);
  const rebuild = planRebuild(scene);
  const only = reportOnly(observed, spec);
  // Nothing is made from a template whose revision cannot be stored yet.
  const filling = revisions.waits.length > 0 ? withoutBuilding(fill.actions) : fill.actions;
  const lost = planLost(scene);
  const changes = [
    ...lost,
    ...withoutPods([...retention.actions, ...filling, ...drain.actions, ...rebuild.actions, ...rollout.actions], lost),
  ];
  const growth = planGrowth(scene, changedBy(changes));
  const wanted = [...service.actions, ...revisions.actions, ...changes, ...growth.actions, ...planHistory(scene)];
  const allowed = withoutRefused(only === null ? wanted : [], observed);
  const found = inOrder([
    ...allowed.waits,
    ...revisions.waits,
    ...retention.waits,
    ...rebuild.waits,
    ...fill.waits,
    ...drain.waits,
    ...rollout.waits,
  ]);
  // A pause holds nothing up as long as there is nothing to do.
  const idle = only?.reason === 'Paused' && found.length === 0 && wanted.length === 0;
  const lacks = missing(scene);
  const volumes = readVolumes(scene);
  const reads = [
    ...(observed.app.deleting ? [] : looks(observed)),
    ...searches(observed, spec, lacks),
    ...volumes.actions,
    ...readNodes(observed),
  ];
  return finish(scene, {
    // What was never read may be gone, or somebody else's: nothing is decided on the last that was heard of it (R7).
    actions: hasUnread(observed) ? reads : [...reads, ...oneAtATime(allowed.actions)],
    waits: only === null || idle ? found : observed.app.deleting ? [only] : [only, ...found],
    notes: [...service.notes, ...planNotes(scene), ...growth.notes, ...(idle ? [PAUSED] : [])],
    againAtMs: [searchDueMs(observed, lacks), ...volumes.dueMs],
    rollout: hasUnread(observed)
      ? { turns: new Map(), failed: revisions.rolledBack ? revisions.update : null }
      : rollout,
  });
}

/** One that is dead goes for that reason alone. */
function withoutPods(actions: readonly Action[], lost: readonly Action[]): readonly Action[] {
  const going = new Set(lost.map(subjectOf));
  return actions.filter((action) => action.type !== 'deletePod' || !going.has(action.name));
}

/** UIDs of objects that have another version afterwards. */
function changedBy(actions: readonly Action[]): ReadonlySet<string> {
  return new Set(actions.flatMap((action) => ('patch' in action || action.type === 'deleteClaim' ? [action.uid] : [])));
}

/**
 * A change gives an object another version, and its removal names the one that was decided on: that of a pod is the next
 * plan's, and a claim that goes needs no change.
 */
function oneAtATime(actions: readonly Action[]): readonly Action[] {
  const changed = changedBy(actions);
  const going = new Set(actions.flatMap((one) => (one.type === 'deleteClaim' ? [one.uid] : [])));
  if (changed.size === 0) return actions;
  return actions.filter((one) =>
    one.type === 'deletePod' ? !changed.has(one.uid) : !('patch' in one && going.has(one.uid)),
  );
}

/** An update that fails, or that cannot reach a member, is the cause of what else is waited for. */
function inOrder(waits: readonly Wait[]): readonly Wait[] {
  const of = (reason: Wait['reason']) => waits.filter((wait) => wait.reason === reason);
  const causes = [...of('UpdateFailed'), ...of('UpdateHeld')];
  return causes.length === 0 ? waits : [...causes, ...waits.filter((wait) => !causes.includes(wait))];
}

type Draft = Pick<Plan, 'actions' | 'waits' | 'notes'> & {
  readonly againAtMs: readonly (number | null)[];
  readonly rollout: Pick<Rollout, 'turns' | 'failed'>;
};

function finish(scene: Scene, { actions, waits, notes, againAtMs, rollout }: Draft): Plan {
  const { observed, spec } = scene;
  const status = nextStatus(scene, { waits, notes, rollout });
  const members = status.members ?? [];
  const times = [
    ...waits.map(({ untilMs }) => untilMs),
    ...observed.strays.map(nextLookMs),
    progressDeadlineMs(observed, { spec, waits, members }),
    ...scene.vanished.map(({ slot }) => (slot.state === 'Vanished' ? slot.freeAtMs : null)),
    surveyDueMs(observed),
    ...againAtMs,
    ...observed.refusals.map(({ retryAtMs }) => retryAtMs),
    failureDueMs(scene),
  ];
  const statusFirst =
    needsLedgerFirst(scene, actions) ||
    isUnannounced(scene, actions, members) ||
    isUnrecorded(scene, { actions, members });
  return { actions, waits, notes, status, statusFirst, ...wake(times, observed.nowMs) };
}

function missing(scene: Scene): Missing {
  const lost = scene.wanted.filter(({ blueprint }) => blueprint === null);
  const names = lost.map(({ hash }) => revisionName(scene.observed.app.name, hash));
  return { claims: missesClaim(scene), revisions: [...new Set(names)] };
}

/** The earliest of the coming times; those that have passed need no alarm. */
function wake(times: readonly (number | null | undefined)[], nowMs: number): Pick<Plan, 'wakeAtMs'> {
  const coming = times.filter((time) => typeof time === 'number').filter((time) => time > nowMs);
  return coming.length > 0 ? { wakeAtMs: Math.min(...coming) } : {};
}

/**
 * A pod that ended is deleted only once the ledger counts its end: otherwise a crash would forget the backoff. One that
 * goes for another revision, only once the ledger says which: otherwise its exact copy would come.
 */
function needsLedgerFirst({ wanted, judge }: Scene, actions: readonly Action[]): boolean {
  const removals = new Map(
    actions.flatMap((action) => (action.type === 'deletePod' ? [[action.ordinal, action] as const] : [])),
  );
  if (removals.size === 0) return false;
  return wanted.some((member) => {
    const removal = removals.get(member.ordinal);
    if (removal === undefined || ['condemned', 'rebuild', 'lost'].includes(removal.because)) return false;
    if (removal.because === 'ended') return failuresOf(member, judge.nowMs)?.recorded === false;
    return member.ledger?.podUID !== removal.uid || member.ledger.updateTo === undefined;
  });
}

/** That claims are to end is said before it is done (R5). */
function isUnannounced(scene: Scene, actions: readonly Action[], members: readonly Member[]): boolean {
  const ends = actions.flatMap((action) =>
    action.type === 'deleteClaim' || (action.type === 'keepClaim' && action.keeper === 'pod') ? [action.ordinal] : [],
  );
  const said = ({ ordinal, ledger }: MemberView) => !ends.includes(ordinal) || ledger?.reason === 'ClaimsDeleted';
  const unsaid = [...scene.condemned, ...scene.departed].filter((member) => !said(member));
  return unsaid.some(({ ordinal }) => members.find((one) => one.ordinal === ordinal)?.reason === 'ClaimsDeleted');
}

/**
 * What the ledger has to say before claims are made or go for a rebuild: that one which is deleted protects nothing any more,
 * and that one which has siblings is yet to be made. A crash in between would leave a member that looks as if it had lost it.
 */
function isUnrecorded(
  { wanted }: Scene,
  next: Pick<Plan, 'actions'> & { readonly members: readonly Member[] },
): boolean {
  const touched = new Set(
    next.actions.flatMap((action) =>
      action.type === 'createClaim' || ('because' in action && action.because === 'rebuild') ? [action.ordinal] : [],
    ),
  );
  if (touched.size === 0) return false;
  const said = (claims: Member['claims']) =>
    new Map(
      (claims ?? []).map(({ name, uid, volume }) => [name, uid === undefined ? 'to be made' : (volume ?? 'unbound')]),
    );
  const entries = new Map(next.members.map((entry) => [entry.ordinal, entry]));
  return wanted.some(({ ordinal, ledger }) => {
    if (!touched.has(ordinal)) return false;
    const [before, after] = [said(ledger?.claims), said(entries.get(ordinal)?.claims)];
    const isNews = ([name, word]: readonly [string, string]) =>
      word === 'to be made' ? before.get(name) !== word : word === 'unbound' && (before.get(name) ?? word) !== word;
    return [...after].some(isNews);
  });
}

function surveyFirst(observed: Observed, spec: StatefulAppSpec): Plan {
  const actions = [surveyAction(observed, spec)];
  return { actions, waits: [], notes: [], status: observed.app.status, statusFirst: false };
}

/** Nothing is changed but what the conditions say; the ledger stays as it was. */
function untouched(observed: Observed, wait: Wait): Plan {
  const { app } = observed;
  const members = app.status.members ?? [];
  const conditions = nextConditions(observed, { spec: app.spec, available: null, waits: [wait], notes: [], members });
  const observedGeneration = Math.max(app.generation, app.status.observedGeneration ?? 0);
  const status = { ...app.status, observedGeneration, conditions };
  return { actions: [], waits: [wait], notes: [], status, statusFirst: false };
}

function specWait({ app }: Observed): Wait {
  const message = `The spec is not understood, so nothing of ${app.name} is touched: ${app.problems.join('; ')}. Correct it with kubectl edit or apply.`;
  return { reason: 'InvalidSpec', message, needsUser: true };
}

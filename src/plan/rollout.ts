// Members that run another revision than the spec wants for them: replaced in turn. Matches Kubernetes
// pkg/controller/statefulset/stateful_set_control.go (updateStatefulSetAfterInvariantEstablished): the highest ordinal
// first, down to the partition, never more than maxUnavailable away. Different on purpose: a member that is broken is
// replaced before all others, so that a corrected template always comes through (kubernetes/kubernetes#67250); an update
// stops at the first member that fails with it; a pod that alone keeps a volume is left (R12).

import { isOurPod } from '../identity/slot.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import { keyOf } from './describe.ts';
import { claimDoubt, volumeRisk } from './doubts.ts';
import { claimActions, disksOf, podAt } from './equip.ts';
import { heldMidway, isUnderWay } from './rebuild-turn.ts';
import { claimsAt, type MemberView, runningRevision, type Scene } from './scene.ts';
import { type Live, liveMembers } from './standing.ts';
import type { Step } from './step.ts';
import type { Action, Wait } from './types.ts';

export interface Rollout extends Step {
  /** Of members whose pod goes for another revision: its hash. The ledger says so before the pod goes. */
  readonly turns: ReadonlyMap<number, string>;
  /** Hash of the update, once a member failed with it and the app asks for a rollback. */
  readonly failed: string | null;
}

export function planRollout(scene: Scene): Rollout {
  const { revisions } = scene;
  const failed = revisions.rolledBack ? revisions.update : null;
  const nothing = { actions: [], waits: [], turns: new Map<number, string>(), failed };
  // A member that is made anew for its volumes' sake is all that may be away.
  if (revisions.onDelete || revisions.paused || isUnderWay(scene)) return nothing;
  const live = liveMembers(scene);
  const stale = live.filter(({ member }) => member.updates && runningRevision(member) !== revisions.goal);
  if (!revisions.isStored) return { ...nothing, ...held(scene, stale, 'its ControllerRevision to be stored') };
  const failing = live.find(({ member, failure }) => runningRevision(member) === revisions.update && failure !== null);
  const unfinished = stale.length > 0 || revisions.current !== revisions.update;
  if (failing !== undefined && !revisions.rolledBack && mayRollBack(scene)) return planRollout(rollingBack(scene));
  const mended = mend(scene, stale);
  const failure = revisions.rolledBack
    ? rolledBackWait(scene)
    : failing && unfinished
      ? failureWait(scene, failing, mended.isBusy)
      : null;
  if (failure !== null) return { ...nothing, ...mended, waits: [failure, ...mended.waits] };
  if (mended.isBusy) return { ...nothing, ...mended };
  const step = advance(scene, stale);
  return { ...nothing, ...step, waits: [...mended.waits, ...step.waits] };
}

/** As it will be seen once the status says that the update failed. */
function rollingBack(scene: Scene): Scene {
  return { ...scene, revisions: { ...scene.revisions, goal: scene.revisions.current, rolledBack: true } };
}

function mayRollBack({ spec, revisions }: Scene): boolean {
  const { onFailure } = spec.updateStrategy.rollingUpdate;
  return (
    onFailure === 'Rollback' && revisions.current !== revisions.update && revisions.blueprints.has(revisions.current)
  );
}

type Turn = Pick<Rollout, 'actions' | 'waits' | 'turns'>;
const NO_TURN: Turn = { actions: [], waits: [], turns: new Map() };

/** The highest member that is broken at a revision it should not have, one at a time, whatever else is away. */
function mend(scene: Scene, stale: readonly Live[]): Turn & { readonly isBusy: boolean } {
  const broken = stale.filter(({ failure }) => failure !== null);
  const candidates = broken.filter(({ member }) => obstacle(scene, member) === null);
  // One whose successor has just been refused holds up none of the others (simulator, seed 32033).
  const free = candidates.find(({ member }) => !isRefused(scene, member)) ?? candidates[0];
  const held = broken.map(({ member }) => obstacle(scene, member)).filter((wait) => wait !== null);
  if (free === undefined) return { ...NO_TURN, waits: held, isBusy: false };
  const leaving = scene.wanted.find((member) => isLeaving(scene, member));
  const { name, ordinal } = free.member;
  if (leaving !== undefined) {
    const message = `${name} runs another revision and is broken (${free.failure}); it is replaced when ${leaving.name} is gone.`;
    return { ...NO_TURN, waits: [...held, { reason: 'Updating', ordinal, message }], isBusy: true };
  }
  const turn = replace(scene, free, { because: 'broken', why: `it is broken (${free.failure})` });
  return { ...turn, waits: [...held, ...turn.waits], isBusy: true };
}

function isRefused({ observed: { refusals, nowMs } }: Scene, { name }: MemberView): boolean {
  return refusals.some(({ key, retryAtMs }) => key === keyOf('deletePod', name) && retryAtMs > nowMs);
}

/** Longer than the grace period, a stop has other reasons than ours. */
const STOP_SLACK_MS = 30_000;

/** Its pod is being stopped for an update, as far as can be told: the ledger that said so may be lost (simulator, seed 34938). */
function isLeaving({ judge, revisions }: Scene, member: MemberView): boolean {
  const { slot, ledger, updates } = member;
  if (slot.state !== 'Terminating') return false;
  if (ledger?.updateTo === undefined && !(updates && runningRevision(member) !== revisions.goal)) return false;
  const { deletingSinceMs, graceSeconds } = slot.pod;
  return judge.nowMs < (deletingSinceMs ?? 0) + graceSeconds * 1000 + STOP_SLACK_MS;
}

/** Ready members at another revision, the highest first, as many as may be away. */
function advance(scene: Scene, stale: readonly Live[]): Turn {
  const scaling = scene.condemned.find(({ slot }) => slot.state !== 'Terminating');
  if (scaling !== undefined) return held(scene, stale, `${scaling.name} to be removed: scaling comes before updating`);
  const away = scene.wanted.filter(({ slot }) => slot.state !== 'Available');
  let budget = mostUnavailable(scene) - away.length;
  let turn = NO_TURN;
  for (const one of stale.filter(({ member }) => member.slot.state === 'Available')) {
    if (budget <= 0) break;
    const obstacleFound = obstacle(scene, one.member);
    if (obstacleFound !== null) return { ...turn, waits: [...turn.waits, obstacleFound] };
    const next = replace(scene, one, { because: 'outdated', why: 'it runs another revision' });
    turn = {
      actions: [...turn.actions, ...next.actions],
      waits: [...turn.waits, ...next.waits],
      turns: new Map([...turn.turns, ...next.turns]),
    };
    budget -= 1;
  }
  if (turn.actions.length > 0) return turn;
  return held(scene, stale, `${away[0]?.name ?? 'all members'} to be Available (maxUnavailable)`);
}

/** As a number of members, at least one; a percentage is of replicas, rounded down (getStatefulSetMaxUnavailable). */
function mostUnavailable({ spec }: Pick<Scene, 'spec'>): number {
  const { maxUnavailable } = spec.updateStrategy.rollingUpdate;
  if (typeof maxUnavailable === 'number') return Math.max(maxUnavailable, 1);
  return Math.max(Math.floor((Number.parseInt(maxUnavailable, 10) * spec.replicas) / 100), 1);
}

function held({ revisions }: Scene, stale: readonly Live[], whom: string): Turn {
  if (stale.length === 0) return NO_TURN;
  const names = stale.map(({ member }) => member.name);
  const told = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  const message = `The update of ${told} to revision ${revisions.goal} waits for ${whom}.`;
  return { ...NO_TURN, waits: [{ reason: 'Updating', message }] };
}

/** Why its pod is not given up: it alone keeps a volume (R12), or its successor could not be made. */
function obstacle(scene: Scene, member: MemberView): Wait | null {
  const risk = volumeRisk(scene, member);
  if (risk !== null) return risk;
  const blocker = heldMidway(scene, member);
  if (blocker !== null) return rebuildFirst(scene, member, blocker);
  const blueprint = scene.revisions.blueprints.get(scene.revisions.goal);
  if (blueprint === undefined) throw new Error(`assertion: revision ${scene.revisions.goal} is not known`);
  // One that its pod alone keeps from ending is no reason to keep the pod, when R12 is none.
  const ends = (one: ClaimSlot) => one.class === 'Terminating' && member.mounted.some(({ name }) => name === one.name);
  const claims = claimsAt(scene, member, blueprint).filter((one) => !ends(one));
  const doubt = claimDoubt(scene, { ...member, claims });
  if (doubt === null) return null;
  const message = `${member.name} is not updated to revision ${scene.revisions.goal}, since it could not start there: ${doubt.message}`;
  return { ...doubt, reason: 'UpdateHeld', message };
}

function rebuildFirst({ revisions }: Scene, { name, ordinal }: MemberView, blocker: MemberView): Wait {
  const message =
    `${name} is not updated to revision ${revisions.goal}: it is being rebuilt, and its pod keeps the claims that go ` +
    `until ${blocker.name}, which is ${blocker.slot.state}, is Available.`;
  return { reason: 'UpdateHeld', ordinal, message };
}

interface Cause {
  readonly because: 'outdated' | 'broken';
  readonly why: string;
}

function replace(scene: Scene, { member, pod }: Live, { because, why }: Cause): Turn {
  const { goal, blueprints } = scene.revisions;
  const blueprint = blueprints.get(goal);
  if (blueprint === undefined) throw new Error(`assertion: revision ${goal} is not known`);
  const { name, ordinal } = member;
  const successor = { ...member, hash: goal, claims: claimsAt(scene, member, blueprint) };
  const lacks = claimActions(scene, successor).filter(({ type }) => type === 'createClaim');
  if (lacks.length > 0) {
    const message = `${name} is updated to revision ${goal} when the claims are there that it needs then.`;
    return { actions: lacks, waits: [{ reason: 'Updating', ordinal, message }], turns: new Map() };
  }
  const reason = `${why}; it comes back at revision ${goal}`;
  const action: Action = {
    type: 'deletePod',
    ordinal,
    name,
    uid: pod.uid,
    resourceVersion: pod.resourceVersion,
    because,
    ...disksOf(scene, member.mounted),
    successor: podAt(scene, member, blueprint),
    reason,
  };
  const wait: Wait = { reason: 'Updating', ordinal, message: `${name} is being replaced: ${reason}.` };
  return { actions: [action], waits: [wait], turns: new Map([[ordinal, goal]]) };
}

const WAY_ON = 'Correct spec.template, or set it back to what it was.';

function failureWait({ revisions }: Scene, { member, failure }: Live, isMending: boolean): Wait {
  const others = isMending ? 'Of the others only what is broken, too, is updated.' : 'No other member is updated.';
  const message = `The update to revision ${revisions.update} fails at ${member.name}: ${failure}. ${others} ${WAY_ON}`;
  return { reason: 'UpdateFailed', ordinal: member.ordinal, message };
}

function rolledBackWait({ revisions }: Scene): Wait {
  const { update, current } = revisions;
  const message = `The update to revision ${update} failed, and the member that failed returns to revision ${current}. ${WAY_ON}`;
  return { reason: 'UpdateFailed', message, needsUser: true };
}

/** Members that keep another revision because the rollout is paused; null when there are none. */
export function pausedRollout({ revisions, wanted }: Scene): string | null {
  if (!revisions.paused || revisions.onDelete) return null;
  const old = wanted.filter(
    (member) => member.updates && isOurPod(member.slot) && runningRevision(member) !== revisions.update,
  );
  const first = old[0];
  if (first === undefined) return null;
  const rest = old.length > 1 ? ` and ${old.length - 1} more run` : ' runs';
  return `updateStrategy.rollingUpdate.paused is true: ${first.name}${rest} another revision than ${revisions.update}.`;
}

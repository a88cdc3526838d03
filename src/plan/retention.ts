// What persistentVolumeClaimRetentionPolicy makes of claims: the owner that each is to have, set as long as its pod stands, and
// the removal of claims that no pod is left to own. A claim goes only under whenScaled: Delete, with a member that is not
// wanted any more, and only after the status has said so (R5). Lacks the removal of claims that the ledger does not name:
// what was scaled down under Retain stays, whatever the policy becomes. See docs/adr/0011-retention.md.

import { claimTemplateOf, ordinalOf, podName } from '../identity/member-names.ts';
import { isOurPod } from '../identity/slot.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import type { ClaimView } from '../volumes/claim-view.ts';
import { type Keeper, keeperOf, ownersFor } from '../volumes/retention.ts';
import { subjectOf } from './describe.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Step } from './step.ts';
import type { Action, ObservedApp, Wait } from './types.ts';

export function planRetention(scene: Scene): Step {
  // Those of a member that goes with its claims are given to its pod when that goes (drain.ts), and not before it is its turn.
  const present = scene.condemned.filter(
    (member) => member.slot.state === 'Terminating' || !takesClaims(scene, member),
  );
  const kept = [...scene.wanted, ...present].map((member) => ({ member, actions: keepings(scene, member) }));
  const going = kept.filter(({ member, actions }) => actions.length > 0 && takesClaims(scene, member));
  // While a stranger's pod has the name, it may run on them: the ledger remembers them until it is gone.
  const departed = scene.departed.filter(({ slot }) => slot.state === 'Empty').map((member) => removals(scene, member));
  const actions = [...kept, ...departed].flatMap((step) => step.actions);
  return {
    actions: [...actions, ...releases(scene, actions)],
    waits: [
      ...going.map(({ member }) => claimsGo(member, endingClaims(member))),
      ...departed.flatMap(({ waits }) => waits),
    ],
  };
}

/**
 * What else the app would take with it though whenDeleted has become Retain: claims of ordinals that are not wanted and have
 * no pod, of templates that are gone, and whatever else is not simply a member's. Different from a StatefulSet, which
 * leaves them the app's. Those that are to end with a member anyway stay as they are until then.
 */
function releases(scene: Scene, planned: readonly Action[]): readonly Action[] {
  const { app, claims } = scene.observed;
  if (scene.spec.persistentVolumeClaimRetentionPolicy.whenDeleted === 'Delete') return [];
  const ending = scene.condemned.filter((member) => takesClaims(scene, member)).flatMap(endingClaims);
  const settled = new Set([...planned.map(subjectOf), ...ending.map(({ name }) => name)]);
  return claims.flatMap((view) => {
    const ordinal = servedOrdinal(view, app);
    if (ordinal === null || settled.has(view.name) || !isTheApps(view, app.uid)) return [];
    const owners = ownersFor(view, 'nobody', { app, pod: podName(app.name, ordinal), podUid: null });
    return owners === null ? [] : [keeping(view, { ordinal, keeper: 'nobody', owners })];
  });
}

/** It ends with the app, as far as we may say so: not when another controller has it. */
function isTheApps({ owners, controller, deleting }: ClaimView, appUid: string): boolean {
  return !deleting && owners.some(({ uid }) => uid === appUid) && (controller === null || controller.uid === appUid);
}

/** The ordinal of this very app that its name and all of its stamps say. */
function servedOrdinal({ name, app, appUid, ordinal }: ClaimView, { name: ours, uid }: ObservedApp): number | null {
  if (app !== ours || appUid !== uid || ordinal === null) return null;
  const served = ordinalOf(ours, `${ours}-${ordinal}`);
  return served === null || claimTemplateOf(name, ours, served) === null ? null : served;
}

/** Whether the member's claims are to end with it. */
export function takesClaims({ spec }: Scene, { wanted }: MemberView): boolean {
  return !wanted && keeperOf(spec.persistentVolumeClaimRetentionPolicy, false) === 'pod';
}

/** Claims of the member whose owner is another than the policy says. */
export function keepings(scene: Scene, member: MemberView): readonly Action[] {
  const { app } = scene.observed;
  const { name, ordinal, wanted, slot } = member;
  const keeper = keeperOf(scene.spec.persistentVolumeClaimRetentionPolicy, wanted);
  const podUid = isOurPod(slot) ? slot.pod.uid : null;
  // A pod that is not there can own nothing: what becomes of such a claim is said by the ledger (removals).
  if (keeper === 'pod' && podUid === null) return [];
  return claimsOf(member).flatMap(({ view }) => {
    const owners = view === null ? null : ownersFor(view, keeper, { app, pod: name, podUid });
    return view === null || owners === null ? [] : [keeping(view, { ordinal, keeper, owners })];
  });
}

interface Keeping {
  readonly ordinal: number;
  readonly keeper: Keeper;
  readonly owners: readonly object[];
}

function keeping({ name, uid, resourceVersion }: ClaimView, { ordinal, keeper, owners }: Keeping): Action {
  const patch = { metadata: { uid, resourceVersion, ownerReferences: owners } };
  const reason = `persistentVolumeClaimRetentionPolicy: ${WITH[keeper]}`;
  return { type: 'keepClaim', ordinal, keeper, name, uid, resourceVersion, patch, reason };
}

const WITH: Readonly<Record<Keeper, string>> = {
  app: 'it is deleted with the app',
  pod: 'it is deleted with its pod, which is not wanted any more',
  nobody: 'it is kept',
};

/** Those that are ours beyond doubt. */
function claimsOf({ claims, mounted }: MemberView): readonly ClaimSlot[] {
  const others = mounted.filter((claim) => !claims.some(({ name }) => name === claim.name));
  return [...claims, ...others].filter((claim) => claim.class === 'Usable');
}

/** What a member that is gone has left behind, of what the ledger says that it had. */
function leftBehind(member: MemberView): readonly ClaimSlot[] {
  return claimsOf(member).filter(isLeft);
}

/**
 * Whether anything is left to remove, or may come to be: the disk behind a claim may be found to be the recorded one after all,
 * and until then the ledger is not to forget the claim (simulator, seed 238).
 */
export function leavesClaims({ claims, mounted }: MemberView): boolean {
  const found: readonly ClaimSlot['class'][] = ['Usable', 'Replaced', 'Unread'];
  return [...claims, ...mounted].some((claim) => isLeft(claim) && found.includes(claim.class));
}

/** Of these, what stays: whose data it holds is not certain. */
export function leftInDoubt({ claims, mounted }: MemberView): readonly ClaimSlot[] {
  return [...new Set([...claims, ...mounted])].filter((claim) => isLeft(claim) && claim.class === 'Replaced');
}

const isLeft = ({ view, recorded }: ClaimSlot) => view !== null && recorded?.uid === view.uid;

function removals(scene: Scene, member: MemberView): Step {
  const { ordinal } = member;
  const left = leftBehind(member).flatMap(({ view }) => (view === null ? [] : [view]));
  const reason = `its member ${podName(scene.observed.app.name, ordinal)} is not wanted any more, and whenScaled is Delete`;
  const actions = left.map(
    ({ name, uid, resourceVersion }): Action => ({
      type: 'deleteClaim',
      ordinal,
      name,
      uid,
      resourceVersion,
      because: 'scaled',
      reason,
    }),
  );
  return { actions, waits: left.length === 0 ? [] : [claimsGo(member, left)] };
}

/** Said before anything is done: claims that are deleted are data that is lost. */
export function claimsGo({ name, ordinal }: MemberView, claims: readonly { readonly name: string }[]): Wait {
  const names = claims.map((claim) => claim.name).join(', ');
  const message =
    `${name} is not wanted any more, and its claims ${names} are deleted with it ` +
    '(persistentVolumeClaimRetentionPolicy.whenScaled: Delete).';
  return { reason: 'ClaimsDeleted', ordinal, message };
}

/** The claims that end with a member's removal. */
export function endingClaims(member: MemberView): readonly { readonly name: string }[] {
  return claimsOf(member);
}

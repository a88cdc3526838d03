// Claims follow their templates (volumeClaimTemplates are mutable): directly, whatever their member's pod does and whatever
// revision it runs, since a full disk is when it is needed. Touches no pod. What the API server refuses holds nothing else
// up: it is told per claim and in AsSpecified. Different from a StatefulSet, which changes no claim (kubernetes/enhancements#661).

import { wantedClaim } from '../volumes/claim-build.ts';
import { claimChange, isInLine, lasting, type Wanted } from '../volumes/claim-change.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import type { ClaimView } from '../volumes/claim-view.ts';
import { amount } from '../volumes/quantity.ts';
import { keyOf } from './describe.ts';
import { isGivenUp } from './rebuild-turn.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action, Note } from './types.ts';

export interface Growth {
  readonly actions: readonly Action[];
  readonly notes: readonly Note[];
}

/** Nothing is done for claims that another action of this plan changes: it would name a version that is no more. */
export function planGrowth(scene: Scene, changed: ReadonlySet<string>): Growth {
  const found = followers(scene);
  const free = found.filter(({ view }) => !changed.has(view.uid));
  return {
    actions: free.flatMap((one) => changeOf(scene, one)),
    notes: [...growthNotes(scene, found), ...unusedNotes(scene)],
  };
}

/** Growth first, and by itself: while it is refused, labels follow all the same. */
function changeOf(scene: Scene, { member, claim, view, wanted }: Follower): readonly Action[] {
  const change = claimChange(view, wanted);
  if (change === null) return [];
  const { uid, resourceVersion, name } = view;
  const { what, metadata, spec } = change;
  const { ordinal } = member;
  const reason = `its template has changed: ${what.join('; ')}`;
  const mayGrow = (refusalOf(scene, 'changeClaim', claim)?.retryAtMs ?? 0) <= scene.judge.nowMs;
  if (spec !== undefined && mayGrow) {
    const patch = { metadata: { uid, resourceVersion }, spec };
    return [{ type: 'changeClaim', ordinal, name, uid, resourceVersion, patch, reason }];
  }
  if (Object.keys({ ...metadata.labels, ...metadata.annotations }).length === 0) return [];
  const patch = { metadata: { uid, resourceVersion, ...metadata } };
  return [{ type: 'labelClaim', ordinal, name, uid, resourceVersion, patch, reason }];
}

function refusalOf({ inventory: { refusals } }: Scene, type: 'changeClaim' | 'labelClaim', { name }: ClaimSlot) {
  return refusals.size === 0 ? undefined : refusals.get(keyOf(type, name));
}

interface Follower {
  readonly member: MemberView;
  readonly claim: ClaimSlot;
  readonly view: ClaimView;
  readonly wanted: Wanted;
}

/**
 * Claims that are ours beyond doubt, that a claim template of the app as it is now names, and that there is something to say
 * or to do of: they differ from it, or grow.
 */
function followers(scene: Scene): readonly Follower[] {
  const named = new Set(scene.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name));
  return scene.wanted.flatMap((member) => {
    const drafts = scene.claimDrafts.get(member.hash);
    const isComplete = member.claims.every(({ view }) => view?.phase === 'Bound');
    return member.claims.flatMap((claim) => {
      const { view, template } = claim;
      const draft = named.has(template) ? drafts?.get(template) : undefined;
      if (draft === undefined || view === null || claim.class !== 'Usable') return [];
      if (isInLine(view, draft, isComplete) && resizeOf(scene, claim) === null) return [];
      if (isGivenUp(scene, member, claim)) return [];
      return [{ member, claim, view, wanted: wantedClaim(draft, view, isComplete) }];
    });
  });
}

const MAX_WORDS = 160;

/** What the ledger tells of a claim's growth: "10Gi to 20Gi, FileSystemResizePending"; null when there is none. */
export function resizeOf(scene: Scene, claim: ClaimSlot): string | null {
  const { view } = claim;
  if (view === null) return null;
  const refusal = refusalOf(scene, 'changeClaim', claim);
  if (refusal !== undefined) return `refused: ${refusal.message.slice(0, MAX_WORDS).toWellFormed()}`;
  if (!grows(view.request, view.capacity)) return null;
  return `${view.capacity} to ${view.request}${view.resizing === null ? '' : `, ${view.resizing}`}`;
}

function grows(request: string | null, capacity: string | null): boolean {
  // Most volumes have what is asked for, in the same words.
  if (request === capacity || capacity === null) return false;
  const [asked, has] = [amount(request ?? ''), amount(capacity ?? '')];
  return asked !== null && has !== null && asked > has;
}

/** For each claim template at most one sentence of each kind, on the first claim that it is true of. */
function growthNotes(scene: Scene, found: readonly Follower[]): readonly Note[] {
  const groups = Map.groupBy(found, ({ claim }) => claim.template);
  return [...groups.values()].flatMap((group) => [
    ...noteOf(group, 'ClaimRefused', ({ claim }) => refusalWords(scene, claim)),
    ...noteOf(group, 'ClaimGrows', ({ claim }) => growthWords(scene, claim)),
    ...noteOf(group, 'ClaimDiffers', ({ view, wanted }) => lastingWords(view, wanted)),
  ]);
}

function noteOf(
  group: readonly Follower[],
  reason: Note['reason'],
  say: (one: Follower) => string | null,
): readonly Note[] {
  const said = group.flatMap((one) => {
    const words = say(one);
    return words === null ? [] : [{ name: one.claim.name, words }];
  });
  const [first] = said;
  if (first === undefined) return [];
  const more = said.length > 1 ? ` (and ${said.length - 1} more)` : '';
  return [{ reason, message: `Claim ${first.name}${more}: ${first.words}.` }];
}

function refusalWords(scene: Scene, claim: ClaimSlot): string | null {
  const refusal = refusalOf(scene, 'changeClaim', claim) ?? refusalOf(scene, 'labelClaim', claim);
  if (refusal === undefined) return null;
  return `it cannot be changed as its template asks, and stays as it is: ${refusal.message.replace(/\.$/, '')}`;
}

function growthWords(scene: Scene, claim: ClaimSlot): string | null {
  const told = refusalOf(scene, 'changeClaim', claim) === undefined ? resizeOf(scene, claim) : null;
  return told === null ? null : `it grows from ${told}`;
}

function lastingWords(view: ClaimView, { spec }: Wanted): string | null {
  const reasons = lasting(view, spec);
  return reasons.length === 0 ? null : `${reasons.join('; ')}; that holds for new claims only`;
}

/** Claims that no claim template of the app names any more. */
function unusedNotes({ spec, wanted }: Scene): readonly Note[] {
  const used = new Set(spec.volumeClaimTemplates.map(({ metadata }) => metadata.name));
  const left = wanted.flatMap(({ unmounted }) => unmounted.filter(({ template }) => !used.has(template)));
  const names = left.map(({ name }) => name);
  const [first] = names;
  if (first === undefined) return [];
  const more = names.length > 1 ? ` and ${names.length - 1} more (status.members[].claims, unmounted)` : '';
  const message = `Claim ${first}${more} belongs to a claim template that the app has no longer: it is kept, and mounted by nobody.`;
  return [{ reason: 'ClaimUnused', message }];
}

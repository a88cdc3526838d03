// One app, put together for deciding: every ordinal with its slot, claims, ledger entry and the revision it should run.
// A join of what was observed; decides nothing.

import type { StatefulAppSpec } from '../api/spec.ts';
import type { Member } from '../api/status.ts';
import { objectAt } from '../identity/json.ts';
import { claimTemplateOf, ordinalOf, podName } from '../identity/member-names.ts';
import { enumerate, includes, rangesOf } from '../identity/ordinals.ts';
import type { Blueprint } from '../identity/pod.ts';
import type { PodView } from '../identity/pod-view.ts';
import { type Ending, heldSlot, type Judge, type Slot } from '../identity/slot.ts';
import { type ClaimDraft, draftClaim } from '../volumes/claim-build.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import { keeperOf } from '../volumes/retention.ts';
import { keyOf } from './describe.ts';
import { claimsOf, holdings, type Inventory, inventory } from './holdings.ts';
import { isQuota } from './refusals.ts';
import { type Revisions, revisionFor } from './revisions.ts';
import type { Observed, Wait } from './types.ts';
import { leftSlot } from './vacancy.ts';

export interface MemberView {
  readonly ordinal: number;
  readonly wanted: boolean;
  readonly name: string;
  readonly slot: Slot;
  readonly ledger: Member | null;
  /** What a pod made now would need. */
  readonly claims: readonly ClaimSlot[];
  /** What the pod that is there mounts of this member's own claims: it alone may keep them (R12), whatever made it. */
  readonly mounted: readonly ClaimSlot[];
  /** What else there is of its claims: those of claim templates that the app has no longer. */
  readonly unmounted: readonly ClaimSlot[];
  /**
   * Was Ready once with all its claims bound, or is so now: then podRecoveryPolicy Parallel lets it go before its turn.
   * What is so now counts at once, or the same world would be told otherwise as soon as the ledger says it.
   */
  readonly complete: boolean;
  /** The hash of the revision that a pod made now would have. */
  readonly hash: string;
  /** Null when that revision is stored nowhere any more. */
  readonly blueprint: Blueprint | null;
  /** Whether an update concerns it: it is wanted, and not below the partition. */
  readonly updates: boolean;
}

export interface Rebuild {
  readonly member: MemberView;
  /** Those that are named and there. */
  readonly claims: readonly ClaimSlot[];
  /** A member that is not available: nothing is deleted before it is. */
  readonly blocker: MemberView | null;
  /** What of the member itself speaks against it: another claim of it is at risk. */
  readonly obstacle: Wait | null;
}

export interface Scene {
  readonly observed: Observed;
  readonly spec: StatefulAppSpec;
  readonly revisions: Revisions;
  readonly judge: Judge;
  /** Wanted members, ascending. */
  readonly wanted: readonly MemberView[];
  /** Members that have a pod of ours, or one to adopt, and are not wanted, ascending. */
  readonly condemned: readonly MemberView[];
  /** Unwanted members whose pod vanished: remembered until nothing of it can run, should they be wanted again (R1). */
  readonly vanished: readonly MemberView[];
  /** Unwanted members that have no pod any more, though a stranger's may have the name, and whose claims are to go. */
  readonly departed: readonly MemberView[];
  /** What a claim of each revision is made from, by the revision's hash and the claim template. */
  readonly claimDrafts: ReadonlyMap<string, ReadonlyMap<string, ClaimDraft>>;
  readonly inventory: Inventory;
  /** The member that people ask to have made anew, if there is one (rebuild-turn.ts). */
  readonly rebuild: Rebuild | null;
}

/** The ledger counts only when it is this very app's: a status can be restored or copied (R4). */
export function ledgerOf({ app }: Observed): ReadonlyMap<number, Member> {
  if (app.status.appUID !== app.uid) return new Map();
  return new Map((app.status.members ?? []).map((member) => [member.ordinal, member]));
}

export function buildScene(observed: Observed, spec: StatefulAppSpec, revisions: Revisions): Scene {
  const { app, nowMs } = observed;
  const judge = { appUid: app.uid, selector: spec.selector, minReadySeconds: spec.minReadySeconds, nowMs };
  const ranges = rangesOf(spec);
  const sources: Sources = {
    pods: byName(observed.pods),
    endings: Map.groupBy(observed.endings, ({ pod }) => pod),
    ledger: ledgerOf(observed),
    refused: new Set(
      observed.refusals.filter(({ message, read }) => read !== true && !isQuota(message)).map(({ key }) => key),
    ),
  };
  const setting = { observed, spec, revisions, judge, inventory: inventory(observed) };
  const named = [...sources.pods.keys(), ...sources.endings.keys()].map((name) => ordinalOf(app.name, name));
  const unwanted = [...new Set([...named, ...sources.ledger.keys()])]
    .filter((ordinal) => ordinal !== null)
    .filter((ordinal) => !includes(ranges, ordinal))
    .sort((a, b) => a - b)
    .map((ordinal) => buildMember(setting, sources, { ordinal, rank: null }));
  return {
    ...setting,
    wanted: enumerate(ranges).map((ordinal, rank) => buildMember(setting, sources, { ordinal, rank })),
    rebuild: null,
    condemned: unwanted.filter(({ slot }) => 'pod' in slot && slot.state !== 'Taken'),
    vanished: unwanted.filter(({ slot }) => slot.state === 'Vanished'),
    departed: unwanted.filter((member) => isDeparted(setting, member)),
    claimDrafts: new Map([...revisions.blueprints].map(([hash, one]) => [hash, draftClaims(setting, one)])),
  };
}

function isDeparted({ spec }: Setting, { slot, ledger }: MemberView): boolean {
  const goes = keeperOf(spec.persistentVolumeClaimRetentionPolicy, false) === 'pod';
  // What went under Retain stays, whatever the policy has become since.
  const isGone = ['Empty', 'Taken'].includes(slot.state) && ledger?.kept !== true;
  return goes && isGone && (ledger?.claims ?? []).length > 0;
}

function byName<View extends { readonly name: string }>(views: readonly View[]): ReadonlyMap<string, View> {
  return new Map(views.map((view) => [view.name, view]));
}

interface Sources {
  readonly pods: ReadonlyMap<string, PodView>;
  readonly endings: ReadonlyMap<string, readonly Ending[]>;
  readonly ledger: ReadonlyMap<number, Member>;
  /** Keys of what the API server refused for what it is. */
  readonly refused: ReadonlySet<string>;
}
type Setting = Pick<Scene, 'observed' | 'spec' | 'revisions' | 'judge' | 'inventory'>;
/** `rank` is the place among the wanted members, null for a condemned one. */
type Place = { readonly ordinal: number; readonly rank: number | null };

function buildMember(setting: Setting, sources: Sources, { ordinal, rank }: Place): MemberView {
  const { app } = setting.observed;
  const name = podName(app.name, ordinal);
  const ledger = sources.ledger.get(ordinal) ?? null;
  const isItsTurn = ledger !== null && (ledger.updateTo !== undefined || cannotComeBack(sources, { name, ledger }));
  const hash = revisionFor(setting.revisions, { rank, recorded: ledger?.revision ?? null, isItsTurn });
  const blueprint = setting.revisions.blueprints.get(hash) ?? null;
  const pod = sources.pods.get(name);
  // What it had once is known of one that is not wanted any more, whatever became of its revision.
  const recorded = rank === null ? (ledger?.claims ?? []) : [];
  const known = recorded.flatMap((claim) => claimTemplateOf(claim.name, app.name, ordinal) ?? []);
  const held = pod === undefined ? null : heldSlot(pod, setting.judge);
  const mounts = held !== null && 'pod' in held && held.state !== 'Taken' ? held.pod.claims : [];
  const templates = [...new Set([...(blueprint?.claims ?? []), ...known])];
  const { claims, mounted, unmounted } = holdings(setting.inventory, { ordinal, ledger, pod }, { templates, mounts });
  const slot = held ?? leftSlot(setting, sources.endings.get(name) ?? [], { name, ledger, claims });
  const ready = slot.state === 'Ready' || slot.state === 'Available';
  const complete = ledger?.complete === true || (ready && mounted.every(({ view }) => view?.phase === 'Bound'));
  const updates = rank !== null && rank >= setting.revisions.partition;
  const wanted = rank !== null;
  return { ordinal, wanted, name, slot, ledger, claims, mounted, unmounted, complete, hash, blueprint, updates };
}

/** The claims that a pod of this member made from another revision would need. */
export function claimsAt({ inventory }: Scene, { ordinal, ledger, slot }: MemberView, blueprint: Blueprint) {
  const pod = 'pod' in slot ? slot.pod : undefined;
  return blueprint.claims.map(claimsOf(inventory, { ordinal, ledger, pod }));
}

/** So many ends in a row are no accident: as with a crash loop, another template may end them. */
const HOPELESS_FAILURES = 3;

/**
 * A member that the API server will not have back as it was, or that ends again and again as it is: waiting for its turn
 * in a rollout would be for ever, since the turn comes only to who is there. A quota refuses everybody alike.
 */
function cannotComeBack({ refused }: Sources, { name, ledger }: { name: string; ledger: Member }): boolean {
  return refused.has(keyOf('createPod', name)) || (ledger.failures ?? 0) >= HOPELESS_FAILURES;
}

/** What the member's pod was made from: a label that was taken off it by hand does not change that. */
export function runningRevision({ slot, ledger }: Pick<MemberView, 'slot' | 'ledger'>): string | null {
  if (!('pod' in slot)) return null;
  return slot.pod.revision ?? (ledger?.podUID === slot.pod.uid ? (ledger.revision ?? null) : null);
}

/** Of the claim template's present text, and if the app has it no longer, of the one stored with the revision. */
function draftClaims(
  { observed, spec, revisions }: Setting,
  { hash, claims }: Blueprint,
): ReadonlyMap<string, ClaimDraft> {
  const named = (list: readonly unknown[], name: string) =>
    list.find((item) => objectAt(item, 'metadata')['name'] === name);
  const stored = revisions.contents.get(hash)?.claimTemplates ?? [];
  const siblings = claims.join(',');
  const ownedByApp = keeperOf(spec.persistentVolumeClaimRetentionPolicy, true) === 'app';
  const draft = (template: string) => {
    const content = named(spec.volumeClaimTemplates, template) ?? named(stored, template);
    return draftClaim(observed.app, { template, content, siblings, selector: spec.selector, ownedByApp });
  };
  return new Map(claims.map((template) => [template, draft(template)]));
}

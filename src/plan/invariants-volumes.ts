// What no plan may ever do to volumes (R5, R12), checked with invariants.ts and like it recomputed from what was observed.

import type { Member } from '../api/status.ts';
import { podName } from '../identity/member-names.ts';
import { includes, rangesOf } from '../identity/ordinals.ts';
import { classifyClaim, isProtected } from '../volumes/claim-view.ts';
import type { Action, Observed } from './types.ts';

const entriesOf = ({ app }: Observed): ReadonlyMap<number, Member> =>
  new Map((app.status.appUID === app.uid ? (app.status.members ?? []) : []).map((member) => [member.ordinal, member]));

/** R5: a claim ends only where the policy says so, with a member that is not wanted, that the ledger knows, and that is gone. */
export function claimsKept(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app, pods } = observed;
  if (app.spec === null) return [];
  const asked = app.spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete';
  const ranges = rangesOf(app.spec);
  const entries = entriesOf(observed);
  const names = new Set(pods.map(({ name }) => name));
  return writes.flatMap((action) => {
    const ends = action.type === 'deleteClaim' || (action.type === 'keepClaim' && action.keeper === 'pod');
    if (!ends) return [];
    const { ordinal, name, uid } = action;
    if (!asked) return [`R5: claim ${name} is to end, and whenScaled is Retain`];
    if (includes(ranges, ordinal)) return [`R5: claim ${name} is to end, and ordinal ${ordinal} is wanted`];
    if (action.type === 'keepClaim') return [];
    const isKnown = entries.get(ordinal)?.claims?.some((claim) => claim.name === name && claim.uid === uid) === true;
    if (!isKnown) return [`R5: claim ${name} is to be deleted, and the ledger does not name it`];
    return names.has(podName(app.name, ordinal)) ? [`R5: claim ${name} is to be deleted while its pod is there`] : [];
  });
}

/** R12: a pod that alone keeps a volume is not deleted, unless the app says that volumes may go. */
export function volumesKept(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app } = observed;
  const { spec } = app;
  if (spec === null || spec.volumeLossPolicy === 'Recreate') return [];
  const given = spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete';
  const claims = new Map(observed.claims.map((view) => [view.name, view]));
  const pods = new Map(observed.pods.map((pod) => [pod.name, pod]));
  const entries = entriesOf(observed);
  const recorded = (ordinal: number, name: string) =>
    entries.get(ordinal)?.claims?.find((claim) => claim.name === name) ?? null;
  return writes.flatMap((action) => {
    if (action.type !== 'deletePod' || (given && action.because === 'condemned')) return [];
    // What the pod mounts, whatever any revision says; claims that are not named after it are not its alone.
    const used = pods.get(action.name)?.claims ?? [];
    const own = used.filter((name) => name.endsWith(`-${action.name}`));
    return own.flatMap((name) => {
      const slot = { template: name, name, view: claims.get(name) ?? null, recorded: recorded(action.ordinal, name) };
      const place = { app: app.name, appUid: app.uid, ordinal: action.ordinal, podUid: action.uid, mounted: true };
      const claim = classifyClaim(slot, place);
      const going = claim.class === 'Terminating' && (claim.view?.volume || isProtected(claim.recorded));
      const held = going || ['Lost', 'Gone', 'Replaced'].includes(claim.class);
      return held ? [`R12: ${action.name} alone keeps claim ${name}, and its deletion is planned`] : [];
    });
  });
}

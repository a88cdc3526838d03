// What no plan may ever do to volumes (R5, R12), checked with invariants.ts and like it recomputed from what was observed.

import { ANNOTATION } from '../api/names.ts';
import type { Member } from '../api/status.ts';
import { podName } from '../identity/member-names.ts';
import { enumerate, includes, rangesOf } from '../identity/ordinals.ts';
import { classifyClaim, isProtected } from '../volumes/claim-class.ts';
import { requestKey, requestKeys } from '../volumes/requests.ts';
import type { Action, Observed } from './types.ts';

const entriesOf = ({ app }: Observed): ReadonlyMap<number, Member> =>
  new Map((app.status.appUID === app.uid ? (app.status.members ?? []) : []).map((member) => [member.ordinal, member]));

/** `<claim>=<uid>` of each claim that this annotation of the app names. */
function named({ app }: Observed, annotation: string): ReadonlySet<string> {
  return requestKeys(app.annotations[annotation]);
}

/** R5: a claim ends only by a request that names its UID, or where the policy says so, with a member that is not wanted, that the ledger knows, and that is gone. */
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
    if (action.type === 'deleteClaim' && action.because === 'rebuild') return requested(observed, action);
    if (!asked) return [`R5: claim ${name} is to end, and whenScaled is Retain`];
    if (includes(ranges, ordinal)) return [`R5: claim ${name} is to end, and ordinal ${ordinal} is wanted`];
    if (action.type === 'keepClaim') return [];
    const isKnown = entries.get(ordinal)?.claims?.some((claim) => claim.name === name && claim.uid === uid) === true;
    if (!isKnown) return [`R5: claim ${name} is to be deleted, and the ledger does not name it`];
    return names.has(podName(app.name, ordinal)) ? [`R5: claim ${name} is to be deleted while its pod is there`] : [];
  });
}

/** A rebuild touches claims of one wanted member, and while everyone else is ready. */
function requested(observed: Observed, { ordinal, name, uid }: Action & { type: 'deleteClaim' }): readonly string[] {
  const { app, pods } = observed;
  const others = enumerate(app.spec === null ? [] : rangesOf(app.spec)).filter((one) => one !== ordinal);
  const isReady = (one: number) =>
    pods.some(
      (pod) => pod.name === podName(app.name, one) && pod.readySinceMs !== null && pod.controller?.uid === app.uid,
    );
  const isNamed = named(observed, ANNOTATION.rebuild).has(requestKey({ claim: name, uid }));
  return [
    ...(isNamed ? [] : [`R5: claim ${name} is to be deleted, and no request names UID ${uid}`]),
    ...(others.every(isReady) ? [] : [`R5: claim ${name} is to be deleted while another member is not ready`]),
  ];
}

/** R8, R12: claims are made only in the place of none that is recorded, and only ours are changed. */
export function claimsMade(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app, claims } = observed;
  const policy = app.spec?.volumeLossPolicy;
  const views = new Map(claims.map((view) => [view.name, view]));
  const accepts = named(observed, ANNOTATION.acceptVolumeLoss);
  const entries = entriesOf(observed);
  return writes.flatMap((action) => {
    if (action.type === 'changeClaim' || action.type === 'labelClaim') {
      const isOurs = views.get(action.name)?.appUid === app.uid;
      return isOurs ? [] : [`R8: claim ${action.name} is to be changed, and is not stamped as ours`];
    }
    if (action.type !== 'createClaim') return [];
    const { name } = action.object.metadata;
    const recorded = entries.get(action.ordinal)?.claims?.find((claim) => claim.name === name) ?? null;
    const given = policy === 'Recreate' || accepts.has(requestKey({ claim: name, uid: recorded?.uid ?? '' }));
    return [
      ...(policy === 'Require' ? [`R12: claim ${name} is to be made under Require`] : []),
      ...(isProtected(recorded) && !given ? [`R12: claim ${name} is recorded, and another is to be made`] : []),
    ];
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
  const volumes = new Map(observed.volumes.map((volume) => [volume.name, volume]));
  const [accepts, rebuilt] = [named(observed, ANNOTATION.acceptVolumeLoss), named(observed, ANNOTATION.rebuild)];
  const recorded = (ordinal: number, name: string) =>
    entries.get(ordinal)?.claims?.find((claim) => claim.name === name) ?? null;
  return writes.flatMap((action) => {
    if (action.type !== 'deletePod' || (given && action.because === 'condemned')) return [];
    // What the pod mounts, whatever any revision says; claims that are not named after it are not its alone.
    const used = pods.get(action.name)?.claims ?? [];
    const own = used.filter((name) => name.endsWith(`-${action.name}`));
    return own.flatMap((name) => {
      const view = claims.get(name) ?? null;
      const volume = volumes.get(view?.volume ?? '') ?? null;
      const slot = { template: name, name, view, recorded: recorded(action.ordinal, name), volume, witness: null };
      const place = {
        app: app.name,
        appUid: app.uid,
        ordinal: action.ordinal,
        podUid: action.uid,
        mounted: true,
        accepts,
      };
      const claim = classifyClaim(slot, place);
      if (claim.accepted || rebuilt.has(requestKey({ claim: name, uid: view?.uid ?? '' }))) return [];
      const going = claim.class === 'Terminating' && (claim.view?.volume || isProtected(claim.recorded));
      const held = going || ['Lost', 'Gone', 'Replaced', 'Unread'].includes(claim.class);
      return held ? [`R12: ${action.name} alone keeps claim ${name}, and its deletion is planned`] : [];
    });
  });
}

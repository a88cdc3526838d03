// Which claims a member has, and the class of each: those that a pod made now would need, those that its pod mounts, and
// those that are left of claim templates which the app has no longer. A join of what was observed; decides nothing.

import { ANNOTATION } from '../api/names.ts';
import type { Member } from '../api/status.ts';
import { claimName, claimTemplateOf } from '../identity/member-names.ts';
import { isTerminal, type PodView } from '../identity/pod-view.ts';
import { type ClaimSlot, classifyClaim } from '../volumes/claim-class.ts';
import type { ClaimView } from '../volumes/claim-view.ts';
import { requestKeys } from '../volumes/requests.ts';
import type { VolumeReading } from '../volumes/volume-view.ts';
import type { Observed, ObservedApp, Refusal } from './types.ts';

/** All claims of an app, and what is known of the volumes behind them. */
export interface Inventory {
  readonly app: ObservedApp;
  readonly byName: ReadonlyMap<string, ClaimView>;
  /** By the ordinal that is stamped on them. */
  readonly byOrdinal: ReadonlyMap<string, readonly ClaimView[]>;
  readonly volumes: ReadonlyMap<string, VolumeReading>;
  /** `<claim>=<uid>` of what is accepted as lost. */
  readonly accepts: ReadonlySet<string>;
  /** By the key of what was refused. */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

export function inventory({ app, claims, volumes, refusals }: Observed): Inventory {
  const stamped = claims.filter((view) => view.ordinal !== null && view.app === app.name);
  return {
    app,
    byName: new Map(claims.map((view) => [view.name, view])),
    byOrdinal: Map.groupBy(stamped, ({ ordinal }) => ordinal ?? ''),
    volumes: new Map(volumes.map((volume) => [volume.name, volume])),
    refusals: new Map(refusals.map((one) => [one.key, one])),
    accepts: requestKeys(app.annotations[ANNOTATION.acceptVolumeLoss]),
  };
}

export interface Holder {
  readonly ordinal: number;
  readonly ledger: Member | null;
  readonly pod: PodView | undefined;
}

/** Its claim for a template of that name. */
export function claimsOf(store: Inventory, { ordinal, ledger, pod }: Holder): (template: string) => ClaimSlot {
  const { app, byName, byOrdinal, volumes, accepts } = store;
  const runs = pod?.controller?.uid === app.uid && pod.deletingSinceMs === null && !isTerminal(pod);
  const recorded = new Map((ledger?.claims ?? []).map((claim) => [claim.name, claim]));
  const own = byOrdinal.get(String(ordinal)) ?? [];
  // Before one is bound there is no data to lose, and nothing that its siblings would be missed for.
  const witnessOf = (name: string, template: string) =>
    own.find((one) => one.name !== name && one.volume !== null && !one.deleting && one.siblings.includes(template));
  return (template) => {
    const name = claimName(template, app.name, ordinal);
    const view = byName.get(name) ?? null;
    const facts = {
      template,
      name,
      view,
      recorded: recorded.get(name) ?? null,
      volume: volumes.get(view?.volume ?? '') ?? null,
      // What is there and recorded needs nobody to vouch for it.
      witness: (view === null || !recorded.has(name) ? witnessOf(name, template) : null) ?? null,
    };
    const mounted = runs && pod.claims.includes(name);
    return classifyClaim(facts, {
      app: app.name,
      appUid: app.uid,
      ordinal,
      podUid: pod?.uid ?? null,
      mounted,
      accepts,
    });
  };
}

export interface Holdings {
  readonly claims: readonly ClaimSlot[];
  readonly mounted: readonly ClaimSlot[];
  readonly unmounted: readonly ClaimSlot[];
}

export interface Needs {
  /** Claim templates that a pod made now would need. */
  readonly templates: readonly string[];
  /** What the pod mounts. */
  readonly mounts: readonly string[];
}

export function holdings(store: Inventory, holder: Holder, { templates, mounts }: Needs): Holdings {
  const { app, byOrdinal } = store;
  const { ordinal, ledger } = holder;
  const claimOf = claimsOf(store, holder);
  const claims = templates.map(claimOf);
  const needed = new Map(claims.map((claim) => [claim.name, claim]));
  const templateOf = (name: string) => claimTemplateOf(name, app.name, ordinal);
  // Other claims that it mounts are not one member's, and nobody's to judge here.
  const mounted = mounts.flatMap((mount) => {
    const known = needed.get(mount);
    if (known !== undefined) return [known];
    const template = templateOf(mount);
    return template === null ? [] : [claimOf(template)];
  });
  const used = new Set<string>();
  for (const { name } of claims) used.add(name);
  for (const { name } of mounted) used.add(name);
  const others = new Set<string>();
  for (const { name } of ledger?.claims ?? []) if (!used.has(name)) others.add(name);
  for (const { name } of byOrdinal.get(String(ordinal)) ?? []) if (!used.has(name)) others.add(name);
  const unmounted = [...others].flatMap((name) => templateOf(name) ?? []).map(claimOf);
  return { claims, mounted, unmounted: unmounted.filter(({ view }) => view !== null) };
}

// What the cache holds of one app. Lacks behaviour: that is the cache's.

import type { PodView } from '../identity/pod-view.ts';
import type { RevisionView } from '../identity/revision.ts';
import type { Ending } from '../identity/slot.ts';
import type { ObservedApp, ServiceView, Stray, StrayKind, Survey } from '../plan/types.ts';
import type { ClaimView } from '../volumes/claim-view.ts';
import type { VolumeReading } from '../volumes/volume-view.ts';
import type { View } from './views.ts';

export interface Shelf {
  app: ObservedApp | null;
  /** The API server has said, in this term of leading, that it is as our watch shows it. */
  confirmed: boolean;
  /** Since when it has been without an app, as far as anybody has looked; steady. */
  vacantSinceMs: number | undefined;
  survey: Survey | null;
  readonly pods: Map<string, PodView>;
  readonly claims: Map<string, ClaimView>;
  readonly services: Map<string, ServiceView>;
  readonly revisions: Map<string, RevisionView>;
  readonly strays: Map<string, Stray>;
  /** By name; no watch shows them. */
  readonly volumes: Map<string, VolumeReading>;
  /** By the pod's UID: how one ended says nothing of another of its name (R1). */
  readonly endings: Map<string, Ending>;
  /** UIDs of pods that were proven dead before they went. */
  readonly dead: Set<string>;
  /** UIDs of claims that this process has made. */
  readonly madeClaims: Set<string>;
}

export function emptyShelf(): Shelf {
  return {
    app: null,
    confirmed: false,
    vacantSinceMs: undefined,
    survey: null,
    pods: new Map(),
    claims: new Map(),
    services: new Map(),
    revisions: new Map(),
    strays: new Map(),
    volumes: new Map(),
    endings: new Map(),
    dead: new Set(),
    madeClaims: new Set(),
  };
}

/** Nothing is left of an app that is gone. */
export function isBare({ pods, claims, services, revisions, strays, endings }: Shelf): boolean {
  return [pods, claims, services, revisions, strays, endings].every((map) => map.size === 0);
}

/** Names of the nodes that its pods are bound to, or were when they were last heard of. */
export function nodesOf({ app, pods, strays, endings }: Shelf): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { node } of pods.values()) if (node !== null) names.add(node);
  for (const { kind, view } of strays.values())
    if (kind === 'Pod' && 'node' in view && view.node !== null) names.add(view.node);
  for (const { node, how } of endings.values()) if (node !== null && how === 'unknown') names.add(node);
  for (const { node, pod } of app?.status.members ?? [])
    if (node !== undefined && pod !== undefined && !pods.has(pod)) names.add(node);
  return names;
}

/** What the watches show of one kind. */
export function mapOf(shelf: Shelf, kind: StrayKind): Map<string, View> {
  switch (kind) {
    case 'Pod':
      return shelf.pods as Map<string, View>;
    case 'PersistentVolumeClaim':
      return shelf.claims as Map<string, View>;
    case 'Service':
      return shelf.services as Map<string, View>;
    case 'ControllerRevision':
      return shelf.revisions as Map<string, View>;
    default:
      return kind satisfies never;
  }
}

/** At a volume. */
export type Look = Omit<VolumeReading, 'reads'>;

/** Those that found another disk are none that make further ones rarer. */
export function recordLook({ volumes }: Shelf, look: Look): void {
  const before = volumes.get(look.name);
  volumes.set(look.name, { ...look, reads: before?.disk === look.disk ? before.reads + 1 : 1 });
}

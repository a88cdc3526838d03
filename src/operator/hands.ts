// What carrying a plan out works with, shared by execute.ts, look.ts and reread.ts. Lacks any act of its own.

import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import type { Observed, StrayKind } from '../plan/types.ts';
import type { Cache } from './cache.ts';
import type { Events } from './events.ts';
import type { Gate, Scope } from './gate.ts';
import type { Rest } from './rest.ts';
import type { Logger, Telemetry } from './telemetry.ts';

export interface Hands {
  readonly client: KubeClient;
  readonly cache: Cache;
  readonly gate: Gate;
  readonly rest: Rest;
  readonly events: Events;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Wall time: for what objects and people read. */
  readonly nowMs: () => number;
  /** Never jumps: for how long something has been so. */
  readonly steadyMs: () => number;
  /** Steady time plus this is wall time. */
  readonly wallOffsetMs: () => number;
  /** The watch that will show what we write. */
  readonly scopeOf: (resource: ApiResource, namespace: string) => Scope;
}

/** The app that is worked on. */
export interface Job {
  readonly key: string;
  /** How long it had to wait for this pass. */
  readonly waitedMs: number;
  readonly observed: Observed;
}

/** Thrown to drop the rest of a plan: what it rested on is no longer so. */
export class Stale extends Error {}

/** Thrown when the API server took a change and stored something else. */
export class Altered extends Error {}

export const STRAY_RESOURCES: Readonly<Record<StrayKind, ApiResource>> = {
  Pod: RESOURCES.pods,
  PersistentVolumeClaim: RESOURCES.persistentvolumeclaims,
  Service: RESOURCES.services,
  ControllerRevision: RESOURCES.controllerrevisions,
};

/** Quiet writes end a chain: what comes next is the doing of others. Should a plan rest on one after all, it is made within this time. */
export const AFTERWARDS_MS = 250;

export interface Written {
  readonly resource: ApiResource;
  readonly object: KubeObject;
  /** When its watch tells of it, nobody has to look at once. */
  readonly isQuiet?: boolean;
}

/** Tells the gate what its watch has to show before this app is planned for again. */
export function settle(
  { gate, rest, scopeOf }: Hands,
  { key }: Job,
  { resource, object, isQuiet = false }: Written,
): void {
  const { namespace, resourceVersion } = object.metadata;
  const scope = scopeOf(resource, namespace ?? '');
  gate.wrote(key, scope, resourceVersion);
  if (isQuiet) rest.wrote(key, scope, resourceVersion);
}

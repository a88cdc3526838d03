// What the checks read of raw objects, by code of their own: a mistake in how the operator reads them must not hide itself.
// Only the spec is read as the operator reads it (its shape is tested elsewhere).

import { LABEL } from '../../../src/api/names.ts';
import { parseApp, type StatefulApp } from '../../../src/api/schema.ts';
import type { Call, Owner, Stored } from '../server/types.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

const parsed = new WeakMap<Stored, StatefulApp | null>();

/** Null when the operator does not understand it. */
export function appOf(object: Stored): StatefulApp | null {
  const before = parsed.get(object);
  if (before !== undefined) return before;
  const result = parseApp(object);
  const app = result.ok ? result.app : null;
  parsed.set(object, app);
  return app;
}

export function controllerOf({ metadata }: Stored): Owner | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

export function isDeleting({ metadata }: Stored): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function fieldOf(object: unknown, ...path: readonly string[]): unknown {
  let value = object;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

export function phaseOf(object: Stored): unknown {
  return fieldOf(object, 'status', 'phase');
}

export function hasEnded(pod: Stored): boolean {
  return phaseOf(pod) === 'Failed' || phaseOf(pod) === 'Succeeded';
}

/** When it became Ready, in milliseconds; undefined while it is not. */
export function readySinceMs(pod: Stored): number | undefined {
  if (isDeleting(pod) || phaseOf(pod) !== 'Running') return undefined;
  const conditions = fieldOf(pod, 'status', 'conditions');
  if (!Array.isArray(conditions)) return undefined;
  const ready = conditions.find((condition) => fieldOf(condition, 'type') === 'Ready');
  if (fieldOf(ready, 'status') !== 'True') return undefined;
  return Date.parse(String(fieldOf(ready, 'lastTransitionTime') ?? pod.metadata.creationTimestamp));
}

/** The ordinal in `<app>-<ordinal>`. */
export function ordinalIn(app: string, pod: string): number | undefined {
  const digits = pod.startsWith(`${app}-`) ? pod.slice(app.length + 1) : '';
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

/** The ordinals that a spec wants, by counting. */
export function wantedOf({ spec }: StatefulApp): readonly number[] {
  const wanted: number[] = [];
  for (let ordinal = spec.ordinals.start; wanted.length < spec.replicas; ordinal += 1) {
    if (!spec.ordinals.excluded.includes(ordinal)) wanted.push(ordinal);
  }
  return wanted;
}

/** The app that a request is about, by the object sent, or by what is known of the object named. */
export function appNameOf(knowledge: Knowledge, call: Call): string | undefined {
  const sent = fieldOf(call.body, 'metadata', 'labels', LABEL.app);
  if (typeof sent === 'string') return sent;
  if (call.name === undefined) return undefined;
  for (const object of knowledge.versions(keyOf(call.plural, call.namespace, call.name)).toReversed()) {
    if (object === undefined) continue;
    const label = object.metadata.labels?.[LABEL.app];
    // A claim may belong to a pod, or to anybody.
    const name = call.plural === 'persistentvolumeclaims' ? label : (controllerOf(object)?.name ?? label);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** All versions of an app that a decision under way may rest on, as far as the operator can read them. */
export function appsKnown(knowledge: Knowledge, namespace: string | undefined, name: string): readonly StatefulApp[] {
  const versions = knowledge.versions(keyOf('statefulapps', namespace, name));
  return versions.flatMap((object) => {
    const app = object === undefined ? null : appOf(object);
    return app === null ? [] : [app];
  });
}

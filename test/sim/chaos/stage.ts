// What chaos can lay hands on, and how it is undone. Lacks any choice of what to do: that is users.ts, saboteur.ts and
// faults.ts.

import type { AppIdea } from '../apps.ts';
import { NAMESPACE } from '../apps.ts';
import { type Hands, handsOf } from '../control/hands.ts';
import type { ControlPlane } from '../control/plane.ts';
import type { Crew } from '../crew.ts';
import type { Host } from '../host.ts';
import type { Random } from '../random.ts';
import type { SimServer } from '../server/server.ts';
import type { Meta, Stored } from '../server/types.ts';
import type { Cancel, Timeline } from '../timeline.ts';

export interface Stage {
  readonly server: SimServer;
  readonly timeline: Timeline;
  readonly plane: ControlPlane;
  readonly crew: Crew;
  readonly ideas: readonly AppIdea[];
  readonly nodes: readonly string[];
  readonly user: Hands;
  /** The kubelet of a node is away: what it still runs of pods that are gone, nobody can tell any more. */
  readonly outOfReach: (node: string) => void;
  /** Ends of faults that are to come, at the latest when the faults stop. */
  readonly undoings: Set<() => void>;
  /** What interventions will do later. */
  readonly coming: Set<Cancel>;
}

/**
 * Something that is done to a run. `act` says what it did, or nothing when there was nothing to do it to. A `user` one is
 * a workflow, which goes on until everything has converged.
 */
export interface Intervention {
  readonly name: string;
  readonly kind: 'user' | 'saboteur' | 'fault' | 'operator';
  readonly weight: number;
  readonly act: (stage: Stage, random: Random) => string | undefined;
}

export type Act = Intervention['act'];

export const sabotage = (name: string, weight: number, act: Act): Intervention => ({
  name,
  kind: 'saboteur',
  weight,
  act,
});

/** Done now, undone after a while, or when the faults stop. */
export function forAWhile(stage: Stage, { ms, undo }: { readonly ms: number; readonly undo: () => void }): void {
  const once = () => {
    if (stage.undoings.delete(once)) undo();
  };
  stage.undoings.add(once);
  stage.timeline.after(ms, 'a fault ends', once);
}

/** More of what an intervention does, unless the faults have stopped by then. */
export function later(stage: Stage, ms: number, label: string, act: () => void): void {
  const cancel = stage.timeline.after(ms, label, () => {
    stage.coming.delete(cancel);
    act();
  });
  stage.coming.add(cancel);
}

export function userHands(server: SimServer): Hands {
  return handsOf(server, 'user');
}

export function anApp({ server }: Stage, random: Random): Stored | undefined {
  return one(server.all('statefulapps', NAMESPACE), random);
}

/** One of the members' pods, at any app. */
export function aPod({ server }: Stage, random: Random): Stored | undefined {
  return one(server.all('pods', NAMESPACE), random);
}

export function aClaim({ server }: Stage, random: Random): Stored | undefined {
  return one(server.all('persistentvolumeclaims', NAMESPACE), random);
}

/** One of the operators' processes. */
export function aHost({ crew }: Stage, random: Random): Host | undefined {
  return one(crew.hosts, random);
}

export function one<Value>(values: readonly Value[], random: Random): Value | undefined {
  return values.length === 0 ? undefined : random.pick(values);
}

export function specOf(object: Stored): Readonly<Record<string, unknown>> {
  return (object['spec'] ?? {}) as Readonly<Record<string, unknown>>;
}

export function taintsOf(node: Stored): readonly { readonly key?: unknown }[] {
  const taints = specOf(node)['taints'];
  return Array.isArray(taints) ? taints : [];
}

/** Somebody changes an object's metadata; returns what was changed. */
export function withMeta(
  stage: Stage,
  plural: string,
  object: Stored,
  change: (meta: Meta) => Partial<Record<keyof Meta, unknown>>,
): string {
  stage.user.edit(plural, object, (now) => ({ ...now, metadata: { ...now.metadata, ...change(now.metadata) } }));
  return `${plural} ${object.metadata.name}`;
}

/** Containers on this node take all the time that they are given, for a while. */
export function stopSlowly(stage: Stage, name: string): void {
  const node = stage.plane.nodes.get(name);
  if (node === undefined) return;
  node.slowStop(60_000);
  forAWhile(stage, { ms: 120_000, undo: () => node.slowStop(0) });
}

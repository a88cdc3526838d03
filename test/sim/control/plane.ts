// The control plane of the simulated cluster in one place: all actors, started together, and the faults that nodes have.
// Lacks on purpose: StatefulSets, Deployments, DNS, Endpoints, attaching of volumes.

import { Random } from '../random.ts';
import type { SimServer } from '../server/server.ts';
import type { Timeline } from '../timeline.ts';
import { ClaimProtection } from './claim-protection.ts';
import { Collector } from './collector.ts';
import type { Fact, GroundTruth } from './containers.ts';
import { Evictions } from './evictions.ts';
import { Namespaces } from './namespaces.ts';
import { SimNode } from './node.ts';
import { NodeLifecycle } from './nodes.ts';
import { PodCollector } from './pod-collector.ts';
import { Resizer } from './resizer.ts';
import { Scheduler } from './scheduler.ts';
import type { Temper } from './temper.ts';
import { Volumes } from './volumes.ts';

export interface PlaneOptions {
  readonly server: SimServer;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly nodes: readonly string[];
  readonly on: GroundTruth;
  readonly temper: Temper;
}

export interface ControlPlane {
  readonly temper: Temper;
  readonly nodes: ReadonlyMap<string, SimNode>;
  node(name: string): SimNode;
  /** Every pod whose containers run at this moment. */
  running(): readonly Fact[];
}

export function startControlPlane(options: PlaneOptions): ControlPlane {
  const { server, timeline, temper } = options;
  // Each actor has chance of its own, so that what one draws does not move the others.
  const partsFor = (actor: string) => ({
    server,
    timeline,
    temper,
    random: new Random(options.random.between(0, 0x7fffffff), actor),
  });
  new Scheduler(partsFor('scheduler'));
  new Volumes(partsFor('volumes'));
  new ClaimProtection(partsFor('pvc-protection'));
  new Collector(partsFor('garbage-collector'));
  new Evictions(partsFor('taint-eviction'));
  new PodCollector(partsFor('pod-garbage-collector'));
  new Namespaces(partsFor('namespace-controller'));
  new Resizer(partsFor('resizer'));
  const lifecycle = new NodeLifecycle(partsFor('node-lifecycle'));
  const nodes = new Map(
    options.nodes.map((name) => {
      const connection = (node: string, connected: boolean) => lifecycle.connection(node, connected);
      return [name, new SimNode({ ...partsFor(`kubelet ${name}`), name, on: options.on, connection })] as const;
    }),
  );
  return {
    temper,
    nodes,
    node: (name) => {
      const node = nodes.get(name);
      if (node === undefined) throw new Error(`there is no node ${name}`);
      return node;
    },
    running: () => [...nodes.values()].flatMap((node) => node.containers.running()),
  };
}

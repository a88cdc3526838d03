// A machine with its container runtime and its kubelet, and what can befall it. Each fault is a method; a second one of
// the same kind while the first lasts changes nothing.
// Lacks on purpose: when faults happen (whoever plays them decides), and what the control plane makes of them (nodes.ts).

import { objectAt } from '../../../src/identity/json.ts';
import type { Timeline } from '../timeline.ts';
import { Containers, type GroundTruth } from './containers.ts';
import { type Hands, handsOf } from './hands.ts';
import { Kubelet } from './kubelet.ts';
import { withStatusCondition } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

export interface NodeParts extends ActorParts {
  readonly name: string;
  readonly on: GroundTruth;
  /** Told whenever the kubelet begins or ceases to be heard of. */
  readonly connection: (node: string, connected: boolean) => void;
}

const POST = 'status';
const STATUS_PERIOD_MS = 10_000;

export class SimNode {
  readonly name: string;
  readonly containers: Containers;
  readonly #parts: NodeParts;
  readonly #timeline: Timeline;
  readonly #hands: Hands;
  readonly #kubelet: Kubelet;
  readonly #status: Worklist;
  #powered = true;
  #kubeletUp = true;
  #registered = false;
  #starts = 0;

  constructor(parts: NodeParts) {
    const { name, timeline, server, random, temper } = parts;
    this.name = name;
    this.#parts = parts;
    this.#timeline = timeline;
    this.containers = new Containers(name, timeline, parts.on);
    this.#hands = handsOf(server, `kubelet ${name}`);
    this.#kubelet = new Kubelet({ node: name, server, timeline, random, temper, containers: this.containers });
    this.#status = new Worklist(timeline, `node ${name}`, () => this.#post());
    this.#begin();
  }

  get connected(): boolean {
    return this.#kubelet.connected;
  }

  get powered(): boolean {
    return this.#powered;
  }

  /** The network is cut: nothing is read or written, containers run on. */
  partition(): void {
    this.#kubelet.reach(false);
    this.#tell();
  }

  heal(): void {
    this.#kubelet.reach(true);
    this.#tell();
  }

  /** The kubelet's process is away for a while; containers run on. Without a time: until `up`. */
  down(ms?: number): void {
    if (!this.#powered || !this.#kubeletUp) return;
    this.#kubeletUp = false;
    this.#kubelet.end();
    this.#tell();
    const start = this.#starts;
    if (ms === undefined) return;
    this.#timeline.after(ms, `kubelet ${this.name} returns`, () => {
      if (this.#starts === start) this.up();
    });
  }

  up(): void {
    if (!this.#powered || this.#kubeletUp) return;
    this.#kubeletUp = true;
    this.#begin();
  }

  /** All containers die; the kubelet, if it is there, starts them again. */
  runtimeRestart(): void {
    if (this.#powered) this.containers.endAll({ exitCode: 255, reason: 'Unknown' });
  }

  /** Everything stops at once, and nobody tells the API. */
  powerOff(): void {
    if (!this.#powered) return;
    this.#powered = false;
    this.#kubeletUp = false;
    this.#kubelet.end();
    this.containers.endAll({ exitCode: 255, reason: 'Unknown' });
    this.#tell();
  }

  powerOn(): void {
    if (this.#powered) return;
    this.#powered = true;
    this.#kubeletUp = true;
    this.#begin();
  }

  /** From now on containers take at least this long to end by themselves; 0 is as usual. */
  slowStop(ms: number): void {
    this.#kubelet.slowStopMs = ms;
  }

  /** Node pressure: the pod's containers are stopped, and it is Failed with reason Evicted. */
  evict(uid: string, message = 'The node was low on resource: memory.'): void {
    this.#kubelet.evict(uid, message);
  }

  /** The containers of a pod crash now; they are started again by the same pod. */
  crash(uid: string, exitCode = 1): void {
    this.containers.endIn(uid, 0, { exitCode, reason: 'Error' });
  }

  /** A ready pod loses readiness for so long. */
  unready(uid: string, ms: number): void {
    this.#kubelet.unready(uid, ms);
  }

  #begin(): void {
    this.#starts += 1;
    this.#registered = false;
    this.#kubelet.begin();
    this.#tell();
  }

  #tell(): void {
    this.#parts.connection(this.name, this.connected);
    if (!this.connected) this.#status.drop(POST);
    else if (this.#registered) this.#status.add(POST, this.#parts.random.between(1, STATUS_PERIOD_MS));
    else this.#status.add(POST, draw(this.#parts.random, this.#parts.temper.reaction));
  }

  /**
   * Says that the node is Ready. The Node object is made only when the process begins: one that was deleted under a
   * running kubelet stays away until then (pkg/kubelet/kubelet_node_status.go, registerWithAPIServer).
   */
  #post(): number | undefined {
    if (!this.connected) return undefined;
    const { server, random, temper } = this.#parts;
    if (server.find('nodes', undefined, this.name) === undefined) {
      if (this.#registered) return undefined;
      const metadata = { name: this.name, labels: { 'kubernetes.io/hostname': this.name } };
      this.#hands.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata, spec: {} });
    }
    const node = server.find('nodes', undefined, this.name);
    if (node === undefined) return draw(random, temper.retry);
    this.#registered = true;
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'kubelet is posting ready status',
    } as const;
    const outcome = this.#hands.editStatus('nodes', node, (now) => {
      const status = { ...objectAt(now, 'status'), nodeInfo: { kubeletVersion: 'v1.36.3' } };
      return withStatusCondition({ ...now, status }, ready, this.#timeline.now());
    });
    return outcome === 'refused' ? draw(random, temper.retry) : undefined;
  }
}

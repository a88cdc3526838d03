// A node's kubelet: makes its containers follow the pods bound to the node, and tells the API what became of them.
//
// Promises: containers of a pod being deleted are stopped within its grace period, then the terminal status is written,
// and only then is the pod removed, with grace period 0 and its UID (pkg/kubelet/status/status_manager.go, syncPod and
// canBeDeleted). Containers without a pod object are stopped, too. While it cannot reach the API it reads and writes
// nothing, and goes on with what it knew.
// Lacks on purpose: static pods, probes, images' pulls, node pressure (evictions are told by `evict`).

import type { Change } from '../server/types.ts';
import type { Sandbox } from './containers.ts';
import { handsOf } from './hands.ts';
import { type Bench, becomeReady, finishPod, runPod, stopPod } from './pod-steps.ts';
import { CRASHES_FORGOTTEN_MS, crashPauseMs, intentOf, type Known, newlyKnown, wasReady } from './pod-worker.ts';
import { claimsOf, nodeOf, type PodRef, refOf } from './reading.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

export type KubeletParts = Omit<Bench, 'hands' | 'connected' | 'slowStopMs' | 'unready'>;

export class Kubelet {
  readonly #bench: Bench;
  readonly #pods = new Map<string, Known>();
  readonly #work: Worklist;
  #up = false;
  #reachable = true;
  /** The least time that containers take to end by themselves: a fault. */
  slowStopMs = 0;

  constructor(parts: KubeletParts) {
    this.#bench = {
      ...parts,
      hands: handsOf(parts.server, `kubelet ${parts.node}`),
      connected: () => this.connected,
      slowStopMs: () => this.slowStopMs,
      unready: (uid, ms) => this.unready(uid, ms),
    };
    this.#work = new Worklist(parts.timeline, `kubelet ${parts.node}`, (uid) => this.#sync(uid));
    parts.server.onCommit(this.#hear);
  }

  get connected(): boolean {
    return this.#up && this.#reachable;
  }

  /** The process begins: it knows nothing but what the API and the runtime tell. */
  begin(): void {
    this.#up = true;
    this.#bench.containers.onEnd = (uid) => this.#ended(uid);
    // Containers that it finds and cannot ask about are left alone until it can (pkg/kubelet/kubelet.go, sourcesReady).
    if (this.connected) this.#resync();
  }

  /** The process ends; containers run on. */
  end(): void {
    this.#up = false;
    this.#bench.containers.onEnd = () => {};
    this.#work.clear();
    this.#pods.clear();
  }

  reach(reachable: boolean): void {
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    if (this.connected) this.#resync();
  }

  /** The node is under pressure: this pod has to go. */
  evict(uid: string, message: string): void {
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    known.eviction ??= { reason: 'Evicted', message };
    this.#work.add(uid, 0);
  }

  /** Readiness is lost for a while. */
  unready(uid: string, ms: number): void {
    const known = this.#pods.get(uid);
    if (known?.readyAtMs === undefined) return;
    known.readyAtMs = this.#bench.timeline.now() + ms;
    this.#work.add(uid, 0);
  }

  #hear = ({ plural, object, type }: Change): void => {
    if (!this.connected) return;
    const { uid, namespace, name } = object.metadata;
    if (plural === 'pods') {
      if (nodeOf(object) !== this.#bench.node) return;
      if (!this.#pods.has(uid) && type === 'DELETED') return;
      this.#see(refOf(object));
      this.#work.add(uid, this.#reaction());
    } else if (plural === 'persistentvolumeclaims') {
      for (const { mounted, pod, ref } of this.#pods.values()) {
        const waits = !mounted && pod !== undefined && ref.namespace === namespace && claimsOf(pod).includes(name);
        if (waits) this.#work.add(ref.uid, this.#reaction());
      }
    }
  };

  #resync(): void {
    const { server, node, containers } = this.#bench;
    for (const pod of server.all('pods')) if (nodeOf(pod) === node) this.#see(refOf(pod));
    for (const { ref } of containers.all()) this.#see(ref);
    for (const uid of this.#pods.keys()) this.#work.add(uid, this.#reaction());
  }

  #see(ref: PodRef): void {
    if (!this.#pods.has(ref.uid)) this.#pods.set(ref.uid, newlyKnown(ref));
  }

  #reaction(): number {
    return draw(this.#bench.random, this.#bench.temper.reaction);
  }

  #ended(uid: string): void {
    const known = this.#pods.get(uid);
    const sandbox = this.#bench.containers.find(uid);
    if (known === undefined || sandbox?.end === undefined) return;
    const { startedAtMs, finishedAtMs, reason } = sandbox.end;
    known.readyAtMs = undefined;
    known.pauseReason = undefined;
    known.startAtMs = undefined;
    if (intentOf(known) === 'run' && reason !== 'Unknown') {
      known.crashes = finishedAtMs - startedAtMs > CRASHES_FORGOTTEN_MS ? 1 : known.crashes + 1;
      const pauseMs = crashPauseMs(known.crashes);
      if (pauseMs > 0) {
        known.pauseReason = 'CrashLoopBackOff';
        known.startAtMs = finishedAtMs + pauseMs;
      }
    }
    this.#work.add(uid, draw(this.#bench.random, [1, 20]));
  }

  /** One look at one pod: what to see, what to do, and when to look again. */
  #sync(uid: string): number | undefined {
    const known = this.#pods.get(uid);
    if (!this.#up || known === undefined) return undefined;
    const sandbox = this.#bench.containers.find(uid);
    this.#look(known, sandbox);
    const intent = intentOf(known);
    switch (intent) {
      case 'run':
        return runPod(this.#bench, known, sandbox);
      case 'end':
        return sandbox?.runningSinceMs === undefined
          ? finishPod(this.#bench, known)
          : stopPod(this.#bench, known, sandbox);
      case 'forget':
        if (sandbox?.runningSinceMs !== undefined) return stopPod(this.#bench, known, sandbox);
        this.#bench.containers.forget(uid);
        this.#pods.delete(uid);
        return undefined;
      default:
        return intent satisfies never;
    }
  }

  #look(known: Known, sandbox: Sandbox | undefined): void {
    if (!this.connected) return;
    const { server, node, timeline } = this.#bench;
    const found = server.find('pods', known.ref.namespace, known.ref.name);
    if (found === undefined || found.metadata.uid !== known.ref.uid || nodeOf(found) !== node) {
      known.gone = true;
      return;
    }
    const isFirst = known.pod === undefined;
    known.pod = found;
    if (!isFirst || sandbox?.runningSinceMs === undefined) return;
    known.mounted = true;
    known.drawnFor = sandbox.starts;
    if (wasReady(found)) known.readyAtMs = timeline.now();
    else becomeReady(this.#bench, known, found);
  }
}

// What a kubelet does for one pod at its turn: run it, stop it, report it, remove it. The order is the promise: stop, then
// the terminal status, then the removal (pkg/kubelet/status/status_manager.go, syncPod and canBeDeleted).
// Lacks on purpose: when a turn comes (kubelet.ts), and what the status looks like (pod-status.ts).

import type { Random } from '../random.ts';
import type { SimServer } from '../server/server.ts';
import type { Stored } from '../server/types.ts';
import type { Timeline } from '../timeline.ts';
import type { Containers, Sandbox } from './containers.ts';
import type { Hands } from './hands.ts';
import { podStatus } from './pod-status.ts';
import { faceOf, imageOf, type Known, refusalOf, restartsNever } from './pod-worker.ts';
import { claimsOf, isDeleting, isTerminal, numberAt, phaseOf, specGraceSeconds } from './reading.ts';
import { draw, type Span, type Temper } from './temper.ts';

/** What a kubelet works with. */
export interface Bench {
  readonly node: string;
  readonly server: SimServer;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly temper: Temper;
  readonly containers: Containers;
  readonly hands: Hands;
  readonly connected: () => boolean;
  /** The least time that containers take to end by themselves: a fault. */
  readonly slowStopMs: () => number;
  readonly unready: (uid: string, ms: number) => void;
}

/** Each answers after how many milliseconds it wants to be asked again, if at all. */
type Again = number | undefined;

export function runPod(bench: Bench, known: Known, sandbox: Sandbox | undefined): Again {
  const { timeline, random, temper, containers } = bench;
  const nowMs = timeline.now();
  const { pod } = known;
  if (pod === undefined) return undefined;
  if (sandbox?.runningSinceMs !== undefined) return keepRunning(bench, known, sandbox);
  if (sandbox?.end !== undefined && restartsNever(pod)) {
    known.stopping = true;
    return finishPod(bench, known);
  }
  const refusal = refusalOf(pod);
  if (refusal !== undefined) known.pauseReason = refusal;
  const held = refusal !== undefined || !mount(bench, known, pod);
  if (held) return report(bench, known);
  known.startAtMs ??= nowMs + (sandbox === undefined ? draw(random, temper.start) : draw(random, [100, 2_000]));
  if (nowMs < known.startAtMs) return report(bench, known) ?? known.startAtMs - nowMs;
  known.startAtMs = undefined;
  known.pauseReason = undefined;
  if (random.chance(temper.startFails)) {
    known.pauseReason = 'CreateContainerError';
    known.startAtMs = nowMs + 10_000;
    return report(bench, known) ?? 10_000;
  }
  containers.start(known.ref, specGraceSeconds(pod));
  const started = containers.find(known.ref.uid);
  if (started === undefined) return undefined;
  becomeReady(bench, known, pod);
  return keepRunning(bench, known, started);
}

/** Stores that read all they hold before they are ready. */
const SLOW: Span = [20_000, 120_000];

export function becomeReady(bench: Bench, known: Known, pod: Stored): void {
  const { timeline, random, temper } = bench;
  const image = imageOf(pod);
  const ms = image.includes('slow') ? draw(random, SLOW) : draw(random, temper.ready);
  known.readyAtMs = image.includes('unready') ? undefined : timeline.now() + ms;
}

/** The claims of a pod: all there, Bound, and none of them being deleted (desired_state_of_world_populator.go). */
function mount(bench: Bench, known: Known, pod: Stored): boolean {
  if (known.mounted) return true;
  if (!bench.connected()) return false;
  known.mounted = claimsOf(pod).every((name) => {
    const claim = bench.server.find('persistentvolumeclaims', known.ref.namespace, name);
    return claim !== undefined && phaseOf(claim) === 'Bound' && !isDeleting(claim);
  });
  return known.mounted;
}

function keepRunning(bench: Bench, known: Known, { starts }: Sandbox): Again {
  const { timeline, random, temper, containers } = bench;
  const { uid } = known.ref;
  if (known.drawnFor < starts) {
    known.drawnFor = starts;
    const crashing = known.pod !== undefined && imageOf(known.pod).includes('crash');
    if (crashing || random.chance(temper.crashes)) {
      const after = crashing ? random.delay(500, 3_000) : draw(random, temper.crashAfter);
      containers.endIn(uid, after, { exitCode: 1, reason: 'Error' });
    }
    if (random.chance(temper.flaps)) {
      const forMs = draw(random, temper.flapFor);
      timeline.after(draw(random, temper.flapAfter), `unready ${uid}`, () => bench.unready(uid, forMs));
    }
  }
  const retry = report(bench, known);
  const untilReady = known.readyAtMs === undefined ? 0 : known.readyAtMs - timeline.now();
  return retry ?? (untilReady > 0 ? untilReady : undefined);
}

/**
 * SIGTERM, and SIGKILL at the end of the grace period. Without its object, a pod has the grace period of its spec: a
 * force deletion shortens only what the API waits for.
 */
export function stopPod(bench: Bench, known: Known, { ref, graceSeconds }: Sandbox): Again {
  const { random, temper, containers } = bench;
  const given =
    known.gone || known.pod === undefined ? undefined : numberAt(known.pod.metadata, 'deletionGracePeriodSeconds');
  const graceMs = Math.max(1, given ?? graceSeconds) * 1000;
  containers.endIn(ref.uid, graceMs, { exitCode: 137, reason: 'Error' });
  if (known.stopping) return undefined;
  known.stopping = true;
  const ownMs = Math.max(bench.slowStopMs(), draw(random, temper.stop));
  if (!random.chance(temper.ignoresStop)) containers.endIn(ref.uid, ownMs, { exitCode: 0, reason: 'Completed' });
  return report(bench, known);
}

/** Nothing runs: the last word on it, and then, in a request of its own, its removal. */
export function finishPod(bench: Bench, known: Known): Again {
  const { timeline, random, temper } = bench;
  known.stopping = true;
  const retry = report(bench, known);
  const { pod } = known;
  if (retry !== undefined || pod === undefined || !isDeleting(pod)) return retry;
  if (!bench.connected() || !isTerminal(pod) || pod.metadata.deletionGracePeriodSeconds === 0) return undefined;
  const nowMs = timeline.now();
  known.removeAtMs ??= nowMs + draw(random, temper.remove);
  if (nowMs < known.removeAtMs) return known.removeAtMs - nowMs;
  const outcome = bench.hands.remove('pods', pod, { graceSeconds: 0 });
  return outcome === 'refused' ? draw(random, temper.retry) : undefined;
}

/** Writes the status when it is another one; answers when to try again if the write was refused. */
function report(bench: Bench, known: Known): Again {
  const { timeline, random, temper, containers, server } = bench;
  if (!bench.connected() || known.pod === undefined) return undefined;
  const sandbox = containers.find(known.ref.uid);
  const nowMs = timeline.now();
  const face = faceOf(known, sandbox, nowMs);
  const outcome = bench.hands.editStatus('pods', known.pod, (now) => {
    const status = podStatus(now, { face, sandbox, podIP: addressOf(bench.node, known.ref.uid), nowMs });
    return JSON.stringify(status) === JSON.stringify(now['status']) ? now : { ...now, status };
  });
  if (outcome === 'refused') return draw(random, temper.retry);
  const found = server.find('pods', known.ref.namespace, known.ref.name);
  if (found?.metadata.uid === known.ref.uid) known.pod = found;
  return undefined;
}

function addressOf(node: string, uid: string): string {
  let hash = 7;
  for (const unit of `${node}/${uid}`) hash = (hash * 31 + unit.charCodeAt(0)) % 16_581_375;
  return `10.${hash >> 16}.${(hash >> 8) & 255}.${hash & 255}`;
}

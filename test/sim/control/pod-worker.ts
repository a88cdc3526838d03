// What a kubelet knows of one pod, and what it does next with it: decided here, done by kubelet.ts.
// Matches pkg/kubelet/pod_workers.go: run, then terminating (containers are being stopped), then terminated (reported,
// then removed), never back.
// Lacks on purpose: init containers' order, probes other than readiness as a whole, volumes beyond "the claims are Bound".

import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import type { Stored } from '../server/types.ts';
import type { Sandbox } from './containers.ts';
import type { Face } from './pod-status.ts';
import { isDeleting, isTerminal, type PodRef } from './reading.ts';

/** A kubelet's memory of a pod; it goes with the process, containers do not. */
export interface Known {
  readonly ref: PodRef;
  /** As it was when the kubelet last saw it; undefined for containers that it found without a pod object. */
  pod: Stored | undefined;
  /** The API said that the object is no more. */
  gone: boolean;
  /** Its claims were seen Bound and are mounted. */
  mounted: boolean;
  /** Not before: a start under way, or a pause between two starts. */
  startAtMs: number | undefined;
  /** Set while the pause is one for crashes; a start that failed has its own word. */
  pauseReason: string | undefined;
  crashes: number;
  /** When it is ready, or ready again. */
  readyAtMs: number | undefined;
  /** Which start was drawn for (crash, flap), so that each is drawn for once. */
  drawnFor: number;
  stopping: boolean;
  eviction: { readonly reason: string; readonly message: string } | undefined;
  removeAtMs: number | undefined;
}

export function newlyKnown(ref: PodRef): Known {
  return {
    ref,
    pod: undefined,
    gone: false,
    mounted: false,
    startAtMs: undefined,
    pauseReason: undefined,
    crashes: 0,
    readyAtMs: undefined,
    drawnFor: 0,
    stopping: false,
    eviction: undefined,
    removeAtMs: undefined,
  };
}

/** run: containers are wanted. end: they must stop, then be reported. forget: they must stop, and nobody is to be told. */
export function intentOf({ pod, gone, eviction, stopping }: Known): 'run' | 'end' | 'forget' {
  if (gone) return 'forget';
  const told = pod !== undefined && (isDeleting(pod) || isTerminal(pod));
  return told || eviction !== undefined || stopping ? 'end' : 'run';
}

/** 10 s, doubling up to five minutes; the first restart is immediate (pkg/kubelet/kuberuntime, doBackOff). */
export function crashPauseMs(crashes: number): number {
  return crashes <= 1 ? 0 : Math.min(300_000, 10_000 * 2 ** (crashes - 2));
}

/** After this long without a crash the pauses begin anew. */
export const CRASHES_FORGOTTEN_MS = 600_000;

export function imageOf(pod: Stored): string {
  return listAt(pod['spec'], 'containers')
    .map((container) => stringAt(container, 'image') ?? '')
    .join(' ');
}

/** Why a kubelet cannot even make the containers of a pod; they wait with this reason. */
export function refusalOf(pod: Stored): string | undefined {
  const image = imageOf(pod);
  if (image.includes('bad-config')) return 'CreateContainerConfigError';
  if (image.includes('bad-name')) return 'InvalidImageName';
  return image.includes('bad') ? 'ImagePullBackOff' : undefined;
}

export function restartsNever(pod: Stored): boolean {
  return stringAt(pod['spec'], 'restartPolicy') === 'Never';
}

export function faceOf(known: Known, sandbox: Sandbox | undefined, nowMs: number): Face {
  if (sandbox?.runningSinceMs !== undefined) {
    return { is: 'running', ready: known.readyAtMs !== undefined && nowMs >= known.readyAtMs };
  }
  if (intentOf(known) === 'end') return { is: 'ended', ...known.eviction };
  if (known.pauseReason === 'CrashLoopBackOff') {
    const message = `back-off ${crashPauseMs(known.crashes) / 1000}s restarting failed container of pod ${known.ref.name}`;
    return { is: 'waiting', reason: known.pauseReason, message };
  }
  if (known.pauseReason !== undefined) {
    return {
      is: 'waiting',
      reason: known.pauseReason,
      message: `the containers of pod ${known.ref.name} cannot be started`,
    };
  }
  // Until it is started again, at once after a first crash, it is told as it ended.
  return sandbox?.end === undefined ? { is: 'waiting', reason: 'ContainerCreating' } : { is: 'crashed' };
}

/** As the API has it: a kubelet that was restarted takes a running pod for ready when it was so before. */
export function wasReady(pod: Stored): boolean {
  return listAt(objectAt(pod, 'status'), 'conditions').some(
    (condition) => stringAt(condition, 'type') === 'Ready' && stringAt(condition, 'status') === 'True',
  );
}

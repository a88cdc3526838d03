// What is wrong with a pod, in the words of its kubelet or of the scheduler; and whether that is a breakage, which only
// another template ends. The latter is a closed set: a member that is merely not Ready may be a database in recovery.

import { listAt, objectAt, stringAt, wholeAt } from './json.ts';
import { parseTime } from './time.ts';

export interface Trouble {
  /** One CamelCase word, from the kubelet or the scheduler: ImagePullBackOff, CrashLoopBackOff, Unschedulable … */
  readonly reason: string;
  /** A clause that names the container and what is wrong with it. */
  readonly message: string;
}

export interface Breakage extends Trouble {
  /** From when on it counts, in milliseconds. */
  readonly fromMs: number;
}

export const TERMINAL: readonly string[] = ['Failed', 'Succeeded'];
const STARTING = ['ContainerCreating', 'PodInitializing', ''];

/** Waiting reasons of the kubelet (pkg/kubelet/images/types.go, pkg/kubelet/kuberuntime): image, config, name. */
const BROKEN_WAITING: readonly string[] = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
  'CreateContainerConfigError',
  'CreateContainerError',
];
const CRASH_LOOP = 'CrashLoopBackOff';
const CRASHES = 3;
const UNSCHEDULABLE = 'Unschedulable';
const UNSCHEDULABLE_MS = 30_000;

export function containerStatuses(status: unknown): readonly unknown[] {
  return [...listAt(status, 'initContainerStatuses'), ...listAt(status, 'containerStatuses')];
}

export function readTrouble(status: Record<string, unknown>): Trouble | null {
  if (TERMINAL.includes(stringAt(status, 'phase') ?? '')) return endTrouble(status);
  const waiting = containerStatuses(status).map(containerTrouble);
  return waiting.find((trouble) => trouble !== null) ?? unscheduled(status);
}

/** Null for a pod that has ended: that is another matter. */
export function readBreakage(status: Record<string, unknown>): Breakage | null {
  if (TERMINAL.includes(stringAt(status, 'phase') ?? '')) return null;
  for (const container of containerStatuses(status)) {
    const trouble = containerTrouble(container);
    const crashes = wholeAt(container, 'restartCount') ?? 0;
    const isBroken =
      trouble !== null &&
      (BROKEN_WAITING.includes(trouble.reason) || (trouble.reason === CRASH_LOOP && crashes >= CRASHES));
    if (isBroken) return { ...trouble, fromMs: 0 };
  }
  const trouble = unscheduled(status);
  if (trouble?.reason !== UNSCHEDULABLE) return null;
  const since = parseTime(stringAt(scheduling(status), 'lastTransitionTime'));
  return since === undefined ? null : { ...trouble, fromMs: since + UNSCHEDULABLE_MS };
}

function scheduling(status: Record<string, unknown>): unknown {
  return listAt(status, 'conditions').find(
    (condition) => stringAt(condition, 'type') === 'PodScheduled' && stringAt(condition, 'status') === 'False',
  );
}

function unscheduled(status: Record<string, unknown>): Trouble | null {
  const condition = scheduling(status);
  if (condition === undefined) return null;
  const reason = stringAt(condition, 'reason') ?? UNSCHEDULABLE;
  return { reason, message: `no node takes it: ${clause(stringAt(condition, 'message') ?? reason)}` };
}

function endTrouble(status: Record<string, unknown>): Trouble {
  const reason = stringAt(status, 'reason');
  const message = stringAt(status, 'message');
  if (reason !== undefined) return { reason, message: clause(message ?? reason) };
  for (const container of containerStatuses(status)) {
    const ended = objectAt(objectAt(container, 'state'), 'terminated');
    const code = ended['exitCode'];
    if (typeof code === 'number' && code !== 0) {
      const name = stringAt(container, 'name') ?? '?';
      return {
        reason: stringAt(ended, 'reason') ?? 'Error',
        message: `container ${name} ended with exit code ${code}`,
      };
    }
  }
  return { reason: stringAt(status, 'phase') ?? 'Failed', message: 'its containers ended' };
}

function containerTrouble(container: unknown): Trouble | null {
  const waiting = objectAt(objectAt(container, 'state'), 'waiting');
  const reason = stringAt(waiting, 'reason') ?? '';
  if (STARTING.includes(reason)) return null;
  const name = stringAt(container, 'name') ?? '?';
  const last = objectAt(objectAt(container, 'lastState'), 'terminated');
  const exit = typeof last['exitCode'] === 'number' ? `exit ${last['exitCode']}, ` : '';
  const restarts = wholeAt(container, 'restartCount') ?? 0;
  const history = restarts > 0 ? ` (${exit}${restarts} ${restarts === 1 ? 'restart' : 'restarts'})` : '';
  const words = stringAt(waiting, 'message');
  return {
    reason,
    message: `container ${name} is in ${reason}${history}${words === undefined ? '' : `: ${clause(words)}`}`,
  };
}

/** Kubernetes' own words in the middle of a sentence of ours: without the full stop at their end. */
function clause(words: string): string {
  return words.replace(/[.\s]+$/, '');
}

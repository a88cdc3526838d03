// The status that a kubelet writes, as a pure function of what it knows. Matches pkg/kubelet/kubelet_pods.go
// (generateAPIPodStatus, getPhase) and pkg/kubelet/status/status_manager.go (mergePodStatus, TerminatePod) as far as
// anybody here reads it: conditions of others are kept, and a terminal phase is never left.
// Lacks on purpose: resources, QoS, host addresses, volumes' states.

import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { formatTime } from '../../../src/identity/time.ts';
import type { Raw, Stored } from '../server/types.ts';
import type { End, Sandbox } from './containers.ts';
import { type Condition, isTerminal, withCondition } from './reading.ts';

export type Face =
  /** No container runs yet, or not at the moment. */
  | { readonly is: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly is: 'running'; readonly ready: boolean }
  /** No container runs, and they are about to be started again. */
  | { readonly is: 'crashed' }
  /** No container runs, and none will be started again. */
  | { readonly is: 'ended'; readonly reason?: string; readonly message?: string };

export interface Facts {
  readonly face: Face;
  readonly sandbox: Sandbox | undefined;
  readonly podIP: string;
  readonly nowMs: number;
}

export function podStatus(pod: Stored, facts: Facts): Raw {
  const { face, nowMs } = facts;
  const old = objectAt(pod, 'status');
  const phase = isTerminal(pod) ? stringAt(old, 'phase') : phaseFor(facts);
  const started = facts.sandbox !== undefined;
  const why = face.is === 'ended' && !isTerminal(pod) ? { reason: face.reason, message: face.message } : {};
  return withoutUndefined({
    ...old,
    ...why,
    phase,
    startTime: old['startTime'] ?? formatTime(nowMs),
    podIP: started ? facts.podIP : old['podIP'],
    podIPs: started ? [{ ip: facts.podIP }] : old['podIPs'],
    conditions: conditionsOf(old, facts),
    ...initStatuses(pod, facts),
    containerStatuses: listAt(pod['spec'], 'containers').map((container) => containerStatus(container, facts)),
  });
}

function phaseFor({ face, sandbox }: Facts): string {
  if (face.is !== 'ended') return sandbox === undefined ? 'Pending' : 'Running';
  if (face.reason !== undefined) return 'Failed';
  return sandbox?.end?.exitCode === 0 ? 'Succeeded' : 'Failed';
}

function conditionsOf(old: Raw, { face, sandbox, nowMs }: Facts): readonly unknown[] {
  const ready = face.is === 'running' && face.ready;
  const why = ready ? {} : { reason: face.is === 'ended' ? 'PodCompleted' : 'ContainersNotReady' };
  const set: readonly Condition[] = [
    { type: 'PodReadyToStartContainers', status: sandbox === undefined || face.is === 'ended' ? 'False' : 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', status: ready ? 'True' : 'False', ...why },
    { type: 'ContainersReady', status: ready ? 'True' : 'False', ...why },
    { type: 'PodScheduled', status: 'True' },
  ];
  return set.reduce((all, condition) => withCondition(all, condition, nowMs), listAt(old, 'conditions'));
}

function containerStatus(container: unknown, facts: Facts): Raw {
  const { face, sandbox } = facts;
  const image = stringAt(container, 'image') ?? '';
  const last = sandbox?.end;
  return {
    name: stringAt(container, 'name') ?? '',
    image,
    imageID: sandbox === undefined ? '' : `sim://${image}`,
    ready: face.is === 'running' && face.ready,
    started: face.is === 'running',
    restartCount: Math.max(0, (sandbox?.starts ?? 0) - 1),
    state: stateOf(facts),
    lastState:
      face.is !== 'ended' && face.is !== 'crashed' && last !== undefined ? { terminated: terminated(last) } : {},
  };
}

function stateOf({ face, sandbox, nowMs }: Facts): Raw {
  switch (face.is) {
    case 'waiting': {
      const message = face.message === undefined ? {} : { message: face.message };
      return { waiting: { reason: face.reason, ...message } };
    }
    case 'running':
      return { running: { startedAt: formatTime(sandbox?.runningSinceMs ?? nowMs) } };
    case 'crashed':
    case 'ended':
      // Containers of which nothing is known any more are taken for failed (TerminatePod).
      return sandbox?.end === undefined
        ? { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } }
        : { terminated: terminated(sandbox.end) };
    default:
      return face satisfies never;
  }
}

function terminated({ exitCode, reason, startedAtMs, finishedAtMs }: End): Raw {
  return { exitCode, reason, startedAt: formatTime(startedAtMs), finishedAt: formatTime(finishedAtMs) };
}

/** Init containers have ended well once anything was started; sidecars (restartPolicy Always) go the way of the pod. */
function initStatuses(pod: Stored, facts: Facts): Raw {
  const containers = listAt(pod['spec'], 'initContainers');
  if (containers.length === 0) return {};
  const done = { terminated: { exitCode: 0, reason: 'Completed' } };
  return {
    initContainerStatuses: containers.map((container) => {
      const sidecar = stringAt(container, 'restartPolicy') === 'Always';
      const state = sidecar
        ? stateOf(facts)
        : facts.sandbox === undefined
          ? { waiting: { reason: 'PodInitializing' } }
          : done;
      const ready = sidecar ? facts.face.is === 'running' : facts.sandbox !== undefined;
      const image = stringAt(container, 'image') ?? '';
      return {
        name: stringAt(container, 'name') ?? '',
        image,
        imageID: '',
        ready,
        restartCount: 0,
        state,
        lastState: {},
      };
    }),
  };
}

function withoutUndefined(raw: Raw): Raw {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
}

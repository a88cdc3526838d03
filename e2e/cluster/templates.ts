// Go templates (kwok renders them over the pod) for the status that a kubelet would write. Conditions merge by type;
// lists of container statuses are replaced whole, and so name every container each time.

/** A condition of our own: the last state is written, the removal of the object was asked for. */
export const STOPPED = 'kwok.statefulapp.dev/Stopped';

interface PodStatus {
  /** A phase, or a template that yields one. */
  readonly phase: string;
  readonly ready: boolean;
  readonly reason?: string;
  readonly message?: string;
  /** The pod is being deleted. It gets no address any more: were one given meanwhile, two would be refused. */
  readonly ends?: boolean;
}

export type ContainerState = 'running' | 'image-pull' | 'crash-loop' | 'failed' | 'killed' | 'completed' | 'stopped';

export function podStatus(pod: PodStatus, containers: string): string {
  const condition = (type: string, status: string, reason?: string) =>
    `  - type: ${type}\n    status: "${status}"\n    lastTransitionTime: {{ $now | Quote }}\n    reason: ${reason ?? 'null'}\n`;
  const ready = pod.ready ? 'True' : 'False';
  const why = pod.ready ? undefined : pod.phase === 'Running' ? 'ContainersNotReady' : 'PodCompleted';
  return `{{ $now := Now }}{{ $pod := . }}
status:
  phase: ${pod.phase}
  startTime: {{ or .status.startTime $now | Quote }}
  observedGeneration: {{ or .metadata.generation 0 }}
${pod.reason === undefined ? '' : `  reason: ${pod.reason}\n  message: ${JSON.stringify(pod.message ?? '')}\n`}  conditions:
${condition('PodReadyToStartContainers', 'True')}${condition('Initialized', 'True')}${condition('ContainersReady', ready, why)}${condition('Ready', ready, why)}
${pod.ends === true ? `  - type: ${STOPPED}\n    status: "True"\n    lastTransitionTime: {{ $now | Quote }}` : ADDRESSES}
${containers}`;
}

// PodIPsWith takes a fresh address each time, so it is asked once per pod.
const ADDRESSES = `  {{ with NodeIPsWith .spec.nodeName }}
  hostIP: {{ index . 0 | Quote }}
  hostIPs:
  {{ range . }}
  - ip: {{ . | Quote }}
  {{ end }}
  {{ end }}
  {{ if not .status.podIP }}
  {{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) .metadata.uid .metadata.name .metadata.namespace }}
  podIP: {{ index . 0 | Quote }}
  podIPs:
  {{ range . }}
  - ip: {{ . | Quote }}
  {{ end }}
  {{ end }}
  {{ end }}`;

export function containerStatuses({
  state,
  ready,
}: {
  readonly state: ContainerState;
  readonly ready: boolean;
}): string {
  const started = state === 'running';
  return `  containerStatuses:
  {{ range .spec.containers }}
  {{ $name := .name }}{{ $image := .image }}{{ $restarts := 0 }}{{ $since := $now }}
  {{ range $pod.status.containerStatuses }}{{ if eq .name $name }}
    {{ $restarts = .restartCount }}
    {{ with .state.running }}{{ $since = .startedAt }}{{ end }}
    {{ if and (ne .image $image) (ne "" .image) }}{{ $restarts = add .restartCount 1 }}{{ $since = $now }}{{ end }}
  {{ end }}{{ end }}
  - name: {{ $name | Quote }}
    image: {{ $image | Quote }}
    imageID: {{ printf "sha256:%s" (sha256sum $image) | Quote }}
    containerID: {{ printf "kwok://%s" (sha256sum (printf "%s/%s/%v" $pod.metadata.uid $name $restarts)) | Quote }}
    ready: ${ready}
    started: ${started}
${STATES[state]}
  {{ end }}
${INIT_CONTAINERS}`;
}

const terminated = (indent: string, exitCode: number, reason: string) =>
  `${indent}terminated:\n${indent}  exitCode: ${exitCode}\n${indent}  reason: ${reason}\n${indent}  startedAt: {{ $since | Quote }}\n${indent}  finishedAt: {{ $now | Quote }}`;

const STAYS = '    restartCount: {{ $restarts }}\n    state:\n';

const STATES: Readonly<Record<ContainerState, string>> = {
  running: `${STAYS}      running:\n        startedAt: {{ $since | Quote }}`,
  'image-pull': `${STAYS}      waiting:
        reason: ImagePullBackOff
        message: {{ printf "Back-off pulling image \\"%s\\": ErrImagePull: failed to pull and unpack image \\"%s\\": not found" $image $image | Quote }}`,
  'crash-loop': `    restartCount: {{ add $restarts 1 }}
    state:
      waiting:
        reason: CrashLoopBackOff
        message: {{ printf "back-off 10s restarting failed container=%s pod=%s" $name $pod.metadata.name | Quote }}
    lastState:
${terminated('      ', 1, 'Error')}`,
  failed: `${STAYS}${terminated('      ', 1, 'Error')}`,
  killed: `${STAYS}${terminated('      ', 137, 'Error')}`,
  completed: `${STAYS}${terminated('      ', 0, 'Completed')}`,
  // What ran ends well, what never ran is unknown; what ended before keeps its end.
  stopped: `    restartCount: {{ $restarts }}
    {{ $ended := "" }}
    {{ range $pod.status.containerStatuses }}{{ if and (eq .name $name) .state.terminated }}{{ $ended = .state.terminated | toJson }}{{ end }}{{ end }}
    {{ if $ended }}
    state:
      terminated: {{ $ended }}
    {{ else if eq (or $pod.status.phase "Pending") "Pending" }}
    state:
${terminated('      ', 137, 'ContainerStatusUnknown')}
    {{ else }}
    state:
${terminated('      ', 0, 'Completed')}
    {{ end }}`,
};

// Init containers have ended by the time a pod starts; sidecars (restartPolicy Always) go the way of the pod.
const INIT_CONTAINERS = `  initContainerStatuses:
  {{ range .spec.initContainers }}
  - name: {{ .name | Quote }}
    image: {{ .image | Quote }}
    imageID: {{ printf "sha256:%s" (sha256sum .image) | Quote }}
    ready: true
    restartCount: 0
    {{ if and (eq (or .restartPolicy "") "Always") (not $pod.metadata.deletionTimestamp) }}
    started: true
    state:
      running:
        startedAt: {{ or $pod.status.startTime $now | Quote }}
    {{ else }}
    state:
      terminated:
        exitCode: 0
        reason: Completed
        startedAt: {{ or $pod.status.startTime $now | Quote }}
        finishedAt: {{ $now | Quote }}
    {{ end }}
  {{ end }}`;

// What the fake kubelets do, as kwok Stages: each says which state of an object it answers (a jq expression over the
// object; at most one may be true) and the status it then writes. See plays.ts for what a pod can be told to play.
//
// Every write carries the object's UID, so that a late one never lands on a successor of the same name. kwok's own
// delete cannot carry it, but it only happens in one go with the write before it.
import { ANNOTATION, PLAY } from './plays.ts';
import { containerStatuses, podStatus, STOPPED } from './templates.ts';

/** Only nodes with this label have a kubelet; taking it off is a node that fell silent (see Cluster.partitionNode). */
export const KUBELET_LABEL = `${ANNOTATION}/kubelet`;

// jq: the variables that the conditions below are written in.
const FACTS = `
  (.metadata.deletionTimestamp != null) as $deleting
| (.status.phase // "Pending") as $phase
| (.metadata.annotations["${PLAY}"] // (if any(.spec.containers[].image; contains("does-not-exist")) then "image-pull-error" else "" end)) as $play
| (first(.status.conditions[]? | select(.type == "Ready") | .status) // "") as $ready
| (first(.status.containerStatuses[]?.state.waiting.reason // empty) // "") as $waiting
| (any(.metadata.ownerReferences[]?; .kind == "Job")) as $job
| ([.spec.containers[] | {(.name): .image}] | add) as $images
| (any(.status.containerStatuses[]?; .image != $images[.name])) as $imageChanged
| `;

interface PodStage {
  readonly name: string;
  readonly when: string;
  /** jq for a duration such as "10s"; at once when absent. */
  readonly after?: string;
  readonly status: string;
  readonly delete?: boolean;
}

const UNLESS_DELETED = '($deleting | not) and ';

const POD_STAGES: readonly PodStage[] = [
  {
    // Immediately or after start-after: Running and Ready. Also back to Ready, and the restart after a changed image.
    name: 'pod-ready',
    when: `${UNLESS_DELETED}(($phase == "Pending" and ($play | IN("", "slow-start", "failed", "evicted", "succeeded")))
      or ($phase == "Running" and ($play | IN("", "slow-start")) and ($ready != "True" or $imageChanged)))`,
    after: `if $phase == "Running" then "0s" else .metadata.annotations["${ANNOTATION}/start-after"] // (if $play == "slow-start" then "10s" else "0s" end) end`,
    status: podStatus({ phase: 'Running', ready: true }, containerStatuses({ state: 'running', ready: true })),
  },
  {
    name: 'pod-not-ready',
    when: `${UNLESS_DELETED}($play | IN("not-ready", "never-ready")) and ($phase == "Pending" or ($phase == "Running" and ($ready == "True" or $waiting != "" or $imageChanged)))`,
    status: podStatus({ phase: 'Running', ready: false }, containerStatuses({ state: 'running', ready: false })),
  },
  {
    // A pod that runs already has its image; only a changed one is pulled.
    name: 'pod-image-pull-error',
    when: `${UNLESS_DELETED}$play == "image-pull-error" and $waiting != "ImagePullBackOff" and ($phase == "Pending" or ($phase == "Running" and $imageChanged))`,
    status: podStatus(
      { phase: '{{ if eq (or .status.phase "") "Running" }}Running{{ else }}Pending{{ end }}', ready: false },
      containerStatuses({ state: 'image-pull', ready: false }),
    ),
  },
  {
    // Every ten seconds one more restart; a real kubelet's pause doubles up to five minutes.
    name: 'pod-crash-loop',
    when: `${UNLESS_DELETED}$play == "crash-loop" and ($phase | IN("Pending", "Running"))`,
    after: 'if $waiting == "CrashLoopBackOff" then "10s" else "0s" end',
    status: podStatus({ phase: 'Running', ready: false }, containerStatuses({ state: 'crash-loop', ready: false })),
  },
  {
    name: 'pod-failed',
    when: `${UNLESS_DELETED}$play == "failed" and $phase == "Running"`,
    after: '"300ms"',
    status: podStatus({ phase: 'Failed', ready: false }, containerStatuses({ state: 'failed', ready: false })),
  },
  {
    name: 'pod-evicted',
    when: `${UNLESS_DELETED}$play == "evicted" and $phase == "Running"`,
    after: '"300ms"',
    status: podStatus(
      { phase: 'Failed', ready: false, reason: 'Evicted', message: 'The node was low on resource: memory.' },
      containerStatuses({ state: 'killed', ready: false }),
    ),
  },
  {
    // Containers that end by themselves: those of Jobs, after a second.
    name: 'pod-complete',
    when: `${UNLESS_DELETED}$phase == "Running" and ($play == "succeeded" or ($play == "" and $job and $ready == "True"))`,
    after: '"1s"',
    status: podStatus({ phase: 'Succeeded', ready: false }, containerStatuses({ state: 'completed', ready: false })),
  },
  {
    // As kubelets since 1.27: first the last state, with every container terminated, then the object goes. A finalizer
    // keeps the object, with grace period 0; then this has happened and is not done again.
    name: 'pod-delete',
    when: `$deleting and .metadata.deletionGracePeriodSeconds != 0 and $play != "stuck-terminating"`,
    // Once more after ten seconds should the removal fail, and not sooner: it carries no UID.
    after: `if any(.status.conditions[]?; .type == "${STOPPED}") then "10s" else .metadata.annotations["${ANNOTATION}/terminate-after"] // "100ms" end`,
    status: podStatus(
      {
        phase:
          '{{ $p := or .status.phase "Pending" }}{{ if eq $p "Pending" }}Failed{{ else if eq $p "Running" }}Succeeded{{ else }}{{ $p }}{{ end }}',
        ready: false,
        ends: true,
      },
      containerStatuses({ state: 'stopped', ready: false }),
    ),
    delete: true,
  },
];

/** The documents of kwok's --config file: JSON, which is YAML. */
export function kwokConfig(): string {
  const settings = {
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokConfiguration',
    options: {
      podPlayStageParallelism: 16,
      nodePlayStageParallelism: 4,
      podsOnNodeSyncParallelism: 4,
      nodeLeaseParallelism: 8,
    },
  };
  const pods = POD_STAGES.map((pod) =>
    stage('Pod', pod.name, FACTS + pod.when, pod.after === undefined ? undefined : FACTS + pod.after, [
      patch(pod.status),
      ...(pod.delete === true ? [{ delete: true }] : []),
    ]),
  );
  return [settings, ...pods, ...nodeStages(), claimStage()].map((document) => JSON.stringify(document)).join('\n---\n');
}

function nodeStages(): unknown[] {
  const ready = '(first(.status.conditions[]? | select(.type == "Ready") | .status) // "")';
  const play = `(.metadata.annotations["${PLAY}"] // "")`;
  const conditions = `status:\n  conditions:\n  {{ range NodeConditions }}\n  - lastHeartbeatTime: {{ Now | Quote }}\n    lastTransitionTime: {{ Now | Quote }}\n    message: {{ .message | Quote }}\n    reason: {{ .reason | Quote }}\n    status: {{ .status | Quote }}\n    type: {{ .type | Quote }}\n  {{ end }}`;
  const down = `status:\n  conditions:\n  - lastHeartbeatTime: {{ Now | Quote }}\n    lastTransitionTime: {{ Now | Quote }}\n    message: "container runtime is down"\n    reason: KubeletNotReady\n    status: "False"\n    type: Ready`;
  return [
    stage('Node', 'node-ready', `${play} != "not-ready" and ${ready} != "True"`, undefined, [patch(conditions)]),
    stage('Node', 'node-not-ready', `${play} == "not-ready" and ${ready} != "False"`, undefined, [patch(down)]),
    stage('Node', 'node-heartbeat', `${play} != "not-ready" and ${ready} == "True"`, '"300s"', [patch(conditions)]),
  ];
}

// The host-path provisioner cannot grow volumes; here the kubelet grants at once what a claim asks for.
function claimStage(): unknown {
  const when = `.status.phase == "Bound" and .metadata.deletionTimestamp == null and .status.capacity.storage != .spec.resources.requests.storage and .metadata.annotations["${PLAY}"] != "never-resize"`;
  const status = 'status:\n  capacity:\n    storage: {{ .spec.resources.requests.storage | Quote }}';
  return stage('PersistentVolumeClaim', 'claim-resize', when, '"300ms"', [patch(status)]);
}

function patch(template: string): unknown {
  return { patch: { subresource: 'status', template: `metadata:\n  uid: {{ .metadata.uid | Quote }}\n${template}` } };
}

function stage(
  kind: string,
  name: string,
  when: string,
  after: string | undefined,
  steps: readonly unknown[],
): unknown {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions: [{ jq: { key: when, operator: 'In', values: ['true'] } }] },
      ...(after === undefined ? {} : { delay: { durationFrom: { jq: { expression: after } } } }),
      steps,
    },
  };
}

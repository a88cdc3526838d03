// The spec of a pod, in a Pod or in a PodTemplate: its fields, what the API server fills in, and what it refuses. Matches
// Kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_PodSpec, SetDefaults_Container) and validation.go, as far as users
// of the simulator come by it. Lacks probes, volumes and all that is only checked against other objects.
import { type Cause, fault } from './failures.ts';
import { isObject, listAt, textAt } from './json.ts';
import type { Raw } from './types.ts';

export function podSpecDefaults(spec: Raw): Raw {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    ...containersOf(spec, 'initContainers'),
    ...containersOf(spec, 'containers'),
  };
}

function containersOf(spec: Raw, key: string): Raw {
  return spec[key] === undefined ? {} : { [key]: listAt(spec, key).map(containerDefaults) };
}

function containerDefaults(container: Raw): Raw {
  const image = textAt(container, 'image') ?? '';
  const latest = image.endsWith(':latest') || !/[:@][^/]*$/.test(image);
  return {
    imagePullPolicy: latest ? 'Always' : 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...container,
    ...(container['ports'] === undefined
      ? {}
      : { ports: listAt(container, 'ports').map((port) => ({ protocol: 'TCP', ...port })) }),
  };
}

/** `path` is the spec's. */
export function podSpecProblems(spec: Raw, path: string): readonly Cause[] {
  const containers = listAt(spec, 'containers');
  const required = (field: string) => fault(`${path}.${field}`, 'Required value', 'FieldValueRequired');
  return [
    ...(containers.length > 0 ? [] : [required('containers')]),
    ...containers.flatMap((container, index) =>
      ['name', 'image'].filter((key) => !textAt(container, key)).map((key) => required(`containers[${index}].${key}`)),
    ),
  ];
}

const words = (text: string) => new Set(text.trim().split(/\s+/));

const FIELDS = words(`
  activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks
  ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets
  initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates
  resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext serviceAccount
  serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations
  topologySpreadConstraints volumes
`);

const CONTAINER_FIELDS = words(`
  args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy resources
  restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath
  terminationMessagePolicy tty volumeDevices volumeMounts workingDir
`);

/** Paths of fields that there are not, for strict decoding: of the spec and of its containers. */
export function unknownFields(spec: unknown, path: string): readonly string[] {
  if (!isObject(spec)) return [];
  const unknown = (value: Raw, known: ReadonlySet<string>, at: string) =>
    Object.keys(value)
      .filter((key) => !known.has(key))
      .map((key) => `${at}.${key}`);
  return [
    ...unknown(spec, FIELDS, path),
    ...['containers', 'initContainers'].flatMap((key) =>
      listAt(spec, key).flatMap((one, index) => unknown(one, CONTAINER_FIELDS, `${path}.${key}[${index}]`)),
    ),
  ];
}

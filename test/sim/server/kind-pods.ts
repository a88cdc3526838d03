// Pods: what the API server fills in and what it lets nobody change. Matches Kubernetes pkg/apis/core/v1/defaults.go,
// pkg/apis/core/validation/validation.go and pkg/registry/core/pod/strategy.go, as far as the operator, its tests and the
// simulated kubelets come by it; what is missing is in docs/simulator-differences.md.
import { type Cause, fault } from './failures.ts';
import { listAt, objectAt, same, textAt, tidied } from './json.ts';
import type { Kind } from './kinds.ts';
import { podSpecDefaults, podSpecProblems, unknownFields } from './pod-spec.ts';
import type { Raw, Stored } from './types.ts';

function podDefaults(object: Stored): Stored {
  const spec = objectAt(object, 'spec');
  const filled = { enableServiceLinks: true, ...podSpecDefaults(spec) };
  const made = same(filled, spec) ? object : { ...object, spec: filled };
  return withStatus(made);
}

/** Addresses in both forms, and two times of a condition that are written even when nobody set them. */
function withStatus(object: Stored): Stored {
  const status = objectAt(object, 'status');
  const made: Raw = {
    ...status,
    ...bothForms(status, 'podIP'),
    ...bothForms(status, 'hostIP'),
    ...conditionsOf(status),
  };
  return same(made, status) ? object : { ...object, status: made };
}

function bothForms(status: Raw, key: string): Raw {
  const ip = status[key];
  return ip === undefined || listAt(status, `${key}s`)[0]?.['ip'] === ip ? {} : { [`${key}s`]: [{ ip }] };
}

function conditionsOf(status: Raw): Raw {
  const conditions = listAt(status, 'conditions');
  if (conditions.length === 0) return {};
  return { conditions: conditions.map((one) => ({ lastProbeTime: null, lastTransitionTime: null, ...one })) };
}

/** DefaultTolerationSeconds, at every write (plugin/pkg/admission/defaulttolerationseconds). */
function withTolerations(object: Stored): Stored {
  const spec = objectAt(object, 'spec');
  const written = listAt(spec, 'tolerations');
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
    .filter((taint) => !written.some((toleration) => tolerates(toleration, taint)))
    .map((key) => ({ effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: 300 }));
  return added.length === 0 ? object : { ...object, spec: { ...spec, tolerations: [...written, ...added] } };
}

function podCreation(object: Stored): Stored {
  const spec = objectAt(object, 'spec');
  const admitted = { priority: 0, preemptionPolicy: 'PreemptLowerPriority', ...spec };
  return withTolerations({ ...object, spec: admitted, status: { phase: 'Pending', qosClass: qosOf(spec) } });
}

function tolerates(toleration: Raw, taint: string): boolean {
  const key = textAt(toleration, 'key') ?? '';
  const effect = textAt(toleration, 'effect') ?? '';
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}

/** pkg/apis/core/v1/helper/qos; limits that stand in for requests count as both. */
function qosOf(spec: Raw): string {
  const all = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')].map((one) =>
    objectAt(one, 'resources'),
  );
  const wants = (resources: Raw, key: string) => Object.keys(objectAt(resources, key));
  if (all.every((one) => wants(one, 'requests').length + wants(one, 'limits').length === 0)) return 'BestEffort';
  const guaranteed = all.every((one) =>
    ['cpu', 'memory'].every((name) => {
      const limit = objectAt(one, 'limits')[name];
      const request = objectAt(one, 'requests')[name];
      return limit !== undefined && (request === undefined || request === limit);
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function podProblems(object: Stored): readonly Cause[] {
  const spec = objectAt(object, 'spec');
  const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
  const wrong = (key: string) => spec[key] !== undefined && spec[key] !== '' && !label.test(String(spec[key]));
  return [
    ...podSpecProblems(spec, 'spec'),
    ...['hostname', 'subdomain'].filter(wrong).map((key) => fault(`spec.${key}`, `Invalid value: "${spec[key]}"`)),
  ];
}

const FIXED_POD =
  'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** ValidatePodUpdate: whatever remains after the changes that are allowed must be equal. */
function podUpdateProblems(object: Stored, before: Stored): readonly Cause[] {
  const [now, was] = [objectAt(object, 'spec'), objectAt(before, 'spec')];
  if (now === was) return [];
  const kept = listAt(was, 'tolerations').every((one) => listAt(now, 'tolerations').some((other) => same(one, other)));
  const tolerations = kept ? was['tolerations'] : now['tolerations'];
  const images = (key: string) =>
    listAt(now, key).map((container, index) => ({ ...container, image: listAt(was, key)[index]?.['image'] }));
  const gates = listAt(now, 'schedulingGates').every((one) =>
    listAt(was, 'schedulingGates').some((other) => same(one, other)),
  );
  const pretended: Raw = {
    ...now,
    containers: images('containers'),
    ...(now['initContainers'] === undefined ? {} : { initContainers: images('initContainers') }),
    tolerations,
    activeDeadlineSeconds: was['activeDeadlineSeconds'],
    ...(gates ? { schedulingGates: was['schedulingGates'] } : {}),
  };
  return same(pretended, was) ? [] : [fault('spec', FIXED_POD, 'FieldValueForbidden')];
}

export const podKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  status: true,
  generation: true,
  unconditional: true,
  answersDeleted: true,
  graceful: true,
  fields: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'status.phase'],
  defaults: podDefaults,
  unknown: (body) => unknownFields(body['spec'], 'spec'),
  prepare: podCreation,
  carry: withTolerations,
  problems: podProblems,
  updateProblems: podUpdateProblems,
};

/** Only tried, never stored (test/sim/checks): what an update of one would be is not modelled. */
export const podTemplateKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  status: false,
  generation: true,
  unconditional: true,
  answersDeleted: true,
  fields: [],
  unknown: (body) => unknownFields(objectAt(body, 'template')['spec'], 'template.spec'),
  defaults: (object) => {
    const template = tidied(objectAt(object, 'template'));
    return { ...object, template: { ...template, spec: podSpecDefaults(objectAt(template, 'spec')) } };
  },
  problems: (object) => podSpecProblems(objectAt(objectAt(object, 'template'), 'spec'), 'template.spec'),
};

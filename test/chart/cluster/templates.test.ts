// What Helm makes of the chart without a cluster: it lints, renders with all that can be switched, and refuses values that nobody
// meant. Helm itself reads values.schema.json here, not our own zod.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { helm } from '../../../e2e/cluster/helm.ts';
import { rules } from '../../../e2e/operator/install.ts';
import type { Values } from '../../../scripts/chart/values.ts';
import { customResourceDefinition } from '../../../src/api/crd.ts';
import { CHART } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'statefulapp-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** Names no cluster: nothing here may ask one. */
const kubeconfig = join(folder, 'none');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly spec?: unknown;
  readonly rules?: unknown;
  readonly [field: string]: unknown;
}

async function render(values: object = {}, release = 'sapp'): Promise<readonly Manifest[]> {
  const { stdout } = await helm({ kubeconfig, args: ['template', release, CHART, '--namespace', 'store'], values });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const pick = (manifests: readonly Manifest[], kind: string, name: string) => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} among ${kinds(manifests).join(', ')}`);
  return found;
};

const ALL_ON: Values = {
  image: { registry: 'registry.example', digest: `sha256:${'a'.repeat(64)}`, pullSecrets: [{ name: 'key' }] },
  metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } },
  networkPolicy: { egress: { enabled: true }, metricsFrom: [{ namespaceSelector: {} }] },
  serviceAccount: { annotations: { a: 'b' } },
  podLabels: { team: 'x' },
  podAnnotations: { note: 'y' },
  commonLabels: { part: 'z' },
  priorityClassName: 'system-cluster-critical',
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  env: [{ name: 'HTTPS_PROXY', value: 'proxy.example' }],
};
const ALL_OFF: Values = {
  crds: { install: false },
  rbac: { create: false, aggregatedRoles: false },
  serviceAccount: { create: false, name: 'given' },
  admissionPolicy: { enabled: false },
  flowSchema: { enabled: false },
  podDisruptionBudget: { enabled: false },
  networkPolicy: { enabled: false },
  topologySpreadConstraints: [],
};

describe('helm lint', () => {
  test.each<readonly [string, Values]>([
    ['the defaults', {}],
    ['given namespaces', { watchNamespaces: ['a', 'b'] }],
    ['all on', ALL_ON],
    ['all off', ALL_OFF],
  ])('%s', async (_, values) => {
    const { stdout } = await helm({ kubeconfig, args: ['lint', '--strict', CHART], values });
    expect(stdout).toContain('0 chart(s) failed');
  });
});

describe('helm template', () => {
  test('the CRD is that of crds/, and stays when the release goes', async () => {
    const crd = pick(await render(), 'CustomResourceDefinition', 'statefulapps.statefulapp.dev');
    expect(crd.spec).toEqual(customResourceDefinition()['spec']);
    expect(crd.metadata['annotations']).toEqual({ 'helm.sh/resource-policy': 'keep' });
  });

  test('the rights are those of the files, and everywhere the same', async () => {
    const wide = await render();
    expect(pick(wide, 'ClusterRole', 'statefulapp-operator').rules).toEqual([
      ...rules('namespaced'),
      ...rules('cluster'),
    ]);
    const lease = rules('lease').map((rule) =>
      rule.resourceNames ? { ...rule, resourceNames: ['sapp-statefulapp-operator'] } : rule,
    );
    expect(pick(wide, 'Role', 'sapp-statefulapp-operator-lease').rules).toEqual(lease);
    const narrow = await render({ watchNamespaces: ['a', 'b'] });
    const roles = narrow.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'statefulapp-operator');
    expect(roles.map(({ metadata, rules: granted }) => [metadata.namespace, granted])).toEqual([
      ['a', rules('namespaced')],
      ['b', rules('namespaced')],
    ]);
  });

  test('given namespaces: no ClusterRole for the operator, and no name that another such release has', async () => {
    const ofCluster = (manifests: readonly Manifest[]) =>
      kinds(
        manifests.filter(
          ({ metadata }) => metadata.namespace === undefined && !metadata.name.includes('statefulapps.'),
        ),
      );
    const one = ofCluster(await render({ watchNamespaces: ['a'] }));
    const other = ofCluster(await render({ watchNamespaces: ['b'] }, 'other'));
    expect(one.filter((name) => name.startsWith('ClusterRole') && !/-(view|edit)$/.test(name))).toEqual([]);
    expect(one.length).toBe(6);
    expect(one.filter((name) => other.includes(name))).toEqual([]);
  });

  test('given namespaces, and nodes and volumes to be read: a ClusterRole for just that', async () => {
    const manifests = await render({ watchNamespaces: ['a'], rbac: { readNodesAndVolumes: true } });
    const name = 'statefulapp-operator.store.sapp-statefulapp-operator';
    expect(pick(manifests, 'ClusterRole', name).rules).toEqual(rules('cluster'));
    const binding = pick(manifests, 'ClusterRoleBinding', name);
    expect(binding['roleRef']).toMatchObject({ kind: 'ClusterRole', name });
    expect(binding['subjects']).toMatchObject([{ name: 'sapp-statefulapp-operator', namespace: 'store' }]);
  });

  test('given namespaces: the admission policy is in force there and nowhere else', async () => {
    const name = 'statefulapp-operator.store.sapp-statefulapp-operator';
    const binding = pick(await render({ watchNamespaces: ['a', 'b'] }), 'ValidatingAdmissionPolicyBinding', name);
    const selector = { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] };
    expect(binding.spec).toMatchObject({
      policyName: name,
      matchResources: { namespaceSelector: { matchExpressions: [selector] } },
    });
    const wide = pick(await render(), 'ValidatingAdmissionPolicyBinding', 'statefulapp-operator');
    expect(wide.spec).toEqual({ policyName: 'statefulapp-operator', validationActions: ['Deny'] });
  });

  test('for all namespaces: every name outside of namespaces is fixed', async () => {
    const ofCluster = (manifests: readonly Manifest[]) =>
      kinds(manifests.filter(({ metadata }) => metadata.namespace === undefined));
    expect(ofCluster(await render({}, 'other'))).toEqual(ofCluster(await render({}, 'sapp')));
  });

  test('nothing of a cluster is needed where all of that is switched off', async () => {
    const manifests = await render({
      ...ALL_OFF,
      rbac: { create: true, aggregatedRoles: false },
      watchNamespaces: ['a'],
    });
    expect(kinds(manifests.filter(({ metadata }) => metadata.namespace === undefined))).toEqual([]);
  });

  test('off by default: what needs the Prometheus operator, and the dashboard', async () => {
    const names = ['ServiceMonitor', 'PrometheusRule', 'ConfigMap sapp-statefulapp-operator-dashboard'];
    const count = (all: readonly string[]) => names.map((name) => all.filter((one) => one.startsWith(name)).length);
    expect(count(kinds(await render()))).toEqual([0, 0, 0]);
    expect(count(kinds(await render(ALL_ON)))).toEqual([1, 1, 1]);
  });

  test.each<readonly [string, Values, string]>([
    ["the chart's version", {}, 'statefulapp-operator:0.1.0'],
    ['a tag', { image: { registry: 'r.example', tag: 'x' } }, 'r.example/statefulapp-operator:x'],
    [
      'a digest, which wins',
      { image: { repository: 'team/op', tag: 'x', digest: `sha256:${'b'.repeat(64)}` } },
      `team/op@sha256:${'b'.repeat(64)}`,
    ],
  ])('the image by %s', async (_, values, image) => {
    const text = JSON.stringify(pick(await render(values), 'Deployment', 'sapp-statefulapp-operator').spec);
    expect(text).toContain(`"image":"${image}"`);
  });
});

describe('values.schema.json refuses', () => {
  test.each<readonly [string, object, string]>([
    ['a misspelt value', { replica: 2 }, 'replica'],
    ['a misspelt value further down', { image: { digset: 'sha256:x' } }, 'digset'],
    ['a tag for a digest', { image: { digest: '0.1.0' } }, '/image/digest'],
    ['a word for a number', { workers: 'many' }, '/workers'],
    ['a level that there is not', { logLevel: 'verbose' }, '/logLevel'],
    ['one namespace in place of a list', { watchNamespaces: 'a' }, '/watchNamespaces'],
    ['what is no name of a namespace', { watchNamespaces: ['A b'] }, '/watchNamespaces'],
    ['a switch with a word', { crds: { install: 'no' } }, '/crds/install'],
    ['a quantity that is none', { resources: { limits: { memory: '512 MB' } } }, '/resources/limits'],
  ])('%s', async (_, values, named) => {
    const refused = await render(values).then(
      () => 'it was rendered',
      (error: unknown) => String(error),
    );
    expect(refused).toMatch(/don't meet the specifications of the schema/);
    expect(refused).toContain(named);
  });

  test('and a ServiceAccount that is neither made nor named, in words', async () => {
    await expect(render({ serviceAccount: { create: false } })).rejects.toThrow('serviceAccount.name is needed when');
  });
});

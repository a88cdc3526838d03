// Operators of given namespaces on a real API server, in order: taking over from one for all, what they cannot read and what that
// costs, side by side, and installed by somebody without rights in the cluster. Each test goes on from the one before.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { helm } from '../../../e2e/cluster/helm.ts';
import { until } from '../../../e2e/cluster/requests.ts';
import type { Values } from '../../../scripts/chart/values.ts';
import { usage } from '../../integration/grants.ts';
import { CHART, type ChartStage, openChartStage } from './stage.ts';
import { ACCOUNT, app, everything, RELEASE, ready, STORE } from './store.ts';

let stage: ChartStage;
let kubectl: ChartStage['cluster']['kubectl'];

beforeAll(async () => {
  stage = await openChartStage('namespaces');
  kubectl = stage.cluster.kubectl;
  await stage.namespace(RELEASE.namespace);
  await stage.namespace(STORE);
});
afterAll(() => stage?.end());

test('an operator of all namespaces becomes one of this namespace, with the same pods, and reads no volume, node or other namespace', async () => {
  await stage.namespace('beside');
  await stage.install(RELEASE);
  const former = await stage.operator(RELEASE);
  await stage.cluster.apply(app({ replicas: 2 }));
  await ready(stage);
  await former.end('SIGTERM');
  const before = await everything(stage);
  const { warnings } = await stage.upgrade(RELEASE, { values: { watchNamespaces: [STORE], replicas: 1 } });
  expect(warnings).toEqual([]);
  await stage.operator(RELEASE);
  await stage.cluster.apply(app({}, 'fresh'));
  await ready(stage, 'fresh');
  expect(await everything(stage)).toBe(before);
  await kubectl('-n', STORE, 'delete', 'pod', 'fresh-1');
  await ready(stage, 'fresh');
  const asked = ['pods', 'persistentvolumes', 'nodes'].map(async (resource) => {
    const said = await kubectl('auth', 'can-i', 'get', resource, '-n', 'beside', `--as=${ACCOUNT}`).catch(() => 'no');
    return said.trim();
  });
  expect(await Promise.all(asked)).toEqual(['no', 'no', 'no']);
  expect(usage(stage.cluster.auditLog, ACCOUNT).denied).toEqual(['get /persistentvolumes']);
});

test('a member whose disk was recorded waits there until volumes may be read, which a value allows', async () => {
  await stage.operator(RELEASE);
  await kubectl('-n', STORE, 'delete', 'pod', 'web-1');
  let message = '';
  const isSaid = async () => {
    message = await kubectl(
      '-n',
      STORE,
      'get',
      'sapp',
      'web',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Ready")].message}',
    );
    return /web-1 .*(may not read PersistentVolumes|cannot get resource "persistentvolumes")/.test(message);
  };
  await until(isSaid, 30_000, () => `the app does not say after 30 s that volumes may not be read, but: ${message}`);
  await stage.upgrade(RELEASE, {
    values: { watchNamespaces: [STORE], replicas: 1, rbac: { readNodesAndVolumes: true } },
  });
  // At once, not in an hour: another operator starts with the new rights, as after every upgrade that changes its pods.
  await kubectl('-n', STORE, 'annotate', 'sapp', 'web', 'note=asked-again');
  await ready(stage, 'web');
});

test('beside it: one for another namespace, none for the same, none for all', async () => {
  const values = { replicas: 1, crds: { install: false } };
  await stage.install({ name: 'beside', namespace: 'beside' }, { values: { ...values, watchNamespaces: ['beside'] } });
  const same = await stage.refusal(
    stage.install({ name: 'twice', namespace: 'beside' }, { values: { ...values, watchNamespaces: [STORE] } }),
  );
  expect(same).toMatch(/Role "statefulapp-operator" in namespace "store" exists and cannot be imported/);
  const all = await stage.refusal(stage.install({ name: 'all', namespace: 'beside' }, { values }));
  expect(all).toMatch(
    /Namespace "(store|beside)" is watched by another StatefulApp operator already: release "(sapp|beside)"/,
  );
  await stage.uninstall({ name: 'beside', namespace: 'beside' });
});

test('who has only the role admin of one namespace can install there, once somebody has granted the rights and the kind', async () => {
  const tenant = { name: 'own', namespace: await stage.namespace('tenant') };
  const values: Values = {
    watchNamespaces: [tenant.namespace],
    replicas: 1,
    crds: { install: false },
    rbac: { create: false, aggregatedRoles: false },
    admissionPolicy: { enabled: false },
    flowSchema: { enabled: false },
  };
  await kubectl('-n', tenant.namespace, 'create', 'rolebinding', 'tenant', '--clusterrole=admin', '--user=tenant');
  const kubeconfig = await stage.cluster.kubeconfigFor('tenant');
  const refused = await stage.refusal(
    stage.install(tenant, { kubeconfig, values: { ...values, rbac: { create: true, aggregatedRoles: false } } }),
  );
  expect(refused).toMatch(/attempting to grant RBAC permissions not currently held/);
  await stage.uninstall(tenant);

  const { stdout: rights } = await helm({
    kubeconfig: stage.cluster.kubeconfig,
    args: ['template', tenant.name, CHART, '-n', tenant.namespace, '--show-only=templates/rbac/operator.yaml'],
    values: { ...values, rbac: { create: true } },
  });
  await stage.cluster.apply(rights);
  await stage.install(tenant, { kubeconfig, values });
  await stage.operator(tenant);
  await stage.cluster.apply(app({}, 'web', tenant.namespace));
  await kubectl('-n', tenant.namespace, 'wait', '--for=condition=Ready', 'sapp/web', '--timeout=60s');
});

// The life of a release on a real API server, in order: installed, tested, the only one, enough rights and none beyond, upgraded,
// uninstalled with everything left alone, installed again. Each test goes on from the one before.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { helm } from '../../../e2e/cluster/helm.ts';
import { PLAY } from '../../../e2e/cluster/plays.ts';
import { until } from '../../../e2e/cluster/requests.ts';
import { rules } from '../../../e2e/operator/install.ts';
import { usage } from '../../integration/grants.ts';
import { NEW_COLUMN, PREVIOUS_VERSION, previousChart } from './previous.ts';
import { authorityFile, CHART, type ChartStage, openChartStage } from './stage.ts';

const RELEASE = { name: 'sapp', namespace: 'operators' };
const FULL_NAME = 'sapp-statefulapp-operator';
const ACCOUNT = `system:serviceaccount:${RELEASE.namespace}:${FULL_NAME}`;
const STORE = 'store';
const folder = mkdtempSync(join(tmpdir(), 'statefulapp-chart-'));

let stage: ChartStage;
let kubectl: ChartStage['cluster']['kubectl'];

beforeAll(async () => {
  stage = await openChartStage('install');
  kubectl = stage.cluster.kubectl;
  await stage.namespace(RELEASE.namespace);
  await stage.namespace(STORE);
});
afterAll(async () => {
  await stage?.end();
  rmSync(folder, { recursive: true, force: true });
});

const SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const app = (spec: object = {}, name = 'web') =>
  JSON.stringify({
    apiVersion: 'statefulapp.dev/v1alpha1',
    kind: 'StatefulApp',
    metadata: { name, namespace: STORE },
    spec: {
      replicas: 3,
      template: {
        spec: { containers: [{ name: 'main', image: 'registry.example/store:1', securityContext: SECURITY }] },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
      ...spec,
    },
  });
const ready = (name = 'web') => kubectl('-n', STORE, 'wait', '--for=condition=Ready', `sapp/${name}`, '--timeout=60s');
/** Who is there, by UID, and whether anything of it was written since. */
const everything = () =>
  kubectl(
    '-n',
    STORE,
    'get',
    'pods,pvc,controllerrevisions,services',
    '-l',
    'statefulapp.dev/name=web',
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\\n"}{end}',
  );
const generation = () =>
  kubectl('-n', STORE, 'get', 'sapp', 'web', '-o', 'jsonpath={.metadata.uid} {.metadata.generation}');
const crd = async () => JSON.parse(await kubectl('get', 'crd', 'statefulapps.statefulapp.dev', '-o', 'json'));

test('a chart with one capability too many is warned of: the silence about ours means something', async () => {
  const chart = join(folder, 'careless');
  cpSync(CHART, chart, { recursive: true });
  const helpers = join(chart, 'templates/_helpers.tpl');
  writeFileSync(helpers, readFileSync(helpers, 'utf8').replace('drop: [ALL]', 'drop: [NET_RAW]'));
  const careless = { name: 'careless', namespace: RELEASE.namespace };
  const { stderr } = await stage.install(careless, {
    chart,
    values: { crds: { install: false } },
    flags: ['--wait=hookOnly'], // its pods are never made
  });
  await stage.uninstall(careless);
  expect(stderr).toMatch(/would violate PodSecurity .*restricted:latest.* unrestricted capabilities/);
});

test('an earlier version is installed: its pods start, and the restricted level of Pod Security has nothing to say', async () => {
  const { stdout, stderr } = await stage.install(RELEASE, { chart: previousChart(folder) });
  expect(stderr).toBe('');
  expect(stdout).toContain('STATUS: deployed');
  expect(stdout).toContain(`The StatefulApp operator ${PREVIOUS_VERSION} works on all StatefulApps of this cluster.`);
  const running = await kubectl(
    '-n',
    RELEASE.namespace,
    'get',
    'pods',
    '--field-selector=status.phase=Running',
    '-o',
    'name',
  );
  expect(running.trim().split('\n')).toHaveLength(2);
  const { status } = await crd();
  const isTrue = (type: string) =>
    status.conditions.some((one: { type: string; status: string }) => one.type === type && one.status === 'True');
  expect(['Established', 'NamesAccepted'].filter((type) => !isTrue(type))).toEqual([]);
});

test('a second one for all namespaces is refused, and says what to do', async () => {
  const words = await stage.refusal(stage.install({ name: 'other', namespace: STORE }));
  expect(words).toContain(
    'A StatefulApp operator for all namespaces is installed already: release "sapp" in namespace "operators". Two would work on ' +
      'the same apps, against each other. Upgrade that one (helm upgrade sapp --namespace operators ...), or uninstall it first',
  );
  const narrow = await stage.refusal(
    stage.install(
      { name: 'other', namespace: STORE },
      { values: { watchNamespaces: [STORE], crds: { install: false } } },
    ),
  );
  expect(narrow).toContain('is installed already: release "sapp" in namespace "operators"');
  expect(await kubectl('-n', STORE, 'get', 'deployments,roles,serviceaccounts', '-o', 'name')).toBe(
    'serviceaccount/default\n',
  );
});

test('its account can do what an operator does, and asks for nothing else', async () => {
  await stage.operator(RELEASE);
  await stage.cluster.apply(app());
  await ready();
  await stage.cluster.apply(
    app({ template: { ...JSON.parse(app()).spec.template, metadata: { labels: { a: 'b' } } } }),
  );
  await ready();
  await kubectl('-n', STORE, 'delete', 'pod', 'web-1', '--wait=false');
  await kubectl('-n', STORE, 'scale', 'sapp/web', '--replicas=2');
  await kubectl('-n', STORE, 'wait', '--for=delete', 'pod/web-2', '--timeout=60s');
  await ready();
  const { denied, used } = usage(stage.cluster.auditLog, ACCOUNT);
  expect(denied).toEqual([]);
  const granted = [...rules('namespaced'), ...rules('cluster'), ...rules('lease')].flatMap(
    ({ apiGroups, resources, verbs }) =>
      verbs.flatMap((verb) => resources.map((resource) => `${verb} ${apiGroups[0]}/${resource}`)),
  );
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((one) => !granted.includes(one))).toEqual([]);
  // In a namespace of another operator a Lease of another name is none of its business.
  const other = ['auth', 'can-i', 'patch', 'leases/other', '-n', RELEASE.namespace, `--as=${ACCOUNT}`];
  expect(String(await kubectl(...other).catch((error: unknown) => error))).not.toMatch(/^yes/);
});

test.each([
  [
    'view',
    { get: 'yes', create: 'no', delete: 'no', 'patch --subresource=scale': 'no', 'patch --subresource=status': 'no' },
  ],
  [
    'edit',
    {
      get: 'yes',
      create: 'yes',
      delete: 'yes',
      'patch --subresource=scale': 'yes',
      'patch --subresource=status': 'no',
    },
  ],
  [
    'admin',
    {
      get: 'yes',
      create: 'yes',
      delete: 'yes',
      'patch --subresource=scale': 'yes',
      'patch --subresource=status': 'no',
    },
  ],
])('whoever has the role %s may with StatefulApps what the role says of others', async (role, expected) => {
  await kubectl('-n', STORE, 'create', 'rolebinding', `is-${role}`, `--clusterrole=${role}`, `--user=${role}`);
  const answers = async () => {
    const asked = Object.keys(expected).map(async (what) => {
      const [verb = '', ...flags] = what.split(' ');
      const said = await kubectl('auth', 'can-i', verb, 'statefulapps', ...flags, '-n', STORE, `--as=${role}`).catch(
        () => 'no',
      );
      return [what, said.trim()] as const;
    });
    return Object.fromEntries(await Promise.all(asked));
  };
  // Roles are aggregated by a controller.
  const isSo = async () => isDeepStrictEqual(await answers(), expected);
  await until(isSo, 30_000, () => `the role ${role} is not what is expected after 30 s`);
  expect(await answers()).toEqual(expected);
});

test('an upgrade brings the new CRD and the admission policy, and no member of any app is touched', async () => {
  const operator = await stage.operator(RELEASE);
  await ready();
  const [before, app] = [await everything(), await generation()];
  const { stderr } = await stage.upgrade(RELEASE, { values: { logLevel: 'debug' } });
  expect(stderr).toBe('');
  const columns = async () => JSON.stringify((await crd()).spec.versions[0].additionalPrinterColumns);
  expect(await columns()).toContain(NEW_COLUMN);
  await kubectl('get', 'validatingadmissionpolicy', 'statefulapp-operator');
  await operator.end('SIGTERM');
  // The new one looks at everything anew.
  const next = await stage.operator(RELEASE);
  await next.line(({ msg }) => msg === 'watch has synced');
  await ready();
  expect([await everything(), await generation()]).toEqual([before, app]);
});

test('helm test creates an app as a user would, and sees it Ready', async () => {
  await stage.operator(RELEASE);
  const { kubeconfig } = stage.cluster;
  const testing = helm({ kubeconfig, args: ['test', RELEASE.name, '-n', RELEASE.namespace, '--timeout=90s'] });
  testing.catch(() => {}); // awaited below
  const pod = ['-n', RELEASE.namespace, 'pod', `${FULL_NAME}-test`] as const;
  const [inNamespace, namespace, kind, name] = pod;
  const phase = () =>
    kubectl('get', inNamespace, namespace, kind, name, '-o', 'jsonpath={.status.phase}').catch(() => '');
  await until(
    async () => (await phase()) === 'Running',
    60_000,
    () => 'the test pod does not run after 60 s',
  );
  const good = await inTestPod();
  expect(good.output).toMatch(/created StatefulApp helm-test-\w+ in namespace operators\n/);
  expect(good.output).toMatch(/helm-test-\w+-0 runs: the operator works\ndeleted StatefulApp helm-test-\w+\n$/);
  expect(good.code).toBe(0);
  // Fake kubelets run no containers: the pod ends when it is told to.
  await kubectl('annotate', inNamespace, namespace, kind, name, `${PLAY}=succeeded`);
  expect((await testing).stdout).toMatch(/Phase:\s+Succeeded/);
});

test('helm test fails, and says why, where no operator works', async () => {
  const { kubeconfig } = stage.cluster;
  const testing = helm({ kubeconfig, args: ['test', RELEASE.name, '-n', RELEASE.namespace, '--timeout=90s'] });
  testing.catch(() => {});
  const exists = () =>
    kubectl('-n', RELEASE.namespace, 'get', 'pod', `${FULL_NAME}-test`, '-o', 'jsonpath={.status.phase}').catch(
      () => '',
    );
  await until(
    async () => (await exists()) === 'Running',
    60_000,
    () => 'the test pod does not run after 60 s',
  );
  const bad = await inTestPod({ TEST_LIMIT_SECONDS: '2' });
  expect(bad.output).toMatch(/is not Ready after 2 s: the operator has written no status yet; does it run/);
  expect(bad.output).toMatch(/deleted StatefulApp/);
  expect(bad.code).toBe(1);
  await kubectl('-n', RELEASE.namespace, 'annotate', 'pod', `${FULL_NAME}-test`, `${PLAY}=failed`);
  await expect(testing).rejects.toThrow(/fail/i);
});

/** Runs what the test pod would run, with its script, environment and account. */
async function inTestPod(more: Readonly<Record<string, string>> = {}) {
  const { cluster } = stage;
  const name = `${FULL_NAME}-test`;
  const read = async (kind: string) =>
    JSON.parse(await kubectl('-n', RELEASE.namespace, 'get', kind, name, '-o', 'json'));
  const account = join(folder, 'account');
  mkdirSync(account, { recursive: true });
  writeFileSync(join(account, 'token'), await kubectl('-n', RELEASE.namespace, 'create', 'token', name));
  writeFileSync(join(folder, 'test.mjs'), (await read('configmap')).data['test.mjs']);
  const env: readonly { name: string; value: string }[] = (await read('pod')).spec.containers[0].env;
  const { hostname, port } = new URL(cluster.url);
  const run = promisify(execFile)('node', [join(folder, 'test.mjs')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...Object.fromEntries(env.map((one) => [one.name, one.value])),
      NODE_EXTRA_CA_CERTS: authorityFile(cluster),
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      TEST_ACCOUNT: account,
      ...more,
    },
  });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stderr + error.stdout,
    }),
  );
}

test('an uninstall leaves the kind, apps, pods and claims alone, and nothing else behind', async () => {
  await ready();
  const [before, app] = [await everything(), await generation()];
  await stage.uninstall(RELEASE);
  expect([await everything(), await generation()]).toEqual([before, app]);
  await crd();
  const kinds =
    'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,flowschemas';
  const left = (await kubectl('get', kinds, '-o', 'name')).split('\n').filter((name) => name.includes('statefulapp'));
  expect(left).toEqual([]);
  // Helm leaves what `helm test` made: whoever looks for the reason of a failure wants it.
  const ours = ['-l', 'app.kubernetes.io/component!=test', '-o', 'name'];
  let remaining = '';
  const isEmpty = async () => {
    remaining = await kubectl(
      '-n',
      RELEASE.namespace,
      'get',
      'pods,deployments,secrets,services,networkpolicies',
      ...ours,
    );
    return remaining === '';
  };
  await until(isEmpty, 60_000, () => `of the release is left after 60 s: ${remaining}`);
});

test('installed again, for this namespace only, it takes over the same pods, and reads no volume, node or other namespace', async () => {
  await stage.namespace('beside');
  const before = await everything();
  const { stderr } = await stage.install(RELEASE, { values: { watchNamespaces: [STORE], replicas: 1 } });
  expect(stderr).toBe('');
  await stage.operator(RELEASE);
  await stage.cluster.apply(app({}, 'fresh'));
  await ready('fresh');
  expect(await everything()).toBe(before);
  await kubectl('-n', STORE, 'delete', 'pod', 'fresh-1');
  await ready('fresh');
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
  await ready('web');
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

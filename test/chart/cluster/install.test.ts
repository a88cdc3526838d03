// The life of a release on a real API server, in order: installed, the only one, enough rights and none beyond, upgraded,
// uninstalled with everything left alone. Each test goes on from the one before.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../e2e/cluster/requests.ts';
import { rules } from '../../../e2e/operator/install.ts';
import { usage } from '../../integration/grants.ts';
import { NEW_COLUMN, PREVIOUS_VERSION, previousChart } from './previous.ts';
import { CHART, type ChartStage, openChartStage } from './stage.ts';
import { ACCOUNT, app, crd, everything, FULL_NAME, NAME, RELEASE, ready, STORE, template } from './store.ts';

const DISPATCHED = 'apiserver_flowcontrol_dispatched_requests_total{';
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

test('a chart with one capability too many is warned of: the silence about ours means something', async () => {
  const chart = join(folder, 'careless');
  cpSync(CHART, chart, { recursive: true });
  const helpers = join(chart, 'templates/_helpers.tpl');
  writeFileSync(helpers, readFileSync(helpers, 'utf8').replace('drop: [ALL]', 'drop: [NET_RAW]'));
  const careless = { name: 'careless', namespace: RELEASE.namespace };
  const { warnings } = await stage.install(careless, {
    chart,
    values: { crds: { install: false } },
    flags: ['--wait=hookOnly'], // its pods are never made
  });
  await stage.uninstall(careless);
  expect(warnings.join()).toMatch(/would violate PodSecurity .*restricted:latest.* unrestricted capabilities/);
});

test('an earlier version is installed: its pods start, and the restricted level of Pod Security has nothing to say', async () => {
  const { stdout, warnings } = await stage.install(RELEASE, { chart: previousChart(folder) });
  expect(warnings).toEqual([]);
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
  const budget = ['-n', RELEASE.namespace, 'get', 'pdb', FULL_NAME, '-o', 'jsonpath={.status.disruptionsAllowed}'];
  const mayBeDrained = async () => (await kubectl(...budget)) === '1';
  await until(mayBeDrained, 30_000, () => 'the disruption budget does not allow one of two replicas to go after 30 s');
  const { status } = await crd(stage);
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
  await ready(stage);
  await stage.cluster.apply(app({ template: { ...template, metadata: { labels: { a: 'b' } } } }));
  await ready(stage);
  await kubectl('-n', STORE, 'delete', 'pod', 'web-1', '--wait=false');
  await kubectl('-n', STORE, 'scale', 'sapp/web', '--replicas=2');
  await kubectl('-n', STORE, 'wait', '--for=delete', 'pod/web-2', '--timeout=60s');
  await ready(stage);
  const { denied, used } = usage(stage.cluster.auditLog, ACCOUNT);
  expect(denied).toEqual([]);
  const granted = [...rules('namespaced'), ...rules('cluster'), ...rules('lease')].flatMap(
    ({ apiGroups, resources, verbs }) =>
      verbs.flatMap((verb) => resources.map((resource) => `${verb} ${apiGroups[0]}/${resource}`)),
  );
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((one) => !granted.includes(one))).toEqual([]);
  const dispatched = (await kubectl('get', '--raw', '/metrics'))
    .split('\n')
    .filter((line) => line.startsWith(DISPATCHED));
  const levels = dispatched.flatMap(
    (line) => /flow_schema="(statefulapp-[a-z-]+)",priority_level="([a-z-]+)"/.exec(line)?.slice(1, 3) ?? [],
  );
  expect(levels).toEqual([NAME, 'workload-high', `${NAME}-lease`, 'leader-election']);
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
  await ready(stage);
  const before = await everything(stage);
  const { warnings } = await stage.upgrade(RELEASE, { values: { logLevel: 'debug' } });
  expect(warnings).toEqual([]);
  const columns = async () => JSON.stringify((await crd(stage)).spec.versions[0].additionalPrinterColumns);
  expect(await columns()).toContain(NEW_COLUMN);
  await kubectl('get', 'validatingadmissionpolicy', 'statefulapp-operator');
  await operator.end('SIGTERM');
  // The new one looks at everything anew.
  const next = await stage.operator(RELEASE);
  await next.line(({ msg }) => msg === 'watch has synced');
  await ready(stage);
  expect(await everything(stage)).toBe(before);
});

test('an uninstall leaves the kind, apps, pods and claims alone, and nothing else behind; installed again, it goes on with them', async () => {
  await ready(stage);
  const before = await everything(stage);
  await stage.uninstall(RELEASE);
  expect(await everything(stage)).toBe(before);
  await crd(stage);
  const kinds =
    'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,flowschemas';
  const left = (await kubectl('get', kinds, '-o', 'name')).split('\n').filter((name) => name.includes('statefulapp'));
  expect(left).toEqual([]);
  const inNamespace = 'pods,deployments,secrets,services,networkpolicies,roles,rolebindings';
  let remaining = '';
  const isEmpty = async () => {
    remaining = await kubectl('-n', RELEASE.namespace, 'get', inNamespace, '-o', 'name');
    return remaining === '';
  };
  await until(isEmpty, 60_000, () => `of the release is left after 60 s: ${remaining}`);

  await stage.install(RELEASE);
  const operator = await stage.operator(RELEASE);
  await operator.line(({ msg }) => msg === 'watch has synced');
  await ready(stage);
  expect(await everything(stage)).toBe(before);
});

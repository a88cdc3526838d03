// The admission policy on a real API server: whoever may create StatefulApps, but not what is made of them, is refused, in words;
// what is none of the policy's business gets through, the garbage collector above all.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../e2e/cluster/requests.ts';
import { API_VERSION, KIND } from '../../../src/api/names.ts';
import { apps, connect, DRY_RUN, done, type Reply, type Server } from '../../api/server.ts';
import { type ChartStage, openChartStage } from './stage.ts';

const RELEASE = { name: 'sapp', namespace: 'operators' };
const STORE = 'store';
const STATEFULAPPS = [
  {
    apiGroups: ['statefulapp.dev'],
    resources: ['statefulapps', 'statefulapps/scale', 'statefulapps/status'],
    verbs: ['*'],
  },
];
const may = (resource: string, ...verbs: readonly string[]) => ({ apiGroups: [''], resources: [resource], verbs });

/** What each user may do in the namespace. */
const USERS = {
  'apps-only': STATEFULAPPS,
  'pods-too': [...STATEFULAPPS, may('pods', 'create')],
  'claims-too': [...STATEFULAPPS, may('pods', 'create'), may('persistentvolumeclaims', 'create')],
  everything: [...STATEFULAPPS, may('pods', 'create'), may('persistentvolumeclaims', 'create', 'delete')],
} as const;
type User = keyof typeof USERS;

const NO_PODS = / may not create pods in namespace store, and a StatefulApp makes pods there; ask for the right/;
const NO_CLAIMS =
  / may not create persistentvolumeclaims in namespace store, and spec\.volumeClaimTemplates makes claims/;
const NO_DELETING = / may not delete persistentvolumeclaims in namespace store, and .+ asks for claims to be deleted;/;

const template = { spec: { containers: [{ name: 'main', image: 'registry.example/store:1' }] } };
const volumeClaimTemplates = [
  {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
];
const whenDeleted = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
const whenScaled = { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } };
const app = (name: string, spec: object = {}, annotations: object = {}) => ({
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name, annotations },
  spec: { template, ...spec },
});

let stage: ChartStage;
const servers = new Map<User, Server>();
let admin: Server;
const as = (user: User): Server => {
  const server = servers.get(user);
  if (server === undefined) throw new Error(`assertion: no user ${user}`);
  return server;
};

beforeAll(async () => {
  stage = await openChartStage('policy');
  const { cluster } = stage;
  await stage.namespace(RELEASE.namespace);
  await cluster.kubectl('create', 'namespace', STORE);
  await stage.install(RELEASE);
  admin = connect(cluster.kubeconfig);
  for (const [user, rules] of Object.entries(USERS)) {
    servers.set(user as User, connect(await cluster.kubeconfigFor(user)));
    await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: roleOf(user, rules) }));
  }
  for (const one of [
    app('plain'),
    app('disks', { volumeClaimTemplates, replicas: 2 }),
    app('ends', { volumeClaimTemplates, replicas: 2, ...whenScaled }),
    app('asked', { volumeClaimTemplates }, { 'statefulapp.dev/rebuild': 'data-asked-0=1' }),
  ]) {
    await done(admin('POST', apps(STORE), one));
  }
  // Policies and roles are in force a moment after they are stored.
  const mayAll = async () => (await as('everything')('POST', apps(STORE) + DRY_RUN, app('x'))).status === 201;
  const isRefused = async () => NO_PODS.test((await as('apps-only')('POST', apps(STORE) + DRY_RUN, app('x'))).message);
  await until(mayAll, 30_000, () => 'the roles are not in force after 30 s');
  await until(isRefused, 30_000, () => 'the admission policy is not in force after 30 s');
});
afterAll(() => stage?.end());

function roleOf(user: string, rules: readonly object[]): readonly object[] {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: user, namespace: STORE };
  const subjects = [{ apiGroup, kind: 'User', name: user }];
  return [
    { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      subjects,
      roleRef: { apiGroup, kind: 'Role', name: user },
    },
  ];
}

const create = (what: object) => (server: Server) => server('POST', apps(STORE) + DRY_RUN, what);
const change = (name: string, patch: object) => (server: Server) => server('PATCH', apps(STORE, name) + DRY_RUN, patch);
const scale = (name: string, replicas: number) => (server: Server) =>
  server('PATCH', `${apps(STORE, name)}/scale${DRY_RUN}`, { spec: { replicas } });
const annotate = (name: string, key: string, value: string | null) =>
  change(name, { metadata: { annotations: { [`statefulapp.dev/${key}`]: value } } });
const image = { spec: { template: { spec: { containers: [{ name: 'main', image: 'registry.example/store:2' }] } } } };

type Act = (server: Server) => Promise<Reply>;

describe('refused', () => {
  test.each<readonly [User, string, Act, RegExp]>([
    ['apps-only', 'an app', create(app('x')), NO_PODS],
    ['apps-only', 'an app that starts nothing yet', create(app('x', { replicas: 0 })), NO_PODS],
    ['apps-only', 'another image', change('plain', image), NO_PODS],
    ['apps-only', 'more members in the spec', change('plain', { spec: { replicas: 5 } }), NO_PODS],
    ['apps-only', 'a request to the operator', annotate('plain', 'accept-volume-loss', 'data-plain-0=1'), NO_PODS],
    ['apps-only', 'to take over beside a StatefulSet', annotate('plain', 'ignore-statefulset', '1'), NO_PODS],
    ['pods-too', 'an app with claims', create(app('x', { volumeClaimTemplates })), NO_CLAIMS],
    ['pods-too', 'claims for an app that has none', change('plain', { spec: { volumeClaimTemplates } }), NO_CLAIMS],
    [
      'claims-too',
      'claims that end with the app',
      create(app('x', { volumeClaimTemplates, ...whenDeleted })),
      NO_DELETING,
    ],
    ['claims-too', 'claims that end with their member', change('disks', { spec: whenScaled }), NO_DELETING],
    ['claims-too', 'claims that end with the app, later', change('disks', { spec: whenDeleted }), NO_DELETING],
    ['claims-too', 'fewer members, whose claims end with them', change('ends', { spec: { replicas: 1 } }), NO_DELETING],
    ['claims-too', 'one member less by name', change('ends', { spec: { ordinals: { excluded: [1] } } }), NO_DELETING],
    ['claims-too', 'a rebuild', annotate('disks', 'rebuild', 'data-disks-0=1'), NO_DELETING],
    ['claims-too', 'another rebuild', annotate('asked', 'rebuild', 'data-asked-0=2'), NO_DELETING],
    [
      'claims-too',
      'a new app that asks for a rebuild',
      create(app('x', { volumeClaimTemplates }, { 'statefulapp.dev/rebuild': 'data-x-0=1' })),
      NO_DELETING,
    ],
  ])('%s: %s', async (user, _, act, words) => {
    const { status, message } = await act(as(user));
    expect(message).toMatch(words);
    expect(message).toContain(user);
    expect(status).toBe(403);
  });
});

describe('allowed', () => {
  test.each<readonly [User, string, Act]>([
    ['pods-too', 'an app without claims', create(app('x'))],
    ['claims-too', 'an app with claims', create(app('x', { volumeClaimTemplates }))],
    ['claims-too', 'another image of an app whose claims end with their members', change('ends', image)],
    ['claims-too', 'more members of it', change('ends', { spec: { replicas: 4 } })],
    ['claims-too', 'fewer members, whose claims stay', change('disks', { spec: { replicas: 1 } })],
    [
      'claims-too',
      'to keep what would have ended',
      change('ends', { spec: { persistentVolumeClaimRetentionPolicy: null } }),
    ],
    ['claims-too', 'to take a request back', annotate('asked', 'rebuild', null)],
    ['claims-too', 'to give up data that is gone anyway', annotate('disks', 'accept-volume-loss', 'data-disks-0=1')],
    ['everything', 'claims that end with the app', create(app('x', { volumeClaimTemplates, ...whenDeleted }))],
    ['everything', 'a rebuild', annotate('disks', 'rebuild', 'data-disks-0=1')],
    ['apps-only', 'labels', change('plain', { metadata: { labels: { team: 'x' } } })],
    ['apps-only', 'an annotation of somebody else', change('plain', { metadata: { annotations: { note: 'x' } } })],
    ['apps-only', 'a finalizer', change('plain', { metadata: { finalizers: ['example.com/x'] } })],
    ['apps-only', 'the spec as it is', change('plain', { spec: { replicas: 1 } })],
    ['apps-only', 'more members by /scale', scale('plain', 3)],
    ['apps-only', 'fewer members by /scale', scale('ends', 0)],
    [
      'apps-only',
      'the status',
      (server) => server('PATCH', `${apps(STORE, 'plain')}/status${DRY_RUN}`, { status: { replicas: 1 } }),
    ],
    ['apps-only', 'deletion', (server) => server('DELETE', apps(STORE, 'plain') + DRY_RUN)],
  ])('%s: %s', async (user, _, act) => {
    const { status, message } = await act(as(user));
    expect(message).toBe('');
    expect([200, 201]).toContain(status);
  });
});

test('an app of a megabyte is not too long for it', async () => {
  const annotations = { text: 'x'.repeat(1_000_000) };
  const spec = { template: { ...template, metadata: { annotations } } };
  await done(as('everything')('POST', apps(STORE), app('big', spec)));
  const other = { spec: { template: { metadata: { annotations: { text: 'y'.repeat(1_000_000) } } } } };
  await done(as('everything')('PATCH', apps(STORE, 'big'), other));
  expect((await as('apps-only')('PATCH', apps(STORE, 'big'), image)).message).toMatch(NO_PODS);
  await done(admin('DELETE', apps(STORE, 'big')));
});

test('the API server finds nothing wrong with its expressions', async () => {
  const { cluster } = stage;
  const read = async () => {
    const text = await cluster.kubectl('get', 'validatingadmissionpolicy', 'statefulapp-operator', '-o', 'json');
    return JSON.parse(text) as { status?: { observedGeneration?: number; typeChecking?: object } };
  };
  await until(
    async () => (await read()).status?.observedGeneration !== undefined,
    30_000,
    () => 'the policy has not been checked after 30 s',
  );
  expect((await read()).status?.typeChecking ?? {}).toEqual({});
});

describe('garbage collection, which may not create pods', () => {
  const controller = 'system:serviceaccount:kube-system:generic-garbage-collector';
  const running = async (name: string) => {
    const { cluster } = stage;
    await done(as('everything')('POST', apps(STORE), app(name, { replicas: 2 })));
    await cluster.kubectl('-n', STORE, 'wait', '--for=condition=Ready', `sapp/${name}`, '--timeout=60s');
  };
  const pods = (name: string) =>
    stage.cluster.kubectl('-n', STORE, 'get', 'pods', '-l', `statefulapp.dev/name=${name}`, '-o', 'name');
  const remove = async (name: string, cascade: string) => {
    const kubeconfig = await stage.cluster.kubeconfigFor('apps-only');
    const args = ['-n', STORE, 'delete', 'sapp', name, `--cascade=${cascade}`, '--timeout=60s'];
    await stage.cluster.kubectl('--kubeconfig', kubeconfig, ...args);
  };

  test('is held up by nothing: foreground and orphan deletion finish', async () => {
    const asked = ['auth', 'can-i', 'create', 'pods', '-n', STORE, `--as=${controller}`];
    expect(String(await stage.cluster.kubectl(...asked).catch((error: unknown) => error))).not.toContain('yes');
    await stage.operator(RELEASE);
    await running('front');
    await remove('front', 'foreground');
    // Its pods do not hold it up, and end by themselves.
    const isEmpty = async () => (await pods('front')) === '';
    await until(isEmpty, 60_000, () => 'pods of the deleted app are left after 60 s');
    await running('left');
    const before = await pods('left');
    await remove('left', 'orphan');
    expect(before.trim().split('\n')).toHaveLength(2);
    expect(await pods('left')).toBe(before);
  });
});

// The client and the watch against a real API server: that it behaves as the scripted one in test/kube says.
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Cluster, startCluster } from '../../e2e/cluster/cluster.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { type RecordedWatch, type RecordOptions, recordWatch } from '../kube/recorded-watch.ts';

const { pods, persistentvolumeclaims, statefulsets, leases, namespaces, customresourcedefinitions } = RESOURCES;
const configmaps: ApiResource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const serviceaccounts: ApiResource = { ...configmaps, kind: 'ServiceAccount', plural: 'serviceaccounts' };

let cluster: Cluster;
let transport: Transport;
let client: KubeClient;

function connect(kubeconfig: string): Transport {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return createTransport({ kubeConfig: config });
}

beforeAll(async () => {
  cluster = await startCluster({
    name: 'kube',
    nodes: 0,
    components: ['etcd', 'kube-apiserver'],
    // So that a continue token expires within a test.
    args: { 'kube-apiserver': ['--etcd-compaction-interval=1s'] },
  });
  transport = connect(cluster.kubeconfig);
  client = createClient(transport, { clock: systemClock });
});

afterAll(async () => {
  await transport?.close();
  await cluster?.stop();
});

async function freshNamespace(name: string): Promise<string> {
  await client.create(namespaces, { metadata: { name } });
  return name;
}

const configMap = (namespace: string, name: string, labels = { test: 'yes' }) =>
  client.create(configmaps, { metadata: { namespace, name, labels }, data: { key: 'one' } });

function startWatch(options: Partial<RecordOptions> & { namespace: string }): RecordedWatch {
  const watch = recordWatch({ transport, clock: systemClock, random: Math.random, resource: configmaps, ...options });
  onTestFinished(() => watch.stop());
  return watch;
}

/** Returns when its port refuses connections, so that the next one can have it. */
async function killApiServer(): Promise<void> {
  await cluster.stopComponent('kube-apiserver');
  const probe = () => client.get(namespaces, { name: 'default' }).catch((error) => error);
  while (!String(await probe()).includes('ECONNREFUSED'));
}

/** The same transport, but `edit` may change the path of each request. */
function tampering(edit: (path: string) => string): Transport {
  return { ...transport, request: (request) => transport.request({ ...request, path: edit(request.path) }) };
}

const rv = ({ metadata }: KubeObject) => metadata.resourceVersion;

test('a watch lists by watching, then tells changes as they happen, with progress to each', async () => {
  const namespace = await freshNamespace('watching');
  const first = await configMap(namespace, 'a');
  const paths: string[] = [];
  const watch = startWatch({
    namespace,
    labelSelector: 'test=yes',
    transport: tampering((path) => {
      paths.push(path);
      return path;
    }),
  });
  await watch.saw('synced');
  expect(watch.log[0]).toBe(`added a@${rv(first)}`);
  const second = await client.patch(configmaps, first.metadata, { type: 'merge', body: { data: { key: 'two' } } });
  await watch.saw(`progress ${rv(second)}`);
  expect(await client.delete(configmaps, second.metadata, { uid: second.metadata.uid })).toEqual({ kind: 'gone' });
  const third = await configMap(namespace, 'a');
  await watch.saw(`progress ${rv(third)}`);
  const [, changed, deletion] = watch.events;
  expect(changed).toMatchObject({
    type: 'modified',
    object: { data: { key: 'two' } },
    previous: { data: { key: 'one' } },
  });
  expect(deletion).toMatchObject({
    type: 'deleted',
    observed: 'watch',
    object: { metadata: { uid: first.metadata.uid } },
  });
  expect(BigInt(deletion?.object.metadata.resourceVersion ?? 0)).toBeGreaterThan(BigInt(rv(second)));
  expect(watch.events[3]).toMatchObject({ type: 'added', object: { metadata: { uid: third.metadata.uid } } });
  expect(watch.errors).toEqual([]);
  expect(paths).toHaveLength(1);
  expect(paths[0]).toContain('sendInitialEvents=true');
});

test('an object that loses the label is told as deleted, though it lives', async () => {
  const namespace = await freshNamespace('unlabelled');
  const object = await configMap(namespace, 'a');
  const watch = startWatch({ namespace, labelSelector: 'test=yes' });
  await watch.saw('synced');
  const changed = await client.patch(configmaps, object.metadata, {
    type: 'merge',
    body: { metadata: { labels: { test: null } } },
  });
  await watch.saw(`progress ${rv(changed)}`);
  expect(watch.log.at(-2)).toBe(`deleted a@${rv(changed)} (watch)`);
  expect(watch.events.at(-1)?.object.metadata.deletionTimestamp).toBeUndefined();
  expect(await client.get(configmaps, object.metadata)).toBeDefined();
});

test('a list of 1,050 objects is whole, in however many pages; one that expires midway starts over', async () => {
  const namespace = await freshNamespace('paging');
  const names = Array.from({ length: 1_050 }, (_, index) => `cm-${String(index).padStart(4, '0')}`);
  await Promise.all(names.map((name) => configMap(namespace, name)));
  const list = await client.list(configmaps, { namespace });
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(names);
  expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });

  const asked: string[] = [];
  const expiring = tampering((path) => {
    const url = new URL(path, 'http://x');
    const token = url.searchParams.get('continue');
    asked.push(token === null ? 'first page' : 'next page');
    if (token === null || asked.length > 2) return path;
    const decoded = JSON.parse(Buffer.from(token, 'base64url').toString());
    url.searchParams.set('continue', Buffer.from(JSON.stringify({ ...decoded, rv: 2 })).toString('base64url'));
    return url.pathname + url.search;
  });
  await compacted();
  const again = await createClient(expiring, { clock: systemClock }).list(configmaps, { namespace });
  expect(again.items).toHaveLength(1_050);
  expect(asked).toEqual(['first page', 'next page', 'first page', 'next page', 'next page']);
});

/** Waits until etcd has forgotten revision 2. */
async function compacted(): Promise<void> {
  const token = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 2, start: 'x\u0000' })).toString('base64url');
  const expired = createClient(
    tampering((path) => `${path}&continue=${token}`),
    { clock: systemClock },
  );
  while (true) {
    const code = await expired.list(configmaps).then(
      () => 'fine',
      (error) => error.code,
    );
    if (code === 'Gone') return;
    await configMap('default', `tick-${systemClock.monotonic()}`);
  }
}

test('a watch from a resourceVersion long past is told so, and begins anew with the difference', async () => {
  const namespace = await freshNamespace('past');
  const kept = await configMap(namespace, 'kept');
  // Its watch cache remembers everything since it started; a new one only what is current.
  await killApiServer();
  await cluster.startComponent('kube-apiserver');
  let resumes = 0;
  const old = startWatch({
    namespace,
    transport: {
      ...transport,
      async request(request) {
        const resuming = /[?&]resourceVersion=/.test(request.path);
        resumes += resuming ? 1 : 0;
        const path = request.path.replace(/([?&]resourceVersion=)\d+/, '$11');
        const timeoutSeconds = resuming ? '300' : '2';
        return await transport.request({
          ...request,
          path: path.replace(/timeoutSeconds=\d+/, `timeoutSeconds=${timeoutSeconds}`),
        });
      },
    },
  });
  await old.saw('synced');
  await old.saw('error Gone');
  const late = await configMap(namespace, 'late');
  await old.saw(`added late@${rv(late)}`);
  expect(resumes).toBeGreaterThan(0);
  expect(old.log.filter((line) => line.startsWith('added kept'))).toEqual([`added kept@${rv(kept)}`]);
});

test('a watch survives the death of the API server and tells what happened meanwhile', async () => {
  const namespace = await freshNamespace('crash');
  const doomed = await configMap(namespace, 'doomed');
  const watch = startWatch({ namespace });
  await watch.saw('synced');
  await killApiServer();
  await watch.saw('error Network');
  const failed = await client.create(configmaps, { metadata: { namespace, name: 'x' } }).catch((error) => error);
  // Its outcome is unknown when a kept connection broke only on being used, and known when a new one was refused.
  expect(failed).toMatchObject({ code: 'Network', status: undefined });
  await cluster.startComponent('kube-apiserver');
  const deletion = await client.delete(configmaps, doomed.metadata, { uid: doomed.metadata.uid });
  expect(deletion.kind).toBe('gone');
  const fresh = await configMap(namespace, 'fresh');
  await watch.saw(`added fresh@${rv(fresh)}`);
  expect(watch.events.some(({ type, object }) => type === 'deleted' && object.metadata.name === 'doomed')).toBe(true);
});

test('a server that does not answer is a Timeout', async () => {
  await cluster.pauseComponent('kube-apiserver');
  const error = await client.get(namespaces, { name: 'default' }, { timeoutMs: 300 }).catch((reason) => reason);
  cluster.resumeComponent('kube-apiserver');
  expect(error).toMatchObject({ code: 'Timeout', outcomeUnknown: false });
});

test('absent, unknown kind and no rights are three different answers', async () => {
  const missing: ApiResource = {
    group: 'example.com',
    version: 'v1',
    kind: 'Thing',
    plural: 'things',
    namespaced: true,
  };
  const ref = { namespace: 'default', name: 'nobody' };
  expect(await client.get(configmaps, ref)).toBeUndefined();
  expect(await client.get(pods, { ...ref, namespace: 'no-such-namespace' })).toBeUndefined();
  expect(await client.get(customresourcedefinitions, { name: 'things.example.com' })).toBeUndefined();
  await expect(client.get(missing, ref)).rejects.toMatchObject({ code: 'NotFound', status: 404 });
  await expect(client.list(missing)).rejects.toMatchObject({ code: 'NotFound' });
  await expect(
    client.create(configmaps, { metadata: { ...ref, namespace: 'no-such-namespace' } }),
  ).rejects.toMatchObject({
    code: 'NotFound',
    details: { name: 'no-such-namespace' },
  });
  const powerless = connect(await cluster.kubeconfigFor('nobody'));
  await expect(createClient(powerless, { clock: systemClock }).get(configmaps, ref)).rejects.toMatchObject({
    code: 'Forbidden',
  });
  await powerless.close();
});

test('a delete with another uid or resourceVersion is a Conflict and deletes nothing', async () => {
  const namespace = await freshNamespace('preconditions');
  const object = await configMap(namespace, 'a');
  const { uid } = object.metadata;
  await expect(client.delete(configmaps, object.metadata, { uid: 'another' })).rejects.toMatchObject({
    code: 'Conflict',
  });
  await expect(client.delete(configmaps, object.metadata, { uid, resourceVersion: '1' })).rejects.toMatchObject({
    code: 'Conflict',
  });
  expect((await client.get(configmaps, object.metadata))?.metadata.uid).toBe(uid);
  expect(await client.delete(configmaps, object.metadata, { uid, resourceVersion: rv(object) })).toEqual({
    kind: 'gone',
  });
  expect(await client.get(configmaps, object.metadata)).toBeUndefined();
  await expect(client.delete(configmaps, object.metadata, { uid })).rejects.toMatchObject({ code: 'NotFound' });
});

test('a delete tells whether the object stays for its kubelet or its finalizers', async () => {
  const namespace = await freshNamespace('deletes');
  await client.create(serviceaccounts, { metadata: { namespace, name: 'default' } });
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const pending = await client.create(pods, { metadata: { namespace, name: 'pending' }, spec });
  expect((await client.delete(pods, pending.metadata, { uid: pending.metadata.uid })).kind).toBe('gone');
  const running = await client.create(pods, {
    metadata: { namespace, name: 'running' },
    spec: { ...spec, nodeName: 'n' },
  });
  const first = await client.delete(pods, running.metadata, { uid: running.metadata.uid });
  expect(first).toMatchObject({ kind: 'terminating', object: { metadata: { deletionGracePeriodSeconds: 30 } } });
  const second = await client.delete(pods, running.metadata, { uid: running.metadata.uid });
  expect(second.kind).toBe('terminating');
  const forced = await client.delete(pods, running.metadata, { uid: running.metadata.uid, gracePeriodSeconds: 0 });
  expect(forced.kind).toBe('gone');
  expect(await client.get(pods, running.metadata)).toBeUndefined();

  const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claim = await client.create(persistentvolumeclaims, { metadata: { namespace, name: 'c' }, spec: claimSpec });
  const claimDeletion = await client.delete(persistentvolumeclaims, claim.metadata, { uid: claim.metadata.uid });
  expect(claimDeletion).toMatchObject({
    kind: 'terminating',
    object: { metadata: { finalizers: ['kubernetes.io/pvc-protection'] } },
  });

  const template = { metadata: { labels: { a: 'b' } }, spec };
  const set = await client.create(statefulsets, {
    metadata: { namespace, name: 's' },
    spec: { serviceName: 's', selector: { matchLabels: { a: 'b' } }, template },
  });
  const { uid } = set.metadata;
  expect((await client.delete(statefulsets, set.metadata, { uid, propagationPolicy: 'Foreground' })).kind).toBe(
    'terminating',
  );
  const lease = await client.create(leases, { metadata: { namespace, name: 'l' }, spec: {} });
  expect(await client.delete(leases, lease.metadata, { uid: lease.metadata.uid })).toEqual({ kind: 'gone' });
});

test('an update at an old resourceVersion is a Conflict, a second create AlreadyExists, a bad object Invalid', async () => {
  const namespace = await freshNamespace('writes');
  const object = await configMap(namespace, 'a');
  const newer = await client.update(configmaps, { ...object, data: { key: 'two' } });
  await expect(client.update(configmaps, { ...object, data: { key: 'three' } })).rejects.toMatchObject({
    code: 'Conflict',
  });
  expect((await client.get(configmaps, object.metadata))?.['data']).toEqual({ key: 'two' });
  expect(BigInt(rv(newer))).toBeGreaterThan(BigInt(rv(object)));
  await expect(configMap(namespace, 'a')).rejects.toMatchObject({ code: 'AlreadyExists' });
  const invalid = await configMap(namespace, 'Not A Name').catch((error) => error);
  expect(invalid).toMatchObject({ code: 'Invalid', status: 422, causes: [{ field: 'metadata.name' }] });
});

test('a dry run answers the object with its defaults and stores nothing', async () => {
  const namespace = await freshNamespace('dry');
  const template = { spec: { containers: [{ name: 'c', image: 'i' }] } };
  const answer = await client.create(
    RESOURCES.podtemplates,
    { metadata: { namespace, name: 't' }, template },
    { dryRun: true },
  );
  expect(answer).toMatchObject({ template: { spec: { restartPolicy: 'Always' } } });
  expect(await client.get(RESOURCES.podtemplates, { namespace, name: 't' })).toBeUndefined();
});

test('server-side apply creates, changes its own fields, and takes others only by force', async () => {
  const namespace = await freshNamespace('apply');
  const object = { metadata: { namespace, name: 'a' }, data: { key: 'mine' } };
  const created = await client.apply(configmaps, object, { fieldManager: 'me' });
  expect(created.metadata).not.toHaveProperty('managedFields');
  const theirs = { ...object, data: { key: 'theirs' } };
  const refused = await client.apply(configmaps, theirs, { fieldManager: 'them' }).catch((error) => error);
  expect(refused).toMatchObject({ code: 'Conflict', causes: [{ reason: 'FieldManagerConflict', field: '.data.key' }] });
  const forced = await client.apply(configmaps, theirs, { fieldManager: 'them', force: true });
  expect(forced['data']).toEqual({ key: 'theirs' });
});

test('names that try to leave their place do not', async () => {
  const namespace = await freshNamespace('hostile');
  for (const name of ['../../../namespaces/default', 'a/../../b', 'x?y=z', 'a%2fb', 'ä ö']) {
    const answer = await client.get(configmaps, { namespace, name }).catch((error) => error.code);
    expect([undefined, 'NotFound', 'BadRequest']).toContain(answer);
  }
});

test('without the WatchList feature a watch lists in pages and tells the same', async () => {
  const plain = await startCluster({
    name: 'kube-plain',
    nodes: 0,
    components: ['etcd', 'kube-apiserver'],
    args: { 'kube-apiserver': ['--feature-gates=WatchList=false'] },
  });
  onTestFinished(() => plain.stop());
  const over = connect(plain.kubeconfig);
  onTestFinished(() => over.close());
  const there = createClient(over, { clock: systemClock });
  const object = await there.create(configmaps, { metadata: { namespace: 'default', name: 'a' } });
  const watch = startWatch({ transport: over, namespace: 'default' });
  await watch.saw('synced');
  expect(watch.log).toContain(`added a@${rv(object)}`);
  const next = await there.create(configmaps, { metadata: { namespace: 'default', name: 'b' } });
  await watch.saw(`added b@${rv(next)}`);
  expect(watch.errors).toEqual([]);
});

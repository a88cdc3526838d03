import { expect, test } from 'vitest';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import type { ClientOptions } from '../../src/kube/session.ts';
import { pod, status } from './samples.ts';
import { startScene } from './scene.ts';

const { pods, nodes } = RESOURCES;
const ref = { namespace: 'default', name: 'a' };

async function startClient(options: Partial<ClientOptions> = {}) {
  const scene = await startScene();
  return { ...scene, client: createClient(scene.transport, { clock: scene.clock, ...options }) };
}

const object = { metadata: { name: 'a', namespace: 'default' }, spec: { odd: { __typo: 1 } } };
const stored = { ...object, metadata: { ...object.metadata, resourceVersion: '5', uid: 'u' } };
const typed = { apiVersion: 'v1', kind: 'Pod' };

const shapes: readonly {
  what: string;
  call: (client: KubeClient) => Promise<unknown>;
  line: string;
  type: string;
  body: unknown;
}[] = [
  {
    what: 'create posts to the collection',
    call: (client) => client.create(pods, object),
    line: 'POST /api/v1/namespaces/default/pods',
    type: 'application/json',
    body: { ...typed, ...object },
  },
  {
    what: 'create may be a dry run under a name',
    call: (client) => client.create(pods, object, { dryRun: true, fieldManager: 'me' }),
    line: 'POST /api/v1/namespaces/default/pods?fieldManager=me&dryRun=All',
    type: 'application/json',
    body: { ...typed, ...object },
  },
  {
    what: 'update puts the whole object',
    call: (client) => client.update(pods, stored, { subresource: 'status' }),
    line: 'PUT /api/v1/namespaces/default/pods/a/status',
    type: 'application/json',
    body: { ...typed, ...stored },
  },
  {
    what: 'a merge patch',
    call: (client) => client.patch(pods, ref, { type: 'merge', body: { x: null }, fieldManager: 'me' }),
    line: 'PATCH /api/v1/namespaces/default/pods/a?fieldManager=me',
    type: 'application/merge-patch+json',
    body: { x: null },
  },
  {
    what: 'a JSON patch of a subresource',
    call: (client) => client.patch(pods, ref, { type: 'json', body: [{ op: 'test' }], subresource: 'status' }),
    line: 'PATCH /api/v1/namespaces/default/pods/a/status',
    type: 'application/json-patch+json',
    body: [{ op: 'test' }],
  },
  {
    what: 'server-side apply',
    call: (client) => client.apply(pods, object, { fieldManager: 'me', force: true }),
    line: 'PATCH /api/v1/namespaces/default/pods/a?fieldManager=me&force=true',
    type: 'application/apply-patch+yaml',
    body: { ...typed, ...object },
  },
  {
    what: 'delete names the uid',
    call: (client) => client.delete(pods, ref, { uid: 'u' }),
    line: 'DELETE /api/v1/namespaces/default/pods/a',
    type: 'application/json',
    body: { apiVersion: 'meta.k8s.io/v1', kind: 'DeleteOptions', preconditions: { uid: 'u' } },
  },
  {
    what: 'delete with everything',
    call: (client) =>
      client.delete(pods, ref, {
        uid: 'u',
        resourceVersion: '7',
        gracePeriodSeconds: 0,
        propagationPolicy: 'Foreground',
      }),
    line: 'DELETE /api/v1/namespaces/default/pods/a',
    type: 'application/json',
    body: {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u', resourceVersion: '7' },
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
    },
  },
];

test.each(shapes)('$what', async ({ call, line, type, body }) => {
  const { server, client } = await startClient();
  const answer = call(client);
  const request = await server.next();
  expect(`${request.method} ${request.url}`).toBe(line);
  expect(request.headers['content-type']).toBe(type);
  expect(request.json).toEqual(body);
  request.answer(200, pod('a'));
  await answer;
});

test('an object’s metadata may serve as ref, and its uid and resourceVersion do not become preconditions', async () => {
  const { server, client } = await startClient();
  const answer = client.delete(pods, stored.metadata, { uid: 'decided-on' });
  const request = await server.next();
  expect(request.json).toMatchObject({ preconditions: { uid: 'decided-on' } });
  expect(request.text).not.toContain('resourceVersion');
  request.answer(200, pod('a'));
  await answer;
});

test.each([
  { what: 'an update without a resourceVersion', call: (client: KubeClient) => client.update(pods, object) },
  { what: 'a delete with an empty uid', call: (client: KubeClient) => client.delete(pods, ref, { uid: '' }) },
  {
    what: 'an update without a name',
    call: (client: KubeClient) => client.update(pods, { metadata: { namespace: 'x', resourceVersion: '1' } }),
  },
  { what: 'a node with a namespace', call: (client: KubeClient) => client.delete(nodes, ref, { uid: 'u' }) },
])('$what is a TypeError, and nothing is sent', async ({ call }) => {
  const { server, client } = await startClient();
  await expect(call(client)).rejects.toThrow(TypeError);
  expect(server.received).toBe(0);
});

const terminating = { deletionTimestamp: 'soon' };
test.each([
  { what: 'a Status Success', body: { kind: 'Status', status: 'Success', details: { uid: 'u' } }, kind: 'gone' },
  { what: 'an object that was not marked', body: pod('a'), kind: 'gone' },
  {
    what: 'an object with no grace left',
    body: pod('a', { more: { ...terminating, deletionGracePeriodSeconds: 0 } }),
    kind: 'gone',
  },
  {
    what: 'an object with grace left',
    body: pod('a', { more: { ...terminating, deletionGracePeriodSeconds: 30 } }),
    kind: 'terminating',
  },
  {
    what: 'an object with finalizers',
    body: pod('a', { more: { ...terminating, deletionGracePeriodSeconds: 0, finalizers: ['x/y'] } }),
    kind: 'terminating',
  },
])('a delete answered with $what is $kind', async ({ body, kind }) => {
  const { server, client } = await startClient();
  const answer = client.delete(pods, ref, { uid: 'u' });
  (await server.next()).answer(200, body);
  expect((await answer).kind).toBe(kind);
});

test('a delete answered with anything else is an error whose outcome is unknown', async () => {
  const { server, client } = await startClient();
  const answer = client.delete(pods, ref, { uid: 'u' });
  (await server.next()).answer(200, { kind: 'Status', status: 'Failure' });
  await expect(answer).rejects.toMatchObject({ code: 'Protocol', outcomeUnknown: true });
});

test.each([
  { code: 409, reason: 'AlreadyExists' },
  { code: 409, reason: 'Conflict' },
  { code: 404, reason: 'NotFound' },
])('a write answered $reason is never a success', async ({ code, reason }) => {
  const { server, client } = await startClient();
  const answer = client.create(pods, object);
  (await server.next()).answer(code, status(code, reason));
  await expect(answer).rejects.toMatchObject({ code: reason, outcomeUnknown: false });
});

test('fields that nobody here knows survive a read and an update', async () => {
  const { server, client } = await startClient();
  const strange = { ...pod('a'), spec: { fromTheFuture: { x: [1, null, 'ä'] } }, also: true };
  const read = client.get(pods, ref);
  (await server.next()).answer(200, strange);
  const object = (await read) as KubeObject;
  const update = client.update(pods, object);
  const request = await server.next();
  const { managedFields: _, ...metadata } = strange.metadata;
  expect(request.json).toEqual({ ...strange, metadata });
  request.answer(200, strange);
  await update;
});

import { expect, test } from 'vitest';
import { createClient } from '../../src/kube/client.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { pod, podList, status } from './samples.ts';
import { startScene } from './scene.ts';

const { pods } = RESOURCES;
const ref = { namespace: 'default', name: 'a' };

async function startClient() {
  const scene = await startScene();
  return { ...scene, client: createClient(scene.transport, { clock: scene.clock, userAgent: 'me/1' }) };
}

test('get answers the object without managedFields', async () => {
  const { server, client } = await startClient();
  const answer = client.get(pods, ref);
  const request = await server.next();
  expect(`${request.method} ${request.url}`).toBe('GET /api/v1/namespaces/default/pods/a');
  expect(request.headers).toMatchObject({ 'user-agent': 'me/1', accept: 'application/json' });
  request.answer(200, pod('a'));
  const { managedFields: _, ...metadata } = pod('a').metadata;
  expect(await answer).toEqual({ ...pod('a'), metadata });
});

test('get answers undefined when the server says NotFound about this very name', async () => {
  const { server, client } = await startClient();
  const answer = client.get(pods, ref);
  (await server.next()).answer(404, status(404, 'NotFound', { details: { name: 'a', kind: 'pods' } }));
  expect(await answer).toBeUndefined();
});

test.each([
  { what: 'of an unknown path', body: '404 page not found' },
  { what: 'of a missing kind', body: status(404, 'NotFound', { details: {} }) },
  { what: 'about another name', body: status(404, 'NotFound', { details: { name: 'b', kind: 'pods' } }) },
  { what: 'for another reason', body: status(404, 'Weird', { details: { name: 'a' } }) },
  { what: 'of a proxy that speaks JSON', body: { reason: 'NotFound', details: { name: 'a' } } },
])('a 404 $what is an error, not absence', async ({ body }) => {
  const { server, client } = await startClient();
  const answer = client.get(pods, ref);
  (await server.next()).answer(404, body);
  await expect(answer).rejects.toMatchObject({ name: 'KubeError', code: 'NotFound', status: 404 });
});

test.each([403, 410, 500, 503])('a %i is an error, not absence, whatever its text says', async (code) => {
  const { server, client } = await startClient();
  const answer = client.get(pods, ref);
  (await server.next()).answer(code, status(code, 'NotFound', { details: { name: 'a' } }));
  await expect(answer).rejects.toMatchObject({ status: code });
});

test.each([
  { what: 'no JSON', body: '<html>' },
  { what: 'an empty body', body: '' },
  { what: 'null', body: 'null' },
  { what: 'a list', body: podList('1', []) },
])('$what instead of an object is an error, not absence', async ({ body }) => {
  const { server, client } = await startClient();
  const answer = client.get(pods, ref);
  (await server.next()).answer(200, body);
  await expect(answer).rejects.toMatchObject({ code: 'Protocol', outcomeUnknown: false });
});

test('list follows pages of 500 to the end', async () => {
  const { server, client } = await startClient();
  const answer = client.list(pods, { namespace: 'default', labelSelector: 'x=y' });
  const first = await server.next();
  expect(first.url).toBe('/api/v1/namespaces/default/pods?labelSelector=x%3Dy&limit=500');
  first.answer(200, podList('9', [pod('a')], 'to ken'));
  const second = await server.next();
  expect(second.url).toBe('/api/v1/namespaces/default/pods?labelSelector=x%3Dy&limit=500&continue=to%20ken');
  second.answer(200, podList('9', [pod('b')]));
  const { items, resourceVersion } = await answer;
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  expect(resourceVersion).toBe('9');
});

test('a list that expires between pages starts over and forgets the first pages', async () => {
  const { server, client } = await startClient();
  const answer = client.list(pods);
  (await server.next()).answer(200, podList('9', [pod('a'), pod('b')], 'next'));
  (await server.next()).answer(410, status(410, 'Expired'));
  (await server.next()).answer(200, podList('12', [pod('b')]));
  const { items, resourceVersion } = await answer;
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  expect(resourceVersion).toBe('12');
});

test('a list that keeps expiring fails at last', async () => {
  const { server, client } = await startClient();
  const answer = client.list(pods).catch((error: unknown) => error);
  for (let round = 0; round < 6; round += 1) {
    (await server.next()).answer(200, podList('9', [], 'next'));
    (await server.next()).answer(410, status(410, 'Expired'));
  }
  expect(await answer).toMatchObject({ code: 'Gone' });
});

test.each([
  { what: 'a failing second page', code: 500, body: status(500, 'InternalError'), error: 'ServerError' },
  { what: 'an item that is no object', code: 200, body: podList('9', [{ kind: 'Pod' }]), error: 'Protocol' },
  { what: 'no items but an error text', code: 200, body: '"nope"', error: 'Protocol' },
])('$what fails the whole list', async ({ code, body, error }) => {
  const { server, client } = await startClient();
  const answer = client.list(pods).catch((reason: unknown) => reason);
  (await server.next()).answer(200, podList('9', [pod('a')], 'next'));
  (await server.next()).answer(code, body);
  expect(await answer).toMatchObject({ code: error, verb: 'list' });
});

test('null items are an empty list', async () => {
  const { server, client } = await startClient();
  const answer = client.list(pods);
  (await server.next()).answer(200, { metadata: { resourceVersion: '3' }, items: null });
  expect(await answer).toEqual({ items: [], resourceVersion: '3' });
});

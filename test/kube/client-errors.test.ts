import { expect, test } from 'vitest';
import { createClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { createFakeClock } from './fake-clock.ts';
import { pod, status } from './samples.ts';
import { startScene } from './scene.ts';
import { plainConfig, startScriptedServer } from './scripted-server.ts';

const { pods } = RESOURCES;
const ref = { namespace: 'default', name: 'a' };
const object = { metadata: ref };

async function startClient() {
  const scene = await startScene();
  return { ...scene, client: createClient(scene.transport, { clock: scene.clock }) };
}

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KubeError)) throw new Error(`expected a KubeError, got ${String(error)}`);
  return error;
}

test.each([
  { http: 400, reason: 'BadRequest', code: 'BadRequest', open: false },
  { http: 401, reason: 'Unauthorized', code: 'Unauthorized', open: false },
  { http: 403, reason: 'Forbidden', code: 'Forbidden', open: false },
  { http: 404, reason: 'NotFound', code: 'NotFound', open: false },
  { http: 405, reason: 'MethodNotAllowed', code: 'BadRequest', open: false },
  { http: 408, reason: 'Timeout', code: 'Timeout', open: true },
  { http: 409, reason: 'AlreadyExists', code: 'AlreadyExists', open: false },
  { http: 409, reason: 'Conflict', code: 'Conflict', open: false },
  { http: 410, reason: 'Expired', code: 'Gone', open: false },
  { http: 413, reason: 'RequestEntityTooLarge', code: 'BadRequest', open: false },
  { http: 415, reason: 'UnsupportedMediaType', code: 'BadRequest', open: false },
  { http: 422, reason: 'Invalid', code: 'Invalid', open: false },
  { http: 429, reason: 'TooManyRequests', code: 'TooManyRequests', open: false },
  { http: 500, reason: 'InternalError', code: 'ServerError', open: true },
  { http: 500, reason: 'ServerTimeout', code: 'Timeout', open: true },
  { http: 502, reason: 'whatever', code: 'ServerError', open: true },
  { http: 503, reason: 'ServiceUnavailable', code: 'Unavailable', open: true },
  { http: 504, reason: 'Timeout', code: 'Timeout', open: true },
])('$http $reason is $code, and a write’s outcome is unknown: $open', async ({ http, reason, code, open }) => {
  const { server, client } = await startClient();
  const write = failure(client.create(pods, object));
  (await server.next()).answer(http, status(http, reason));
  expect(await write).toMatchObject({ code, status: http, reason, outcomeUnknown: open });
  const read = failure(client.get(pods, ref));
  (await server.next()).answer(http, status(http, reason));
  expect(await read).toMatchObject({ code, outcomeUnknown: false });
});

test('an error names the act, the object and the server’s reasons', async () => {
  const { server, client } = await startClient();
  const write = failure(client.apply(pods, object, { fieldManager: 'me' }));
  const causes = [{ reason: 'FieldValueInvalid', message: 'too long', field: 'spec.x' }];
  const body = status(422, 'Invalid', {
    message: 'Pod "a" is invalid: spec.x: too long',
    details: { name: 'a', causes },
  });
  (await server.next()).answer(422, body);
  expect(await write).toMatchObject({
    message: 'cannot apply Pod default/a: Pod "a" is invalid: spec.x: too long',
    serverMessage: 'Pod "a" is invalid: spec.x: too long',
    verb: 'apply',
    object: { kind: 'Pod', namespace: 'default', name: 'a' },
    causes,
    details: { name: 'a', causes },
  });
});

test('a proxy’s HTML page is quoted, but not at length', async () => {
  const { server, client } = await startClient();
  const read = failure(client.get(pods, ref));
  (await server.next()).answer(502, `<html>${'x'.repeat(10_000)}</html>`);
  const error = await read;
  expect(error.message).toMatch(/^cannot get Pod default\/a: the server answered 502 "<html>xx/);
  expect(error.message.length).toBeLessThan(300);
});

test.each([
  { headers: { 'retry-after': '7' }, details: {}, ms: 7_000 },
  { headers: {}, details: { retryAfterSeconds: 3 }, ms: 3_000 },
  { headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, details: {}, ms: undefined },
  { headers: {}, details: {}, ms: undefined },
])('a 429 with $headers and $details is to be retried after $ms ms', async ({ headers, details, ms }) => {
  const { server, client } = await startClient();
  const write = failure(client.create(pods, object));
  (await server.next()).answer(429, status(429, 'TooManyRequests', { details }), headers);
  expect((await write).retryAfterMs).toBe(ms);
});

test('a refused connection is a Network error, and the write was not applied', async () => {
  const server = await startScriptedServer();
  await server.close();
  const transport = createTransport({ kubeConfig: plainConfig(server.url) });
  const client = createClient(transport, { clock: createFakeClock() });
  const error = await failure(client.create(pods, object));
  expect(error).toMatchObject({ code: 'Network', outcomeUnknown: false, status: undefined });
  expect(error.message).toBe(`cannot create Pod default/a: connect ECONNREFUSED 127.0.0.1:${server.port}`);
  await transport.close();
});

test('a connection reset before the answer leaves a write’s outcome unknown, and a read’s not', async () => {
  const { server, client } = await startClient();
  const write = failure(client.create(pods, object));
  (await server.next()).cut();
  expect(await write).toMatchObject({ code: 'Network', outcomeUnknown: true });
  const read = failure(client.get(pods, ref));
  (await server.next()).cut();
  expect(await read).toMatchObject({ code: 'Network', outcomeUnknown: false });
});

test('an answer cut off in its body leaves a write’s outcome unknown', async () => {
  const { server, client } = await startClient();
  const write = failure(client.create(pods, object));
  const request = await server.next();
  request.stream();
  request.raw('{"metadata":');
  request.cut();
  expect(await write).toMatchObject({ code: 'Network', outcomeUnknown: true, verb: 'create' });
});

test.each([
  { timeoutMs: undefined, ms: 30_000 },
  { timeoutMs: 5_000, ms: 5_000 },
])('no answer within $ms ms is a Timeout, and the connection is given up', async ({ timeoutMs, ms }) => {
  const { server, client, clock } = await startClient();
  const write = failure(client.create(pods, object, { timeoutMs }));
  const request = await server.next();
  clock.advance(ms - 1);
  clock.advance(1);
  expect(await write).toMatchObject({ code: 'Timeout', outcomeUnknown: true });
  expect((await write).message).toBe(`cannot create Pod default/a: no complete answer within ${ms} ms`);
  await request.closed;
});

test('the timeout covers the body too', async () => {
  const { server, client, clock } = await startClient();
  const read = failure(client.get(pods, ref));
  (await server.next()).stream();
  await clock.armed(30_000);
  clock.advance(30_000);
  expect(await read).toMatchObject({ code: 'Timeout', outcomeUnknown: false });
});

test('an answer in time leaves no timer behind', async () => {
  const { server, client, clock } = await startClient();
  const read = client.get(pods, ref);
  (await server.next()).answer(200, pod('a'));
  await read;
  expect(clock.pending()).toEqual([]);
});

test('a write that still waits for a connection when its time is up was not sent', async () => {
  const { server, client, clock } = await startClient();
  const busy = Array.from({ length: 16 }, () => failure(client.get(pods, ref, { timeoutMs: 60_000 })));
  await Promise.all(busy.map(() => server.next()));
  const write = failure(client.create(pods, object));
  clock.advance(30_000);
  expect(await write).toMatchObject({ code: 'Timeout', outcomeUnknown: false });
  clock.advance(30_000);
  await Promise.all(busy);
  expect(server.received).toBe(16);
});

test.each([{ whose: 'the call' }, { whose: 'the client' }])(
  'an abort of $whose’s signal ends a call in flight',
  async ({ whose }) => {
    const { server, transport, clock } = await startScene();
    const abort = new AbortController();
    const client = createClient(transport, { clock, ...(whose === 'the client' ? { signal: abort.signal } : {}) });
    const write = failure(client.create(pods, object, whose === 'the call' ? { signal: abort.signal } : {}));
    const request = await server.next();
    abort.abort();
    expect(await write).toMatchObject({ code: 'Aborted', outcomeUnknown: true });
    await request.closed;
    const later = await failure(client.create(pods, object, { signal: abort.signal }));
    expect(later).toMatchObject({ code: 'Aborted', outcomeUnknown: false });
    expect(server.received).toBe(1);
  },
);

test('a closed transport answers nothing any more', async () => {
  const { client, transport } = await startClient();
  await transport.close();
  const error = await failure(client.create(pods, object));
  expect(error).toMatchObject({ code: 'Network', outcomeUnknown: false, why: 'the transport is closed' });
});

import { expect, test } from 'vitest';
import { createClient } from '../../src/kube/client.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import type { KubeResponse } from '../../src/kube/transport.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { pod } from './samples.ts';
import { startScene } from './scene.ts';
import { plainConfig } from './scripted-server.ts';

const { pods, leases } = RESOURCES;
const ref = { namespace: 'default', name: 'a' };

async function textOf({ body }: KubeResponse): Promise<string> {
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return text;
}

test('requests one after another share connections', async () => {
  const { server, transport, clock } = await startScene();
  const client = createClient(transport, { clock });
  const ports = new Set<number>();
  for (let round = 0; round < 20; round += 1) {
    const read = client.get(pods, ref);
    const request = await server.next();
    ports.add(request.clientPort);
    request.answer(200, pod('a'));
    await read;
  }
  // Two, because undici frees a connection a moment after the answer's last byte was handed out.
  expect(ports.size).toBeLessThanOrEqual(2);
});

test('at most sixteen requests run at once, and a Lease renewal does not wait for them', async () => {
  const { server, transport, clock } = await startScene();
  const client = createClient(transport, { clock });
  const reads = Array.from({ length: 20 }, () => client.get(pods, ref));
  const running = await Promise.all(Array.from({ length: 16 }, () => server.next()));
  const renewal = client.get(leases, ref);
  const next = await server.next();
  expect(next.path).toBe('/apis/coordination.k8s.io/v1/namespaces/default/leases/a');
  expect(server.received).toBe(17);
  next.answer(200, pod('a'));
  await renewal;
  for (const request of running) request.answer(200, pod('a'));
  for (let round = 0; round < 4; round += 1) (await server.next()).answer(200, pod('a'));
  await Promise.all(reads);
});

test('each watch has a connection of its own, and requests do not wait for watches', async () => {
  const { server, transport, clock } = await startScene();
  const watches = Array.from({ length: 20 }, () => transport.request({ method: 'GET', path: '/w', lane: 'watch' }));
  const open = await Promise.all(watches.map(() => server.next()));
  for (const watch of open) watch.stream();
  const responses = await Promise.all(watches);
  expect(new Set(open.map(({ clientPort }) => clientPort)).size).toBe(20);
  const read = createClient(transport, { clock }).get(pods, ref);
  (await server.next()).answer(200, pod('a'));
  await read;
  for (const watch of open) watch.end();
  await Promise.all(responses.map(textOf));
});

test('status, headers and body arrive as the server sent them', async () => {
  const { server, transport } = await startScene();
  const answer = transport.request({ method: 'GET', path: '/x?a=b%20c', headers: { 'x-one': '1' } });
  const request = await server.next();
  expect(request.url).toBe('/x?a=b%20c');
  expect(request.headers['x-one']).toBe('1');
  request.answer(418, '"teapot"', { 'Retry-After': '3' });
  const response = await answer;
  expect(response.status).toBe(418);
  expect(response.headers.get('retry-after')).toBe('3');
  expect(await textOf(response)).toBe('"teapot"');
});

test('a body silent for longer than idleTimeoutMs breaks off', async () => {
  const { server, transport } = await startScene();
  const answer = transport.request({ method: 'GET', path: '/w', lane: 'watch', idleTimeoutMs: 50 });
  const request = await server.next();
  request.stream();
  await expect(textOf(await answer)).rejects.toMatchObject({ name: 'KubeError', code: 'Timeout' });
  await request.closed;
});

test('an abort ends a body in progress', async () => {
  const { server, transport } = await startScene();
  const abort = new AbortController();
  const answer = transport.request({ method: 'GET', path: '/w', lane: 'watch', signal: abort.signal });
  const request = await server.next();
  request.stream();
  const text = textOf(await answer);
  abort.abort();
  await expect(text).rejects.toMatchObject({ name: 'KubeError', code: 'Aborted', outcomeUnknown: false });
  await request.closed;
});

test('whoever stops reading a body closes its connection', async () => {
  const { server, transport } = await startScene();
  const answer = transport.request({ method: 'GET', path: '/w', lane: 'watch' });
  const request = await server.next();
  request.stream({ first: 1 });
  for await (const chunk of (await answer).body) {
    expect(Buffer.from(chunk).toString()).toContain('first');
    break;
  }
  await request.closed;
});

test('a server behind a path prefix is asked under that prefix', async () => {
  const { server, clock } = await startScene();
  const transport = createTransport({ kubeConfig: plainConfig(`${server.url}/k8s/clusters/c-1/`), clock });
  const read = createClient(transport, { clock }).get(pods, ref);
  const request = await server.next();
  expect(request.path).toBe('/k8s/clusters/c-1/api/v1/namespaces/default/pods/a');
  request.answer(200, pod('a'));
  await read;
  await transport.close();
});

test('close ends what is in flight', async () => {
  const { server, transport } = await startScene();
  const hanging = transport.request({ method: 'GET', path: '/hang' }).catch((error: unknown) => error);
  const watching = transport.request({ method: 'GET', path: '/w', lane: 'watch' });
  const requests = [await server.next(), await server.next()];
  requests.find(({ path }) => path === '/w')?.stream();
  const text = textOf(await watching).catch((error: unknown) => error);
  await transport.close();
  expect(await hanging).toMatchObject({ code: 'Network' });
  expect(await text).toMatchObject({ code: 'Network' });
});

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Transport } from '../../src/kube/transport.ts';
import { createTransport, type TransportOptions } from '../../src/kube/undici-transport.ts';
import { createFakeClock } from './fake-clock.ts';
import { status } from './samples.ts';
import { plainConfig, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);

async function startTlsServer(ca: 'one' | 'two'): Promise<ScriptedServer> {
  const server = await startScriptedServer({
    key: readFileSync(fixture(`server-${ca}.key`)),
    cert: readFileSync(fixture(`server-${ca}.crt`)),
    ca: readFileSync(fixture('ca-one.crt')),
    requestCert: true,
    rejectUnauthorized: false,
  });
  onTestFinished(() => server.close());
  return server;
}

function startTransport(options: TransportOptions): Transport {
  const transport = createTransport(options);
  onTestFinished(() => transport.close());
  return transport;
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kube-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** As in a pod: a CA and a token in files that kubelet replaces. */
function podConfig(server: string, folder: string): KubeConfig {
  const config = new KubeConfig();
  const authProvider = { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } };
  config.loadFromClusterAndUser(
    { name: 'inCluster', server, caFile: join(folder, 'ca.crt'), skipTLSVerify: false },
    { name: 'inClusterUser', authProvider },
  );
  return config;
}

async function statusOf(transport: Transport): Promise<number> {
  const response = await transport.request({ method: 'GET', path: '/x' });
  for await (const _ of response.body);
  return response.status;
}

async function podScene() {
  const server = await startTlsServer('one');
  const folder = scratch();
  copyFileSync(fixture('ca-one.crt'), join(folder, 'ca.crt'));
  writeFileSync(join(folder, 'token'), 'first\n');
  const clock = createFakeClock();
  const transport = startTransport({ kubeConfig: podConfig(server.url, folder), clock });
  return { server, folder, clock, transport };
}

test('the service account’s CA is trusted and its token sent', async () => {
  const { server, transport } = await podScene();
  const answer = statusOf(transport);
  const request = await server.next();
  expect(request.headers.authorization).toBe('Bearer first');
  request.answer(200, {});
  expect(await answer).toBe(200);
});

test('a server whose certificate another CA signed is refused before anything is sent', async () => {
  const server = await startTlsServer('two');
  const folder = scratch();
  copyFileSync(fixture('ca-one.crt'), join(folder, 'ca.crt'));
  writeFileSync(join(folder, 'token'), 'first');
  const transport = startTransport({ kubeConfig: podConfig(server.url, folder) });
  const error = await transport.request({ method: 'POST', path: '/x', body: '{}' }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'KubeError', code: 'Network', outcomeUnknown: false });
  expect(server.received).toBe(0);
});

test('a token file is read anew after a minute, and not sooner', async () => {
  const { server, folder, clock, transport } = await podScene();
  for (const { wait, token } of [
    { wait: 0, token: 'first' },
    { wait: 59_999, token: 'first' },
    { wait: 1, token: 'second' },
  ]) {
    clock.advance(wait);
    const answer = statusOf(transport);
    const request = await server.next();
    expect(request.headers.authorization).toBe(`Bearer ${token}`);
    request.answer(200, {});
    await answer;
    writeFileSync(join(folder, 'token'), 'second');
  }
});

test('a 401 makes the token be read at once and the request be sent once more', async () => {
  const { server, folder, clock, transport } = await podScene();
  const warmUp = statusOf(transport);
  (await server.next()).answer(200, {});
  await warmUp;
  clock.advance(10_000);
  writeFileSync(join(folder, 'token'), 'second');
  let asked = 0;
  const answer = transport.request({ method: 'POST', path: '/x', body: '{"a":1}', beforeSend: () => (asked += 1) });
  (await server.next()).answer(401, status(401, 'Unauthorized'));
  const again = await server.next();
  expect(again.headers.authorization).toBe('Bearer second');
  expect(again.json).toEqual({ a: 1 });
  again.answer(401, status(401, 'Unauthorized'));
  const response = await answer;
  expect(response.status).toBe(401);
  for await (const _ of response.body);
  expect(server.received).toBe(3);
  expect(asked).toBe(2);
});

test('a 401 is passed on when there are no other credentials', async () => {
  const { server, clock, transport } = await podScene();
  const answer = transport.request({ method: 'GET', path: '/x' });
  const request = await server.next();
  clock.advance(10_000);
  request.answer(401, status(401, 'Unauthorized'));
  const response = await answer;
  expect(response.status).toBe(401);
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  expect(JSON.parse(text)).toMatchObject({ reason: 'Unauthorized' });
  expect(server.received).toBe(1);
});

test('a 401 to credentials read less than a second ago does not make them be read again', async () => {
  const { server, folder, clock, transport } = await podScene();
  for (const { wait, requests } of [
    { wait: 999, requests: 1 },
    { wait: 1, requests: 2 },
  ]) {
    const before = server.received;
    const answer = statusOf(transport);
    const request = await server.next();
    clock.advance(wait);
    writeFileSync(join(folder, 'token'), 'second');
    request.answer(401, {});
    if (requests === 2) (await server.next()).answer(200, {});
    expect(await answer).toBe(requests === 2 ? 200 : 401);
    expect(server.received - before).toBe(requests);
  }
});

test('HTTP/1.1 is spoken even to a server that offers HTTP/2', async () => {
  const server = createSecureServer({
    key: readFileSync(fixture('server-one.key')),
    cert: readFileSync(fixture('server-one.crt')),
    allowHTTP1: true,
  });
  const version = new Promise((resolve) => {
    server.on('request', (request, response) => {
      resolve(request.httpVersion);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: `https://127.0.0.1:${port}`, caFile: fixture('ca-one.crt'), skipTLSVerify: false },
    { name: 'u' },
  );
  expect(await statusOf(startTransport({ kubeConfig: config }))).toBe(200);
  expect(await version).toBe('1.1');
});

test('parallel 401s lead to one renewal, and each request is sent once more', async () => {
  const server = await startTlsServer('one');
  const clock = createFakeClock();
  let loads = 0;
  const load = () => {
    loads += 1;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'c', server: server.url, caFile: fixture('ca-one.crt'), skipTLSVerify: false },
      { name: 'u', token: loads <= 2 ? 'first' : 'second' },
    );
    return config;
  };
  const transport = startTransport({ kubeConfig: load, clock });
  const answers = Array.from({ length: 8 }, () => statusOf(transport));
  const requests = await Promise.all(answers.map(() => server.next()));
  expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer first']));
  clock.advance(10_000);
  for (const request of requests) request.answer(401, {});
  for (const _ of requests) {
    const again = await server.next();
    expect(again.headers.authorization).toBe('Bearer second');
    again.answer(200, {});
  }
  expect(await Promise.all(answers)).toEqual(answers.map(() => 200));
  // At the start, for the first request, after the 401s.
  expect(loads).toBe(3);
});

test('a new CA in the file is used once the old one has failed', async () => {
  const { server, folder, clock } = await podScene();
  const rotated = await startTlsServer('two');
  let url = server.url;
  const transport = startTransport({ kubeConfig: () => podConfig(url, folder), clock });
  const before = statusOf(transport);
  (await server.next()).answer(200, {});
  expect(await before).toBe(200);
  url = rotated.url;
  copyFileSync(fixture('ca-two.crt'), join(folder, 'ca.crt'));
  await server.close();
  await expect(statusOf(transport)).rejects.toMatchObject({ code: 'Network' });
  const after = statusOf(transport);
  (await rotated.next()).answer(200, {});
  expect(await after).toBe(200);
});

test('a file caught half replaced does no harm: what worked is used on, and five seconds later the new is', async () => {
  const { server, folder, clock, transport } = await podScene();
  const tokens: (string | undefined)[] = [];
  const ask = async () => {
    const answer = statusOf(transport);
    const request = await server.next();
    tokens.push(request.headers.authorization);
    request.answer(200, {});
    await answer;
  };
  await ask();
  rmSync(join(folder, 'token'));
  clock.advance(60_000);
  await ask();
  writeFileSync(join(folder, 'token'), 'second');
  clock.advance(4_999);
  await ask();
  clock.advance(1);
  await ask();
  expect(tokens).toEqual(['Bearer first', 'Bearer first', 'Bearer first', 'Bearer second']);
});

test('a new client certificate means new connections, and a watch on the old one goes on', async () => {
  const server = await startTlsServer('one');
  const folder = scratch();
  const use = (client: 'a' | 'b') => {
    for (const part of ['crt', 'key'])
      copyFileSync(fixture(`client-${client}.${part}`), join(folder, `client.${part}`));
  };
  use('a');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: server.url, caFile: fixture('ca-one.crt'), skipTLSVerify: false },
    { name: 'u', certFile: join(folder, 'client.crt'), keyFile: join(folder, 'client.key') },
  );
  const clock = createFakeClock();
  const transport = startTransport({ kubeConfig: config, clock });
  const watching = transport.request({ method: 'GET', path: '/w', lane: 'watch' });
  const watch = await server.next();
  watch.stream();
  const { body } = await watching;
  expect(watch.clientName).toBe('throwaway client a');
  const ask = async () => {
    const answer = statusOf(transport);
    const request = await server.next();
    request.answer(200, {});
    await answer;
    return request.clientName;
  };
  expect(await ask()).toBe('throwaway client a');
  use('b');
  clock.advance(60_000);
  expect(await ask()).toBe('throwaway client b');
  watch.send({ still: 'here' });
  watch.end();
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  expect(text).toContain('still');
});

test('an exec plugin’s token is kept while it is valid, and asked for anew after a 401', async () => {
  const server = await startTlsServer('one');
  const folder = scratch();
  // Answers token-1, token-2, … by how often it ran.
  const script = `
    const fs = require('node:fs');
    fs.appendFileSync(${JSON.stringify(join(folder, 'runs'))}, 'x');
    const runs = fs.readFileSync(${JSON.stringify(join(folder, 'runs'))}, 'utf8').length;
    const status = { token: 'token-' + runs, expirationTimestamp: '2100-01-01T00:00:00Z' };
    console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));`;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: server.url, caFile: fixture('ca-one.crt'), skipTLSVerify: false },
    { name: 'u', exec: { command: process.execPath, args: ['-e', script] } },
  );
  const clock = createFakeClock();
  const transport = startTransport({ kubeConfig: config, clock });
  for (let round = 0; round < 2; round += 1) {
    const answer = statusOf(transport);
    const request = await server.next();
    expect(request.headers.authorization).toBe('Bearer token-1');
    request.answer(200, {});
    await answer;
    clock.advance(60_000);
  }
  const answer = statusOf(transport);
  const refused = await server.next();
  clock.advance(10_000);
  refused.answer(401, {});
  const again = await server.next();
  expect(again.headers.authorization).toBe('Bearer token-2');
  again.answer(200, {});
  expect(await answer).toBe(200);
});

test('a credential plugin that hangs does not outlast the caller’s patience', async () => {
  const server = await startTlsServer('one');
  const folder = scratch();
  const script = 'process.stdin.resume(); setInterval(() => {}, 1000);';
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: server.url, caFile: fixture('ca-one.crt'), skipTLSVerify: false },
    {
      name: 'u',
      exec: { command: 'sh', args: ['-c', `echo $$ > ${folder}/pid; exec ${process.execPath} -e '${script}'`] },
    },
  );
  const abort = new AbortController();
  const transport = startTransport({ kubeConfig: config });
  const answer = transport
    .request({ method: 'POST', path: '/x', body: '{}', signal: abort.signal })
    .catch((e: unknown) => e);
  abort.abort();
  expect(await answer).toMatchObject({ code: 'Aborted', outcomeUnknown: false });
  await vi.waitFor(() => process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGTERM'));
});

test('credentials that cannot be had are a KubeError that says why, and nothing is sent', async () => {
  const server = await startTlsServer('one');
  const folder = scratch();
  copyFileSync(fixture('ca-one.crt'), join(folder, 'ca.crt'));
  const transport = startTransport({ kubeConfig: podConfig(server.url, folder) });
  const error = await transport.request({ method: 'POST', path: '/x', body: '{}' }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'KubeError', code: 'Unauthorized', outcomeUnknown: false });
  expect(String(error)).toContain('there are no credentials: ENOENT');
});

test('a user name and password are sent as basic authentication', async () => {
  const server = await startTlsServer('one');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: server.url, caFile: fixture('ca-one.crt'), skipTLSVerify: false },
    { name: 'u', username: 'me', password: 'pass' },
  );
  const answer = statusOf(startTransport({ kubeConfig: config }));
  const request = await server.next();
  expect(request.headers.authorization).toBe(`Basic ${Buffer.from('me:pass').toString('base64')}`);
  request.answer(200, {});
  await answer;
});

test('a context without a user still trusts its CA', async () => {
  const server = await startTlsServer('one');
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: server.url, caFile: fixture('ca-one.crt'), skipTLSVerify: false }],
    users: [],
    contexts: [{ name: 'x', cluster: 'c', user: '' }],
    currentContext: 'x',
  });
  const answer = statusOf(startTransport({ kubeConfig: config }));
  (await server.next()).answer(200, {});
  expect(await answer).toBe(200);
});

test('without TLS no credentials are sent', async () => {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const config = plainConfig(server.url);
  config.loadFromClusterAndUser(
    { name: 'c', server: server.url, skipTLSVerify: false },
    { name: 'u', token: 'secret' },
  );
  const answer = statusOf(startTransport({ kubeConfig: config }));
  const request = await server.next();
  expect(request.headers.authorization).toBeUndefined();
  request.answer(200, {});
  await answer;
});

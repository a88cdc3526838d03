// The fault proxy in front of a plain server: what each fault does to the client, and whether the server was asked.

import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as plainRequest,
  type ServerResponse,
  Agent as Upstream,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Exchange, type Fault, type FaultProxy, openFaultProxy } from '../../e2e/faults/proxy.ts';
import { isWrite, preconditionUid, readRequest, wordsOf } from '../../e2e/faults/requests.ts';

interface Setting {
  readonly proxy: FaultProxy;
  /** "METHOD path body" of each request that reached the server. */
  readonly reached: string[];
  readonly done: Exchange[];
  ask(
    path: string,
    options?: Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> & { method?: Dispatcher.HttpMethod },
  ): Promise<Dispatcher.ResponseData>;
}

const echo = (reply: ServerResponse, text: string) => reply.writeHead(201, { 'x-server': 'real' }).end(text);

async function setting(
  fault: Fault,
  answer: (reply: ServerResponse, body: string) => unknown = echo,
): Promise<Setting> {
  const reached: string[] = [];
  const server = createServer((asked, reply) => {
    let body = '';
    asked.on('data', (chunk) => {
      body += chunk;
    });
    asked.on('end', () => {
      reached.push(`${asked.method} ${asked.url} ${body}`);
      answer(reply, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    agent: new Upstream({ keepAlive: true }),
  };
  const done: Exchange[] = [];
  const proxy = await openFaultProxy({ upstream, decide: () => fault, done: (exchange) => void done.push(exchange) });
  const dispatcher = new Agent();
  onTestFinished(async () => {
    await dispatcher.destroy();
    await proxy.close();
    upstream.agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { proxy, reached, done, ask: (path, options = {}) => request(proxy.url + path, { dispatcher, ...options }) };
}

const PODS = '/api/v1/namespaces/a/pods';
const post = { method: 'POST', body: '{"metadata":{"name":"web-0"}}' } as const;
const broken = { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) };

describe('each fault', () => {
  test('pass: the request, the status, the headers and the body go through unchanged', async () => {
    const { ask, reached, done, proxy } = await setting({ kind: 'pass' });
    const answer = await ask(`${PODS}?fieldManager=x`, post);
    expect([answer.statusCode, answer.headers['x-server'], await answer.body.text()]).toEqual([201, 'real', post.body]);
    expect(reached).toEqual([`POST ${PODS}?fieldManager=x ${post.body}`]);
    expect(done).toEqual(proxy.exchanges);
    expect(done).toMatchObject([{ index: 0, verb: 'create', name: 'web-0', status: 201, fault: { kind: 'pass' } }]);
  });

  test('answer: the client hears what was given, the server nothing', async () => {
    const { ask, reached, done } = await setting({
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '1' },
      body: '{}',
    });
    const answer = await ask(PODS, post);
    expect([answer.statusCode, answer.headers['retry-after'], await answer.body.text()]).toEqual([429, '1', '{}']);
    expect(reached).toEqual([]);
    expect(done).toMatchObject([{ status: undefined }]);
  });

  test('drop: the connection breaks, the server hears nothing', async () => {
    const { ask, reached } = await setting({ kind: 'drop' });
    await expect(ask(PODS, post)).rejects.toMatchObject(broken);
    expect(reached).toEqual([]);
  });

  test('commit: the connection breaks after the server has acted', async () => {
    const { ask, reached, done } = await setting({ kind: 'commit' });
    await expect(ask(PODS, post)).rejects.toMatchObject(broken);
    expect(reached).toHaveLength(1);
    expect(done).toMatchObject([{ status: 201 }]);
  });

  test('sever by bytes: so much of the body comes, then the connection breaks', async () => {
    const { proxy } = await setting({ kind: 'sever', afterBytes: 5 });
    // undici throws away what it has not handed over when a body breaks; this client hands over at once.
    const asking = plainRequest(proxy.url + PODS, { method: 'POST' });
    asking.end(post.body);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    let text = '';
    answer.on('data', (chunk) => {
      text += chunk;
    });
    await expect(once(answer, 'end')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([answer.statusCode, text]).toEqual([201, post.body.slice(0, 5)]);
  });

  test('sever by time: a stream that goes on is broken off', async () => {
    const { ask } = await setting({ kind: 'sever', afterMs: 20 }, (reply) => reply.writeHead(200).write('one\n'));
    const answer = await ask(`${PODS}?watch=true`);
    await expect(answer.body.text()).rejects.toMatchObject(broken);
  });

  test('freeze: nothing comes, and the connection lives until the client ends it', async () => {
    const { ask, reached } = await setting({ kind: 'freeze' });
    const patience = new AbortController();
    const asking = ask(PODS, { signal: patience.signal });
    const ended = asking.then(
      () => 'answered',
      (error: Error) => error.name,
    );
    setTimeout(() => patience.abort(), 50);
    expect(await ended).toBe('AbortError');
    expect(reached).toEqual([]);
  });

  test('freeze after bytes: the answer begins and never ends', async () => {
    const { ask, done } = await setting({ kind: 'freeze', afterBytes: 4 });
    const answer = await ask(PODS, post);
    const first = await answer.body[Symbol.asyncIterator]().next();
    expect(String(first.value)).toBe(post.body.slice(0, 4));
    await expect.poll(() => done.length).toBe(1);
    expect(answer.body.destroyed).toBe(false);
  });

  test.each(['request', 'answer'] as const)('delay of the %s: it comes later, and whole', async (hold) => {
    const { ask, reached } = await setting({ kind: 'delay', ms: 30, hold });
    const start = performance.now();
    const answer = await ask(PODS, post);
    expect(await answer.body.text()).toBe(post.body);
    expect(performance.now() - start).toBeGreaterThan(25);
    expect(reached).toHaveLength(1);
  });
});

test('a stream passes chunk by chunk, headers first', async () => {
  let more: ServerResponse | undefined;
  const { ask } = await setting({ kind: 'pass' }, (reply) => {
    reply.writeHead(200).flushHeaders();
    more = reply;
  });
  const answer = await ask(`${PODS}?watch=true`);
  const lines = answer.body[Symbol.asyncIterator]();
  for (const text of ['one', 'two']) {
    more?.write(text);
    expect(String((await lines.next()).value)).toBe(text);
  }
});

test('freeze: a stream under way falls silent and stays open; another one goes on', async () => {
  const streams: ServerResponse[] = [];
  const { ask, proxy } = await setting({ kind: 'pass' }, (reply) => {
    reply.writeHead(200).write('one');
    streams.push(reply);
  });
  const [frozen, other] = [await ask(`${PODS}?watch=true`), await ask('/api/v1/nodes?watch=true')];
  const [lines, others] = [frozen.body[Symbol.asyncIterator](), other.body[Symbol.asyncIterator]()];
  expect([String((await lines.next()).value), String((await others.next()).value)]).toEqual(['one', 'one']);
  proxy.freeze(({ resource }) => resource === 'pods');
  for (const stream of streams) stream.write('two');
  const next = lines.next().then(({ value }) => String(value));
  expect(String((await others.next()).value)).toBe('two');
  expect(await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 50, 'silence'))])).toBe('silence');
  proxy.cut();
  await expect(next).rejects.toMatchObject(broken);
});

test('cut: what is under way breaks, and nothing gets through any more', async () => {
  const { ask, proxy, reached } = await setting({ kind: 'pass' }, (reply) => reply.writeHead(200).write('one\n'));
  const answer = await ask(`${PODS}?watch=true`);
  proxy.cut();
  await expect(answer.body.text()).rejects.toMatchObject(broken);
  await expect(ask(PODS)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(reached).toHaveLength(1);
});

test('cut while deciding: this request does not get through either', async () => {
  const { proxy, ask, reached } = await setting({
    get kind() {
      proxy.cut();
      return 'pass' as const;
    },
  });
  await expect(ask(PODS, post)).rejects.toMatchObject(broken);
  expect(reached).toEqual([]);
});

test.each([
  ['GET', '/api/v1/namespaces/a/pods/web-0', 'get pods web-0'],
  ['GET', '/api/v1/pods?labelSelector=x', 'list pods'],
  ['GET', '/api/v1/namespaces/a/pods?watch=true', 'watch pods'],
  ['GET', '/api/v1/namespaces/a', 'get namespaces a'],
  ['PATCH', '/apis/statefulapp.dev/v1alpha1/namespaces/a/statefulapps/web/status', 'patch statefulapps/status web'],
  ['PUT', '/apis/apps/v1/namespaces/a/controllerrevisions/web-1', 'update controllerrevisions web-1'],
  ['DELETE', '/api/v1/namespaces/a/pods/web-0', 'delete pods web-0'],
  ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection pods'],
  ['GET', '/version', 'other'],
])('%s %s reads as "%s"', (method, path, words) => {
  expect(wordsOf(readRequest(method, path, ''))).toBe(words);
});

test('a create is named by its body, a delete names a UID or none', () => {
  const create = readRequest('POST', PODS, post.body);
  expect([wordsOf(create), create.namespace, isWrite(create)]).toEqual(['create pods web-0', 'a', true]);
  const remove = readRequest('DELETE', `${PODS}/web-0`, '{"preconditions":{"uid":"u1"}}');
  expect(preconditionUid(remove)).toBe('u1');
  expect(preconditionUid(readRequest('DELETE', `${PODS}/web-0`, ''))).toBeUndefined();
});

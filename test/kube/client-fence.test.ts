import { expect, test } from 'vitest';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import type { Observation, WriteDescription } from '../../src/kube/session.ts';
import { pod, podList, status } from './samples.ts';
import { startScene } from './scene.ts';

const { pods } = RESOURCES;
const ref = { namespace: 'default', name: 'a' };
const object = { metadata: { ...ref, resourceVersion: '1' } };

const writes: readonly { verb: string; call: (client: KubeClient) => Promise<unknown> }[] = [
  { verb: 'create', call: (client) => client.create(pods, object) },
  { verb: 'update', call: (client) => client.update(pods, object) },
  { verb: 'patch', call: (client) => client.patch(pods, ref, { type: 'merge', body: {} }) },
  { verb: 'apply', call: (client) => client.apply(pods, object, { fieldManager: 'me' }) },
  { verb: 'delete', call: (client) => client.delete(pods, ref, { uid: 'u' }) },
];

test.each(writes)(
  'beforeWrite can refuse a $verb: nothing is sent, and its own error comes back',
  async ({ verb, call }) => {
    const { server, transport, clock } = await startScene();
    const refusal = new Error('not the leader');
    const asked: WriteDescription[] = [];
    const client = createClient(transport, {
      clock,
      beforeWrite(write) {
        asked.push(write);
        throw refusal;
      },
    });
    await expect(call(client)).rejects.toBe(refusal);
    expect(server.received).toBe(0);
    expect(asked[0]).toMatchObject({ verb, namespace: 'default', name: 'a', dryRun: false });
  },
);

test('a leader that loses its lease while a write waits for a connection does not send it', async () => {
  const { server, transport, clock } = await startScene();
  let leading = true;
  let asked = 0;
  const client = createClient(transport, {
    clock,
    beforeWrite() {
      asked += 1;
      if (!leading) throw new Error('not the leader');
    },
  });
  // All sixteen connections are busy.
  const busy = Array.from({ length: 16 }, () => client.get(pods, ref));
  const requests = await Promise.all(busy.map(() => server.next()));
  const write = client.delete(pods, ref, { uid: 'u' });
  write.catch(() => {});
  expect(asked).toBe(1);
  leading = false;
  for (const request of requests) request.answer(200, pod('a'));
  await Promise.all(busy);
  await expect(write).rejects.toThrow('not the leader');
  expect(asked).toBe(2);
  expect(server.received).toBe(16);
});

test('reads are not asked for leave', async () => {
  const { server, transport, clock } = await startScene();
  const beforeWrite = () => {
    throw new Error('asked');
  };
  const client = createClient(transport, { clock, beforeWrite });
  const answers = [client.get(pods, ref), client.list(pods)];
  for (let round = 0; round < 2; round += 1) {
    const request = await server.next();
    request.answer(200, request.path.endsWith('/a') ? pod('a') : podList('1', []));
  }
  await Promise.all(answers);
});

test('each request is observed with its verb, answer and duration; a refused write is none', async () => {
  const { server, transport, clock } = await startScene();
  const seen: Observation[] = [];
  let refuse = false;
  const client = createClient(transport, {
    clock,
    metrics: (observation) => seen.push(observation),
    beforeWrite() {
      if (refuse) throw new Error('no');
    },
  });
  const read = client.get(pods, ref);
  const first = await server.next();
  clock.advance(12);
  first.answer(404, status(404, 'NotFound', { details: { name: 'a' } }));
  await read;
  const write = client.delete(pods, ref, { uid: 'u' });
  (await server.next()).cut();
  await write.catch(() => {});
  refuse = true;
  await client.delete(pods, ref, { uid: 'u' }).catch(() => {});
  expect(seen).toEqual([
    { verb: 'get', resource: pods, code: '404', durationMs: 12 },
    { verb: 'delete', resource: pods, code: 'Network', durationMs: 0 },
  ]);
});

import { expect, test } from 'vitest';
import type { KubeResponse, Transport } from '../../src/kube/transport.ts';
import { createFakeClock } from './fake-clock.ts';
import { recordWatch } from './recorded-watch.ts';
import { added, endOfList, errorEvent, pod, podList, status } from './samples.ts';
import { startSyncedWatch, startWatch } from './scene.ts';

test('stop closes the connection', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  watch.stop();
  await stream.closed;
  expect(watch.log).toEqual(['progress 5', 'synced']);
});

test.each([
  { during: 'an event', at: 'added b@1', log: ['added a@1', 'added b@1'] },
  { during: 'the end of the list', at: 'progress 5', log: ['added a@1', 'added b@1', 'added c@1', 'progress 5'] },
])('stop in the midst of $during is final: nothing more of the same chunk is told', async ({ at, log }) => {
  let stop = () => {};
  const { server, watch } = await startWatch({ onLine: (line) => line === at && stop() });
  stop = () => watch.stop();
  const stream = await server.next();
  stream.stream(added(pod('a')), added(pod('b')), added(pod('c')), endOfList('5'), added(pod('d', { rv: '6' })));
  await stream.closed;
  expect(watch.log).toEqual(log);
  expect(watch.hasSynced).toBe(false);
});

test('stop between two deletions of a relist is final', async () => {
  let stop = () => {};
  const onLine = (line: string) => line.startsWith('deleted') && stop();
  const { server, clock, watch, stream } = await startSyncedWatch([added(pod('a')), added(pod('b'))], '5', { onLine });
  stop = () => watch.stop();
  stream.send(errorEvent(410, 'Expired'));
  await clock.armed(400);
  clock.advance(400);
  const relist = await server.next();
  relist.stream(endOfList('9'));
  await relist.closed;
  expect(watch.log.slice(-2)).toEqual(['error Gone', 'deleted a@1 (relist)']);
});

test('stop in the midst of a page is final, and asks for no further page', async () => {
  let stop = () => {};
  const { server, watch } = await startWatch({ onLine: (line) => line === 'added a@1' && stop() });
  stop = () => watch.stop();
  (await server.next()).answer(422, status(422, 'Invalid'));
  const page = await server.next();
  page.answer(200, podList('5', [pod('a'), pod('b')], 'next'));
  await page.closed;
  await watch.saw('added a@1');
  expect(watch.log).toEqual(['added a@1']);
  expect(server.received).toBe(2);
});

test('stop during a pause ends it, and nothing is asked again', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).answer(503, 'busy');
  await clock.armed(400);
  watch.stop();
  expect(clock.pending()).toEqual([]);
  clock.advance(60_000);
  expect(server.received).toBe(1);
});

test('after stop nothing is told even when the transport goes on delivering', async () => {
  const line = (event: unknown) => Buffer.from(`${JSON.stringify(event)}\n`);
  const gate = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const deaf: Transport = {
    request: async (): Promise<KubeResponse> => ({ status: 200, headers: new Map(), body: body() }),
    close: async () => {},
  };
  async function* body() {
    try {
      yield line(added(pod('a')));
      await gate.promise;
      yield line(added(pod('b')));
    } finally {
      left.resolve();
    }
  }
  const watch = recordWatch({ transport: deaf, clock: createFakeClock() });
  await watch.saw('added a@1');
  watch.stop();
  gate.resolve();
  await left.promise;
  expect(watch.log).toEqual(['added a@1']);
});

import { expect, test } from 'vitest';
import { added, endOfList, errorEvent, pod, podList, status } from './samples.ts';
import { passPause, startSyncedWatch, startWatch } from './scene.ts';

test('no failure stops a watch: it comes back after each, and syncs when the server does', async () => {
  const { server, clock, watch } = await startWatch();
  const failures = [
    { code: 401, reason: 'Unauthorized', error: 'Unauthorized' },
    { code: 403, reason: 'Forbidden', error: 'Forbidden' },
    { code: 404, reason: 'NotFound', error: 'NotFound' },
    { code: 500, reason: 'InternalError', error: 'ServerError' },
    { code: 503, reason: 'ServiceUnavailable', error: 'Unavailable' },
    { code: 504, reason: 'Timeout', error: 'Timeout' },
  ];
  for (const [index, { code, reason, error }] of failures.entries()) {
    (await server.next()).answer(code, status(code, reason));
    await watch.saw(`error ${error}`);
    await passPause(clock, 400 * 2 ** index);
  }
  (await server.next()).stream(endOfList('5'));
  await watch.saw('synced');
});

test('pauses grow from at most 0.8 s to at most 30 s with full jitter, and shrink after a connection that worked', async () => {
  const { server, clock, watch } = await startWatch({ random: () => 0.5 });
  for (const ms of [400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]) {
    (await server.next()).cut();
    await passPause(clock, ms);
  }
  const stream = await server.next();
  stream.stream(endOfList('5'));
  await watch.saw('synced');
  stream.cut();
  await clock.armed(400);
});

test('no pause is zero, whatever the dice show', async () => {
  const { server, clock } = await startWatch({ random: () => 0 });
  (await server.next()).cut();
  await clock.armed(20);
});

test('a server that lists and then sends nonsense is not listed at full speed', async () => {
  const { server, clock, watch } = await startWatch();
  for (const [index, ms] of [400, 800, 1_600].entries()) {
    const stream = await server.next();
    stream.stream(endOfList('5'));
    stream.raw('nonsense\n');
    await watch.saw('error Protocol', index + 1);
    await passPause(clock, ms);
  }
});

test('a connection that lasted 30 s resets the pause, even if it ended in nonsense', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).cut();
  await passPause(clock, 400);
  const stream = await server.next();
  stream.stream(endOfList('5'));
  await watch.saw('synced');
  clock.advance(30_000);
  stream.raw('nonsense\n');
  await watch.saw('error Protocol');
  await clock.armed(400);
});

test('Retry-After is waited for, up to a minute', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).answer(429, status(429, 'TooManyRequests'), { 'retry-after': '7' });
  await watch.saw('error TooManyRequests');
  await passPause(clock, 7_000);
  (await server.next()).answer(503, 'busy', { 'retry-after': '86400' });
  await watch.saw('error Unavailable');
  await clock.armed(60_000);
});

test('an answer whose headers never come is given up after a minute', async () => {
  const { server, clock, watch } = await startWatch();
  const request = await server.next();
  await clock.armed(60_000);
  clock.advance(60_000);
  await watch.saw('error Timeout');
  await request.closed;
});

test('before any bookmark a silent connection is dead 30 s after the server should have ended it', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).answer(422, status(422, 'Invalid'));
  (await server.next()).answer(200, podList('8', []));
  (await server.next()).stream();
  await clock.armed(390_000);
  clock.advance(389_999);
  expect(watch.errors).toEqual([]);
  clock.advance(1);
  await watch.saw('error Timeout');
});

test.each([
  { what: 'no JSON', line: 'nonsense' },
  { what: 'no object', line: '[1]' },
  { what: 'bytes that are no UTF-8', line: Buffer.from(JSON.stringify(added(pod('b\u00ff'))), 'latin1') },
  { what: 'an unknown type', line: JSON.stringify({ type: 'RENAMED', object: pod('b') }) },
  { what: 'an object without metadata', line: JSON.stringify({ type: 'ADDED', object: { kind: 'Pod' } }) },
  { what: 'an object without a uid', line: JSON.stringify(added({ metadata: { name: 'b', resourceVersion: '6' } })) },
  { what: 'a resourceVersion that is no number', line: JSON.stringify(added(pod('b', { rv: 'x1' }))) },
  {
    what: 'a bookmark without a resourceVersion',
    line: JSON.stringify({ type: 'BOOKMARK', object: { metadata: {} } }),
  },
])('a line with $what is an error and a relist, after the events before it', async ({ line }) => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.raw(
    Buffer.concat([
      Buffer.from(`${JSON.stringify(added(pod('a', { rv: '6' })))}\n`),
      Buffer.from(line),
      Buffer.from('\n'),
    ]),
  );
  await watch.saw('error Protocol');
  expect(watch.log.slice(2)).toEqual(['added a@6', 'progress 6', 'error Protocol']);
  await stream.closed;
  await passPause(clock, 400);
  expect((await server.next()).query.get('sendInitialEvents')).toBe('true');
});

test('an error says what was watched, where, and the server’s words', async () => {
  const { watch, stream } = await startSyncedWatch([], '5', { namespace: 'team' });
  stream.send(errorEvent(410, 'Expired', { message: 'too old resource version: 5 (9)' }));
  await watch.saw('error Gone');
  expect(watch.errors[0]).toMatchObject({
    message: 'cannot watch pods team: too old resource version: 5 (9)',
    verb: 'watch',
    status: 410,
    reason: 'Expired',
    outcomeUnknown: false,
  });
});

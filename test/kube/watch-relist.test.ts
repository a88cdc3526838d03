import { expect, test } from 'vitest';
import { added, deleted, endOfList, errorEvent, modified, pod, podList, status } from './samples.ts';
import { passPause, startSyncedWatch, startWatch } from './scene.ts';

const expiredWithoutCode = { type: 'ERROR', object: { kind: 'Status', reason: 'Expired' } };

test.each([
  { why: 'an ERROR event 410', event: errorEvent(410, 'Expired'), code: 'Gone' },
  { why: 'an ERROR event Expired without a code', event: expiredWithoutCode, code: 'Gone' },
  { why: 'an ERROR event Gone', event: errorEvent(410, 'Gone'), code: 'Gone' },
  {
    why: 'an ERROR event that the resourceVersion is too large',
    event: errorEvent(504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }),
    code: 'Timeout',
  },
  { why: 'an ERROR event 500', event: errorEvent(500, 'InternalError'), code: 'ServerError' },
  { why: 'an ERROR event without a Status', event: { type: 'ERROR', object: 'nonsense' }, code: 'ServerError' },
])('after $why the watch begins anew with what is current', async ({ event, code }) => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.send(event);
  await watch.saw(`error ${code}`);
  await passPause(clock, 400);
  const relist = await server.next();
  expect(relist.query.has('resourceVersion')).toBe(false);
  expect(relist.query.get('sendInitialEvents')).toBe('true');
});

test.each([
  { why: '410', code: 410, body: status(410, 'Expired'), error: 'Gone' },
  {
    why: 'too large a resourceVersion',
    code: 504,
    body: status(504, 'Timeout', { message: 'Too large resource version: 9, current: 3' }),
    error: 'Timeout',
  },
])('a watch refused with $why begins anew with what is current', async ({ code, body, error }) => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  clock.advance(1_000);
  stream.end();
  (await server.next()).answer(code, body);
  await watch.saw(`error ${error}`);
  await clock.armed(400);
  clock.advance(400);
  expect((await server.next()).query.get('sendInitialEvents')).toBe('true');
});

test('an ERROR event that says nothing about the position keeps it', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.send(errorEvent(429, 'TooManyRequests'));
  await watch.saw('error TooManyRequests');
  await passPause(clock, 400);
  expect((await server.next()).query.get('resourceVersion')).toBe('5');
});

const before = [
  added(pod('same', { rv: '1' })),
  added(pod('changed', { rv: '2' })),
  added(pod('replaced', { rv: '3', uid: 'old' })),
  added(pod('vanished', { rv: '4' })),
];
const after = [pod('same', { rv: '1' }), pod('changed', { rv: '12' }), pod('replaced', { rv: '13', uid: 'new' })];
const difference = [
  'modified changed@2->12',
  'deleted replaced@3 (relist)',
  'added replaced@13',
  'added fresh@14',
  'deleted vanished@4 (relist)',
  'progress 20',
];

test('a relist tells the difference: replaced is deleted and added, the same is not told, vanished comes before progress', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch(before, '5');
  stream.send(errorEvent(410, 'Expired'));
  await watch.saw('error Gone');
  await passPause(clock, 400);
  (await server.next()).stream(...[...after, pod('fresh', { rv: '14' })].map(added), endOfList('20'));
  await watch.saw('progress 20');
  expect(watch.log.slice(watch.log.indexOf('error Gone') + 1)).toEqual(difference);
  const old = watch.events.find((event) => event.type === 'deleted' && event.object.metadata.name === 'replaced');
  expect(old?.object.metadata.uid).toBe('old');
});

test('a relist in pages tells the same difference', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).answer(422, status(422, 'Invalid'));
  (await server.next()).answer(
    200,
    podList(
      '5',
      before.map(({ object }) => object),
    ),
  );
  (await server.next()).answer(410, status(410, 'Expired'));
  await watch.saw('error Gone');
  await passPause(clock, 400);
  (await server.next()).answer(200, podList('20', after, 'next'));
  (await server.next()).answer(200, podList('20', [pod('fresh', { rv: '14' })]));
  await watch.saw('progress 20');
  expect(watch.log.slice(watch.log.indexOf('error Gone') + 1)).toEqual(difference);
});

test('a relist that breaks off tells nobody deleted, and the next one still does', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([added(pod('a')), added(pod('b'))], '5');
  stream.send(errorEvent(410, 'Expired'));
  await watch.saw('error Gone');
  await passPause(clock, 400);
  const broken = await server.next();
  broken.stream(added(pod('c', { rv: '8' })));
  await watch.saw('added c@8');
  broken.cut();
  await watch.saw('error Network');
  expect(watch.log.filter((line) => line.startsWith('deleted'))).toEqual([]);
  await passPause(clock, 800);
  (await server.next()).stream(added(pod('a')), endOfList('9'));
  await watch.saw('progress 9');
  expect(watch.log.slice(watch.log.indexOf('error Network') + 1)).toEqual([
    'deleted b@1 (relist)',
    'deleted c@8 (relist)',
    'progress 9',
  ]);
});

test.each([
  { type: 'ADDED', event: added },
  { type: 'MODIFIED', event: modified },
])('a streamed $type with another uid is a deletion nobody saw, and an addition', async ({ event }) => {
  const { watch, stream } = await startSyncedWatch([added(pod('a', { uid: 'old' }))], '5');
  stream.send(event(pod('a', { uid: 'new', rv: '8' })));
  await watch.saw('progress 8');
  expect(watch.log.slice(3)).toEqual(['deleted a@1 (relist)', 'added a@8', 'progress 8']);
});

test('another uid is another object even at the same resourceVersion', async () => {
  const { watch, stream } = await startSyncedWatch([added(pod('a', { uid: 'old', rv: '4' }))], '5');
  stream.send(added(pod('a', { uid: 'new', rv: '4' })));
  await watch.saw('added a@4', 2);
  expect(watch.log.slice(3)).toContain('deleted a@4 (relist)');
});

test('a streamed DELETED with another uid ends the known object and does not invent the other', async () => {
  const { watch, stream } = await startSyncedWatch([added(pod('a', { uid: 'old' }))], '5');
  stream.send(deleted(pod('a', { uid: 'new', rv: '8' })));
  await watch.saw('progress 8');
  expect(watch.log.slice(3)).toEqual(['deleted a@1 (relist)', 'progress 8']);
  expect(watch.events.at(-1)?.object.metadata.uid).toBe('old');
});

test('a streamed DELETED carries the final object; one never known is only progress', async () => {
  const { watch, stream } = await startSyncedWatch([added(pod('a'))], '5');
  stream.send(deleted(pod('a', { rv: '8', more: { deletionTimestamp: 'then' } })), deleted(pod('b', { rv: '9' })));
  await watch.saw('progress 9');
  expect(watch.log.slice(3)).toEqual(['deleted a@8 (watch)', 'progress 8', 'progress 9']);
  expect(watch.events.at(-1)?.object.metadata.deletionTimestamp).toBe('then');
});

test('objects of the same name in two namespaces are two objects', async () => {
  const { watch } = await startSyncedWatch([added(pod('a')), added(pod('a', { namespace: 'other', uid: 'u2' }))], '5');
  expect(watch.log.slice(0, 2)).toEqual(['added a@1', 'added a@1']);
});

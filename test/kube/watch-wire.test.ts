import { expect, test } from 'vitest';
import { added, modified, pod } from './samples.ts';
import { startSyncedWatch } from './scene.ts';

test('a line of 3 MB with characters of several bytes arrives whole, whatever its chunks', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  const text = 'ein Haus, дом, 家, 🏠 '.repeat(120_000);
  const bytes = Buffer.from(`${JSON.stringify(added({ ...pod('big', { rv: '6' }), text }))}\n`);
  expect(bytes.length).toBeGreaterThan(3_000_000);
  // An odd size, so that borders fall inside characters.
  for (let at = 0; at < bytes.length; at += 65_537) stream.raw(bytes.subarray(at, at + 65_537));
  await watch.saw('added big@6');
  expect(watch.events[0]?.object['text']).toBe(text);
});

test('one character in two chunks stays one character', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  const bytes = Buffer.from(`${JSON.stringify(added(pod('a', { rv: '6', more: { labels: { home: '🏠' } } })))}\n`);
  const inside = bytes.indexOf(0xf0) + 2;
  stream.raw(bytes.subarray(0, inside));
  stream.raw(bytes.subarray(inside));
  await watch.saw('added a@6');
  expect(watch.events[0]?.object.metadata.labels).toEqual({ home: '🏠' });
});

test('many lines in one chunk are as many events', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  const lines = Array.from({ length: 2_000 }, (_, index) =>
    JSON.stringify(added(pod(`p${index}`, { rv: `${index + 6}` }))),
  );
  stream.raw(`${lines.join('\n')}\n`);
  await watch.saw('added p1999@2005');
  expect(watch.events).toHaveLength(2_000);
});

test('managedFields are taken out, all other fields stay as they were, unknown ones too', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  const extra = { ...pod('a', { rv: '6' }), fromTheFuture: { deep: [1, { x: null }] } };
  stream.send(added(extra));
  await watch.saw('added a@6');
  const { managedFields: _, ...metadata } = extra.metadata;
  expect(watch.events[0]?.object).toEqual({ ...extra, metadata });
});

test('a __proto__ key stays data and changes no prototype', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  const raw = JSON.stringify(added(pod('a', { rv: '6' })))
    .replace('"spec":', '"__proto__":{"polluted":1},"spec":')
    .replace('"name":', '"__proto__":{"polluted":2},"name":');
  stream.raw(`${raw}\n`);
  await watch.saw('added a@6');
  const object = watch.events[0]?.object;
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  expect(Object.getPrototypeOf(object?.metadata)).toBe(Object.prototype);
  expect(object?.['polluted']).toBeUndefined();
  expect(JSON.stringify(object)).toContain('"__proto__":{"polluted":1}');
});

test('an object told is never changed by us afterwards', async () => {
  const { watch, stream } = await startSyncedWatch([added(pod('a'))], '5');
  const before = structuredClone(watch.events[0]?.object);
  stream.send(modified(pod('a', { rv: '6', more: { labels: { new: 'yes' } } })));
  await watch.saw('modified a@1->6');
  expect(watch.events[0]?.object).toEqual(before);
  const event = watch.events[1];
  expect(event?.type === 'modified' && event.previous).toBe(watch.events[0]?.object);
});

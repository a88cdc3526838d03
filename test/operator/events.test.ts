// Events on the app: few enough for the API server, and never in the way.

import { expect, test } from 'vitest';
import { createClient } from '../../src/kube/client.ts';
import { Events } from '../../src/operator/events.ts';
import { readApp } from '../../src/plan/observe.ts';
import { createFakeClock } from '../kube/fake-clock.ts';
import { rawApp } from '../plan/objects.ts';
import { Api, refusal } from './api.ts';
import { settled } from './daemon.ts';

const app = readApp(rawApp({}));
const note = (message: string, type: 'Normal' | 'Warning' = 'Normal') => ({
  type,
  reason: 'SuccessfulCreate',
  message,
});

function bench() {
  const clock = createFakeClock();
  const api = new Api(clock);
  const failed: unknown[] = [];
  const events = new Events(createClient(api.transport(), { clock }), clock, (error) => failed.push(error));
  const told = () => api.sent.map(({ body }) => body['message']);
  return { api, clock, events, failed, told };
}

test('an Event names the app, so that kubectl describe shows it', async () => {
  const { api, events } = bench();
  events.tell(app, note('create Pod web-0', 'Warning'));
  await settled(1);
  expect(api.sent).toMatchObject([
    {
      verb: 'create',
      path: '/api/v1/namespaces/prod/events',
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { namespace: 'prod', name: expect.stringMatching(/^web\.[0-9a-f]+$/) },
        involvedObject: {
          apiVersion: 'statefulapp.dev/v1alpha1',
          kind: 'StatefulApp',
          name: 'web',
          namespace: 'prod',
          uid: 'app-uid',
        },
        type: 'Warning',
        reason: 'SuccessfulCreate',
        message: 'create Pod web-0',
        firstTimestamp: '2023-11-14T22:13:21Z',
        count: 1,
        source: { component: 'statefulapp-operator' },
      },
    },
  ]);
});

test('of a burst 25 are told, then one in five minutes, up to 25 again', () => {
  const { events, clock, told } = bench();
  const tell = (count: number) => {
    const before = told().length;
    for (let index = 0; index < count; index += 1) events.tell(app, note(`${clock.monotonic()} ${index}`));
    return told().length - before;
  };
  expect(tell(40)).toBe(25);
  clock.advance(299_999);
  expect(tell(3)).toBe(0);
  clock.advance(1);
  expect(tell(3)).toBe(1);
  clock.advance(100 * 300_000);
  expect(tell(40)).toBe(25);
});

test('what one app says is not counted against another', () => {
  const { events, told } = bench();
  for (let index = 0; index < 30; index += 1) events.tell(app, note(`${index}`));
  events.tell({ ...app, uid: 'other' }, note('of another app'));
  expect(told()).toHaveLength(26);
});

test('equal Events in a row are told once, and again when something else came between', () => {
  const { events, told } = bench();
  for (const message of ['a', 'a', 'b', 'b', 'a']) events.tell(app, note(message));
  expect(told()).toEqual(['a', 'b', 'a']);
});

test('an Event that happens again ten minutes later is news', () => {
  const { events, told, clock } = bench();
  for (const ms of [0, 599_999, 1]) {
    clock.advance(ms);
    events.tell(app, note('a'));
  }
  expect(told()).toEqual(['a', 'a']);
});

test('each Event of a moment has a name of its own', () => {
  const { api, events } = bench();
  for (let index = 0; index < 20; index += 1) events.tell(app, note(`${index}`));
  expect(new Set(api.sent.map(({ body }) => (body['metadata'] as { name: string }).name)).size).toBe(20);
});

test('a message is cut to what the API server takes', () => {
  const { events, told } = bench();
  events.tell(app, note('x'.repeat(5000)));
  expect(told()).toEqual(['x'.repeat(1024)]);
});

test('an Event that cannot be written holds nothing up, and is told to whoever wants to know', async () => {
  const { api, events, failed } = bench();
  api.rule(() => refusal(403, 'Forbidden'));
  events.tell(app, note('a'));
  await settled(2);
  expect(failed).toMatchObject([{ code: 'Forbidden' }]);
});

test('an app that is gone leaves no bucket behind', () => {
  const { events, told } = bench();
  for (let index = 0; index < 30; index += 1) events.tell(app, note(`${index}`));
  events.forget(app.uid);
  events.tell(app, note('29'));
  expect(told()).toHaveLength(26);
});

test('what is done within a moment is told together, until it is full or something else is told', () => {
  const { events, clock, told } = bench();
  events.tell(app, note('a'), 800);
  clock.advance(799);
  events.tell(app, note('b'), 800);
  expect(told()).toEqual([]);
  clock.advance(1);
  expect(told()).toEqual(['a; b']);
  events.tell(app, note('c'), 800);
  events.tell(app, note('refused', 'Warning'));
  expect(told().slice(1)).toEqual(['c', 'refused']);
  events.tell(app, note('d'.repeat(1000)), 800);
  events.tell(app, note('e'.repeat(1000)), 800);
  events.flush();
  expect(told().slice(3)).toEqual(['d'.repeat(1000), 'e'.repeat(1000)]);
  clock.advance(10_000);
  expect(told()).toHaveLength(5);
});

test('what is told together counts once, and apps are told apart', () => {
  const { events, clock, told } = bench();
  for (let index = 0; index < 40; index += 1) events.tell(app, note(`${index}`), 800);
  events.tell({ ...app, uid: 'other' }, note('of another app'), 800);
  clock.advance(800);
  expect(told()).toEqual([Array.from({ length: 40 }, (_, index) => `${index}`).join('; '), 'of another app']);
  expect(Array.from({ length: 40 }, (_, index) => events.tell(app, note(`x${index}`))).length).toBe(40);
  expect(told()).toHaveLength(2 + 24);
});

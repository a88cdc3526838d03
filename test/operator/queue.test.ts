// The keyed queue: one in flight per key, in order of arrival, with backoff.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Outcome, Queue, type QueueMeter } from '../../src/operator/queue.ts';
import { createFakeClock } from '../kube/fake-clock.ts';
import { settled } from './daemon.ts';

function bench({ workers = 2, random = () => 1 }: { workers?: number; random?: () => number } = {}) {
  const clock = createFakeClock();
  const started: string[] = [];
  const ends = new Map<string, { resolve: (outcome: Outcome) => void; reject: (error: unknown) => void }>();
  const overlaps: string[] = [];
  const measured = { depths: [] as number[], waits: [] as number[], works: [] as number[], retries: 0, adds: 0 };
  const meter: QueueMeter = {
    depth: (keys) => measured.depths.push(keys),
    added: () => {
      measured.adds += 1;
    },
    waited: (ms) => measured.waits.push(ms),
    worked: (ms) => measured.works.push(ms),
    retried: () => {
      measured.retries += 1;
    },
  };
  const turns: number[] = [];
  const handle = (key: string, waitedMs: number) => {
    turns.push(waitedMs);
    if (ends.has(key)) overlaps.push(key);
    started.push(key);
    return new Promise<Outcome>((resolve, reject) => ends.set(key, { resolve, reject }));
  };
  const queue = new Queue({ clock, random, workers, meter, handle });
  const take = (key: string) => {
    const end = ends.get(key);
    if (end === undefined) throw new Error(`${key} is not being worked on`);
    ends.delete(key);
    return end;
  };
  return {
    clock,
    queue,
    started,
    overlaps,
    measured,
    turns,
    working: () => [...ends.keys()],
    async finish(key: string, outcome: Outcome = {}) {
      take(key).resolve(outcome);
      await settled(1);
    },
    async reject(key: string) {
      take(key).reject(new Error('the handler broke'));
      await settled(1);
    },
    /** One pass of a key that is due at once. */
    async fail(key: string, outcome: Outcome = {}) {
      take(key).resolve({ failed: true, ...outcome });
      await settled(1);
    },
  };
}

test('a key that is added twice before it is served is served once', async () => {
  const { queue, started, finish, measured } = bench();
  queue.add('a');
  queue.add('a');
  queue.start();
  await finish('a');
  expect(started).toEqual(['a']);
  expect(measured.adds).toBe(1);
});

test('nothing is served before the start', () => {
  const { queue, started } = bench();
  queue.add('a');
  expect(started).toEqual([]);
  queue.start();
  expect(started).toEqual(['a']);
});

test('a key that is added while it is worked on is served again afterwards, once, and never beside itself', async () => {
  const { queue, started, finish, overlaps } = bench({ workers: 4 });
  queue.start();
  queue.add('a');
  queue.add('a');
  queue.add('a');
  expect(started).toEqual(['a']);
  await finish('a');
  expect(started).toEqual(['a', 'a']);
  await finish('a');
  expect(started).toEqual(['a', 'a']);
  expect(overlaps).toEqual([]);
});

test('as many keys are worked on as there are workers', async () => {
  const { queue, working, finish } = bench({ workers: 2 });
  queue.start();
  for (const key of ['a', 'b', 'c']) queue.add(key);
  expect(working()).toEqual(['a', 'b']);
  expect(queue.size).toBe(3);
  await finish('a');
  expect(working()).toEqual(['b', 'c']);
});

test('an app that flaps without end is served in its turn: every other one comes before it comes again', async () => {
  const { queue, started, finish } = bench({ workers: 1 });
  queue.start();
  queue.add('flapping');
  for (let index = 0; index < 20; index += 1) queue.add(`app-${index}`);
  for (let turn = 0; turn < 42; turn += 1) {
    queue.add('flapping');
    const current = started.at(-1);
    await finish(current ?? '');
  }
  const second = started.indexOf('flapping', 1);
  expect(started.slice(1, second)).toEqual(Array.from({ length: 20 }, (_, index) => `app-${index}`));
});

test('the pause after failures doubles from 50 ms to 30 s, and a success starts it over', async () => {
  const { queue, clock, started, fail, finish, measured } = bench();
  queue.start();
  queue.add('a');
  const pauses: number[] = [];
  for (let count = 0; count < 13; count += 1) {
    await fail('a');
    const [pause = Number.NaN] = clock.pending();
    pauses.push(pause);
    clock.advance(pause - 1);
    expect(started).toHaveLength(count + 1);
    clock.advance(1);
    expect(started).toHaveLength(count + 2);
  }
  expect(pauses).toEqual([50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000]);
  expect(measured.retries).toBe(13);
  await finish('a');
  queue.add('a');
  await fail('a');
  expect(clock.pending()).toEqual([50]);
});

test('the pause lies between half of its limit and the limit', async () => {
  const pauses = await Promise.all(
    [0, 0.5, 0.999].map(async (chance) => {
      const { queue, clock, fail } = bench({ random: () => chance });
      queue.start();
      queue.add('a');
      await fail('a');
      return clock.pending()[0];
    }),
  );
  expect(pauses).toEqual([25, 37.5, expect.closeTo(50, 0)]);
});

test('a server that says when to come again is not asked before', async () => {
  const { queue, clock, started, fail } = bench();
  queue.start();
  queue.add('a');
  await fail('a', { retryAfterMs: 7000 });
  queue.add('a');
  clock.advance(6999);
  expect(started).toEqual(['a']);
  clock.advance(1);
  expect(started).toEqual(['a', 'a']);
});

test('a Retry-After that is shorter than the pause does not shorten it', async () => {
  const { queue, clock, fail } = bench();
  queue.start();
  queue.add('a');
  await fail('a', { retryAfterMs: 1 });
  expect(clock.pending()).toEqual([50]);
});

test('news about a failing key, also such as came during the pass, does not cut its pause short', async () => {
  const { queue, clock, started, fail, finish } = bench();
  queue.start();
  queue.add('a');
  queue.add('a');
  await fail('a');
  queue.add('a');
  queue.addAfter('a', 10);
  clock.advance(49);
  expect(started).toEqual(['a']);
  clock.advance(1);
  expect(started).toEqual(['a', 'a']);
  await finish('a');
  clock.advance(60_000);
  expect(started).toEqual(['a', 'a']);
});

test('a time that was asked for during a pass that then fails does not cut the pause short either', async () => {
  const { queue, clock, fail } = bench();
  queue.start();
  queue.add('a');
  queue.addAfter('a', 10);
  await fail('a');
  expect(clock.pending()).toEqual([50]);
});

test('news about a key that merely sleeps wakes it, and it does not wake once more', async () => {
  const { queue, clock, started, finish } = bench();
  queue.start();
  queue.add('a');
  await finish('a', { wakeInMs: 5000 });
  queue.add('a');
  expect(started).toEqual(['a', 'a']);
  await finish('a');
  expect(clock.pending()).toEqual([]);
});

test('a handler that rejects has failed', async () => {
  const { queue, clock, started, reject, measured } = bench();
  queue.start();
  queue.add('a');
  await reject('a');
  expect(measured.retries).toBe(1);
  clock.advance(50);
  expect(started).toEqual(['a', 'a']);
});

test('of several times for one key the earliest counts', async () => {
  const { queue, clock, started, finish } = bench();
  queue.start();
  queue.addAfter('a', 500);
  queue.addAfter('a', 200);
  queue.addAfter('a', 900);
  expect(clock.pending()).toEqual([200]);
  clock.advance(199);
  expect(started).toEqual([]);
  clock.advance(1);
  expect(started).toEqual(['a']);
  await finish('a');
  clock.advance(10_000);
  expect(started).toEqual(['a']);
});

test('a time beyond what a timer of JavaScript can hold is cut to a day', () => {
  const { queue, clock } = bench();
  queue.start();
  queue.addAfter('a', 1e12);
  expect(clock.pending()).toEqual([86_400_000]);
});

test('a time that is now or past needs no timer', () => {
  const { queue, clock, started } = bench();
  queue.start();
  queue.addAfter('a', 0);
  queue.addAfter('b', -5);
  expect(started).toEqual(['a', 'b']);
  expect(clock.pending()).toEqual([]);
});

test('stop takes up nothing new, and resolves when what is under way has ended', async () => {
  const { queue, started, finish, working } = bench({ workers: 2 });
  queue.start();
  for (const key of ['a', 'b', 'c']) queue.add(key);
  let stopped = false;
  const stop = queue.stop().then(() => {
    stopped = true;
  });
  await finish('a');
  expect(stopped).toBe(false);
  await finish('b');
  await stop;
  expect(working()).toEqual([]);
  expect(started).toEqual(['a', 'b']);
  queue.start();
  expect(started).toEqual(['a', 'b', 'c']);
});

test('stop resolves at once when nothing is under way', async () => {
  const { queue } = bench();
  queue.start();
  await expect(queue.stop()).resolves.toBeUndefined();
});

test('stop leaves no timer behind, and the keys that slept or backed off are served after the next start', async () => {
  const { queue, clock, started, finish, fail } = bench({ workers: 3 });
  queue.start();
  for (const key of ['sleeps', 'fails', 'works']) queue.add(key);
  await finish('sleeps', { wakeInMs: 9000 });
  await fail('fails');
  const stop = queue.stop();
  await finish('works', { wakeInMs: 100 });
  await stop;
  expect(clock.pending()).toEqual([]);
  expect(started).toHaveLength(3);
  queue.start();
  expect(started.slice(3).sort()).toEqual(['fails', 'sleeps', 'works']);
});

test('a key that is forgotten does not wake any more, and has never failed', async () => {
  const { queue, clock, started, fail } = bench();
  queue.start();
  queue.add('a');
  await fail('a');
  queue.forget('a');
  clock.advance(60_000);
  expect(started).toEqual(['a']);
  queue.add('a');
  await fail('a');
  expect(clock.pending()).toEqual([50]);
});

test('the longest pass under way is known', async () => {
  const { queue, clock, finish } = bench();
  queue.start();
  expect(queue.longestPassMs).toBe(0);
  queue.add('a');
  clock.advance(300);
  queue.add('b');
  clock.advance(200);
  expect(queue.longestPassMs).toBe(500);
  await finish('a');
  expect(queue.longestPassMs).toBe(200);
});

test('the meter learns how many wait, how long, and how long the work took; the handler, how long its key waited', async () => {
  const { queue, clock, finish, measured, turns } = bench({ workers: 1 });
  queue.start();
  queue.add('a');
  queue.add('b');
  clock.advance(30);
  await finish('a');
  clock.advance(5);
  await finish('b');
  expect(measured.depths).toEqual([1, 0, 1, 0]);
  expect(measured.waits).toEqual([0, 30]);
  expect(turns).toEqual([0, 30]);
  expect(measured.works).toEqual([30, 5]);
});

const KEYS = ['a', 'b', 'c', 'd'] as const;
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ do: fc.constant('addAfter' as const), key: fc.constantFrom(...KEYS), ms: fc.integer({ max: 1000 }) }),
  fc.record({ do: fc.constantFrom('finish' as const, 'fail' as const, 'reject' as const), pick: fc.nat(9) }),
  fc.record({ do: fc.constant('sleep' as const), pick: fc.nat(9), ms: fc.integer({ max: 1000 }) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat(2000) }),
  fc.record({ do: fc.constantFrom('start' as const, 'stop' as const) }),
);

test('whatever comes in whatever order: no key is lost, and none is worked on twice at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
      const scene = bench({ workers });
      const { queue, clock, started } = scene;
      /** Keys that must be served at least once more, and the count of services when they were asked for. */
      const owed = new Map<string, number>();
      const served = (key: string) => started.filter((one) => one === key).length;
      const pick = (index: number) => scene.working()[index % Math.max(scene.working().length, 1)];
      for (const one of steps) {
        if (one.do === 'add' || one.do === 'addAfter') {
          owed.set(one.key, served(one.key));
          if (one.do === 'add') queue.add(one.key);
          else queue.addAfter(one.key, one.ms);
        } else if (one.do === 'advance') clock.advance(one.ms);
        else if (one.do === 'start') queue.start();
        else if (one.do === 'stop') void queue.stop();
        else if ('pick' in one) {
          const key = pick(one.pick);
          if (key === undefined) continue;
          const before = served(key);
          if (one.do === 'finish') await scene.finish(key);
          else if (one.do === 'sleep') await scene.finish(key, { wakeInMs: one.ms });
          else if (one.do === 'fail') await scene.fail(key);
          else await scene.reject(key);
          if (one.do !== 'finish') owed.set(key, before);
        }
        expect(scene.overlaps).toEqual([]);
        expect(scene.working().length).toBeLessThanOrEqual(workers);
      }
      queue.start();
      for (let round = 0; round < 40; round += 1) {
        for (const key of scene.working()) await scene.finish(key);
        clock.advance(1000);
      }
      for (const [key, before] of owed) expect(served(key), key).toBeGreaterThan(before);
      expect(queue.size).toBe(0);
    }),
    { numRuns: 200 },
  );
});

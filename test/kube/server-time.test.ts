// Whose clock counts: ours, until the API server's says otherwise.

import { expect, test } from 'vitest';
import { onServerTime } from '../../src/kube/server-time.ts';
import type { KubeResponse } from '../../src/kube/transport.ts';
import { createFakeClock } from './fake-clock.ts';

const REQUEST = { method: 'GET', path: '/api/v1/pods' } as const;

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** A server whose clock is ahead of ours by so much, or says nothing at all. */
function bench() {
  const clock = createFakeClock();
  let aheadMs: number | undefined = 0;
  let status = 200;
  let tookMs = 0;
  const answer = (): KubeResponse => {
    const date = aheadMs === undefined ? [] : [['date', new Date(clock.now() + aheadMs).toUTCString()] as const];
    return { status, headers: new Map(date), body: nothing() };
  };
  const inner = {
    request: () => {
      clock.advance(tookMs);
      return Promise.resolve(answer());
    },
    close: () => Promise.resolve(),
  };
  const on = onServerTime(inner, clock);
  const ask = async (given: { aheadMs?: number | undefined; status?: number; tookMs?: number }) => {
    aheadMs = given.aheadMs;
    status = given.status ?? 200;
    tookMs = given.tookMs ?? 0;
    await on.transport.request(REQUEST);
    return on.clock.now() - clock.now();
  };
  return { clock, on, ask };
}

test('ours counts before anybody says otherwise, and while the server agrees', async () => {
  const { on, clock, ask } = bench();
  expect(on.clock.now()).toBe(clock.now());
  expect([await ask({ aheadMs: 0 }), await ask({ aheadMs: 4000 }), await ask({ aheadMs: -4000 })]).toEqual([0, 0, 0]);
});

test.each([3_600_000, -3_600_000, 60_000, -60_000])(
  'the server`s counts when ours is wrong by %i ms',
  async (aheadMs) => {
    const { ask } = bench();
    expect(Math.abs((await ask({ aheadMs })) - aheadMs)).toBeLessThan(1000);
  },
);

test('one moment always reads the same: what the header can not tell changes nothing', async () => {
  const { ask } = bench();
  const first = await ask({ aheadMs: 60_000 });
  expect([await ask({ aheadMs: 61_000 }), await ask({ aheadMs: 57_000 })]).toEqual([first, first]);
});

test('ours is not asked again: when it jumps, nothing changes', () => {
  const clock = createFakeClock();
  let jumpMs = 0;
  const { clock: on } = onServerTime(
    { request: () => Promise.reject(new Error('not asked')), close: () => Promise.resolve() },
    { ...clock, now: () => clock.now() + jumpMs },
  );
  const before = on.now();
  jumpMs = 60_000;
  clock.advance(10);
  expect(on.now()).toBe(before + 10);
});

test.each([
  ['an answer without a date', { aheadMs: undefined }],
  ['a failure, which a proxy may have answered', { aheadMs: 60_000, status: 503 }],
  ['an answer that took long', { aheadMs: 60_000, tookMs: 2001 }],
])('%s says nothing', async (_, given) => {
  expect(await bench().ask(given)).toBe(0);
});

test('the offset between the two scales is exact, and changes with the server`s word alone', async () => {
  const { on, clock, ask } = bench();
  expect(clock.monotonic() + on.wallOffsetMs()).toBe(on.clock.now());
  const before = on.wallOffsetMs();
  await ask({ aheadMs: 60_000 });
  expect(Math.abs(on.wallOffsetMs() - before - 60_000)).toBeLessThan(1000);
  expect(clock.monotonic() + on.wallOffsetMs()).toBe(on.clock.now());
});

test('durations are ours alone', async () => {
  const { on, clock, ask } = bench();
  await ask({ aheadMs: 60_000 });
  expect(on.clock.monotonic()).toBe(clock.monotonic());
  let isDue = false;
  on.clock.after(50, () => {
    isDue = true;
  });
  clock.advance(50);
  expect(isDue).toBe(true);
});

import { expect, test } from 'vitest';
import { wallOffset } from '../../src/operator/wall.ts';
import { createFakeClock } from '../kube/fake-clock.ts';

function clockAt() {
  const clock = createFakeClock();
  let skew = 0;
  return { ...clock, now: () => clock.now() + skew, jump: (ms: number) => (skew += ms) };
}

test('the offset is the same for one moment, however the clocks round', () => {
  const clock = clockAt();
  const offset = wallOffset(clock);
  const before = offset();
  clock.advance(5_000.4);
  clock.jump(0.7);
  expect(offset()).toBe(before);
});

test('the offset follows a wall clock that was set', () => {
  const clock = clockAt();
  const offset = wallOffset(clock);
  const before = offset();
  clock.jump(-3_600_000);
  expect(offset()).toBe(before - 3_600_000);
});

/**
 * A clock that stands still until told otherwise, and lets a test wait for a timer to be set.
 *
 * Lacks on purpose: anything that reads real time.
 */
import type { Clock } from '../../src/kube/clock.ts';

interface Timer {
  readonly dueAt: number;
  readonly ms: number;
  readonly fn: () => void;
}

export interface FakeClock extends Clock {
  /** Moves time and calls what came due, in order. */
  advance(ms: number): void;
  /** Resolves once a timer of exactly this length is pending. */
  armed(ms: number): Promise<void>;
  /** Resolves once a timer is pending that comes due this long from now. */
  dueIn(ms: number): Promise<void>;
  /** Lengths of the pending timers. */
  pending(): readonly number[];
}

export function createFakeClock(): FakeClock {
  let time = 1_000;
  const timers = new Set<Timer>();
  const waiting = new Set<{ applies: (timer: Timer) => boolean; resolve: () => void }>();
  const wait = (applies: (timer: Timer) => boolean): Promise<void> => {
    if ([...timers].some(applies)) return Promise.resolve();
    return new Promise((resolve) => waiting.add({ applies, resolve }));
  };
  return {
    now: () => 1_700_000_000_000 + time,
    monotonic: () => time,
    after(ms, fn) {
      const timer = { dueAt: time + ms, ms, fn };
      timers.add(timer);
      for (const waiter of waiting) {
        if (waiter.applies(timer) && waiting.delete(waiter)) waiter.resolve();
      }
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = time + ms;
      while (true) {
        const [next] = [...timers].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt);
        if (next === undefined) break;
        timers.delete(next);
        time = next.dueAt;
        next.fn();
      }
      time = end;
    },
    armed: (ms) => wait((timer) => timer.ms === ms),
    dueIn(ms) {
      const dueAt = time + ms;
      return wait((timer) => timer.dueAt === dueAt);
    },
    pending: () => [...timers].map(({ ms }) => ms),
  };
}

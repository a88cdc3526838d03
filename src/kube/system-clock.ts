/**
 * The machine's own clock: what the daemon, the CLI and the undici transport use.
 *
 * Lacks on purpose: anything to configure. Tests and the simulator write their own Clock.
 */
import type { Clock } from './clock.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * How long to wait after the n-th failure in a row.
 *
 * Promise: full jitter (any time up to a limit that doubles from `baseMs` to `capMs`), so that watchers cut off together
 * do not come back together; and never zero, so that no loop spins.
 * Lacks on purpose: waiting, and giving up.
 */

export interface Backoff {
  next(): number;
  reset(): void;
}

const FLOOR_MS = 20;

export function createBackoff(options: { baseMs: number; capMs: number; random: () => number }): Backoff {
  const { baseMs, capMs, random } = options;
  let limitMs = baseMs;
  return {
    next() {
      const delay = Math.max(FLOOR_MS, random() * limitMs);
      limitMs = Math.min(capMs, limitMs * 2);
      return delay;
    },
    reset() {
      limitMs = baseMs;
    },
  };
}

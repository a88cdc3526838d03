// Steady time as wall time. Lacks state of its own but the one offset.

import type { Clock } from '../kube/clock.ts';

/** Clocks differ in how they round; a jump is more than that. */
const JUMP_MS = 1000;

/**
 * What is to be added to steady time to get wall time. It stays the same until the wall clock jumps, so that one moment
 * always reads the same, in a message or in a status.
 */
export function wallOffset(clock: Clock): () => number {
  const offset = () => Math.round(clock.now() - clock.monotonic());
  let kept = offset();
  return () => {
    const present = offset();
    if (Math.abs(present - kept) > JUMP_MS) kept = present;
    return kept;
  };
}

/**
 * The only way time enters this folder. Whoever starts a client or a watch passes a Clock, so a simulator can run both
 * on a virtual one.
 *
 * Lacks on purpose: intervals (a loop decides anew each time) and promises (a cancelled sleep must not leave one behind
 * that nobody settles).
 */

export interface Clock {
  /** Wall time in milliseconds since 1970: may jump, in either direction. Only for what people or objects read. */
  now(): number;
  /** Milliseconds that never go back. For every duration and deadline. */
  monotonic(): number;
  /** Calls `fn` once, no sooner than `ms` from now. The returned function cancels; after it has run `fn` never does. */
  after(ms: number, fn: () => void): () => void;
}

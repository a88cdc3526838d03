// What a writer did: one entry for each record that it tried to write, in the order in which it tried. Times are those of
// one monotonic clock, in milliseconds. Deliberately no retries of a record: a second try would hide what became of the first.

export interface Attempt {
  /** Counted up from 1, each tried once. */
  readonly record: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Acknowledged by the store; or the store's or the network's words. Without an acknowledgement it may be there or not. */
  readonly outcome: 'acknowledged' | { readonly failed: string };
}

export interface Journal {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attempts: readonly Attempt[];
}

/** Something that was done to the store while it was written to: from the first act until it was over. */
export interface Fault {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

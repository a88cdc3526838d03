// The keyed work queue, and the only retry policy there is. Each key is queued once, worked on by one worker at a time,
// and served in the order of its arrival, so that no key starves another. A key that comes while it is being worked on is
// served again afterwards. Semantics as client-go's util/workqueue; lacks priorities and rate limits across keys.

import type { Clock } from '../kube/clock.ts';

export interface Outcome {
  /** Look again after so many milliseconds, unless something happens earlier. */
  readonly wakeInMs?: number | undefined;
  /** The pass failed: try again with backoff, not before `retryAfterMs`. */
  readonly failed?: boolean;
  readonly retryAfterMs?: number | undefined;
}

export interface QueueMeter {
  depth(keys: number): void;
  added(): void;
  waited(ms: number): void;
  worked(ms: number): void;
  retried(): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly workers: number;
  readonly meter: QueueMeter;
  /** Gets the key and how many milliseconds it had to wait for its turn. A rejection counts as a failed pass. */
  readonly handle: (key: string, waitedMs: number) => Promise<Outcome>;
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 30_000;
/** Timers of JavaScript overflow beyond 2^31 - 1 ms. */
const MAX_WAKE_MS = 86_400_000;

interface Alarm {
  readonly atMs: number;
  readonly cancel: () => void;
}

export class Queue {
  readonly #options: QueueOptions;
  readonly #waiting = new Map<string, number>(); // key -> since when, in order of arrival
  readonly #working = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #alarms = new Map<string, Alarm>();
  readonly #failures = new Map<string, number>();
  #running = false;
  #idle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#waiting.has(key)) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    // News about a failing key does not cut its backoff short: that is how one app would flood the server.
    if (this.#running && this.#isBackingOff(key)) return;
    this.#dropAlarm(key);
    this.#waiting.set(key, this.#options.clock.monotonic());
    this.#options.meter.added();
    this.#options.meter.depth(this.#waiting.size);
    this.#serve();
  }

  /** Adds the key later; of several times the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (!this.#running || ms <= 0) {
      this.add(key);
      return;
    }
    const { clock } = this.#options;
    const delay = Math.min(ms, MAX_WAKE_MS);
    const atMs = clock.monotonic() + delay;
    const present = this.#alarms.get(key);
    if (this.#isBackingOff(key) || (present !== undefined && present.atMs <= atMs)) return;
    present?.cancel();
    const cancel = clock.after(delay, () => {
      this.#alarms.delete(key);
      this.add(key);
    });
    this.#alarms.set(key, { atMs, cancel });
  }

  /** Forgets all that is known of a key that is gone for good. */
  forget(key: string): void {
    this.#dropAlarm(key);
    this.#failures.delete(key);
  }

  start(): void {
    this.#running = true;
    this.#serve();
  }

  /**
   * Takes up nothing new; resolves when what is being worked on has ended. Keys stay queued for the next start, those
   * that slept too: no timer is left behind to keep a process alive.
   */
  stop(): Promise<void> {
    this.#running = false;
    for (const key of [...this.#alarms.keys()]) this.add(key);
    if (this.#working.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  get size(): number {
    return this.#waiting.size + this.#working.size;
  }

  /** How long the longest pass under way has taken, in milliseconds. */
  get longestPassMs(): number {
    const now = this.#options.clock.monotonic();
    return Math.max(0, ...[...this.#working.values()].map((start) => now - start));
  }

  #isBackingOff(key: string): boolean {
    return this.#failures.has(key) && this.#alarms.has(key);
  }

  #dropAlarm(key: string): void {
    this.#alarms.get(key)?.cancel();
    this.#alarms.delete(key);
  }

  #serve(): void {
    while (this.#running && this.#working.size < this.#options.workers) {
      const next = this.#waiting.entries().next();
      if (next.done === true) return;
      const [key, since] = next.value;
      this.#waiting.delete(key);
      const { clock, meter } = this.#options;
      const start = clock.monotonic();
      meter.depth(this.#waiting.size);
      meter.waited(start - since);
      this.#working.set(key, start);
      void this.#work(key, start, start - since);
    }
  }

  async #work(key: string, start: number, waitedMs: number): Promise<void> {
    const { handle, clock, meter } = this.#options;
    const outcome = await handle(key, waitedMs).catch((): Outcome => ({ failed: true }));
    meter.worked(clock.monotonic() - start);
    this.#working.delete(key);
    this.#settle(key, outcome);
    this.#serve();
    if (this.#working.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #settle(key: string, outcome: Outcome): void {
    const again = this.#again.delete(key);
    if (outcome.failed === true) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#options.meter.retried();
      this.#dropAlarm(key);
      this.addAfter(key, Math.max(this.#backoffMs(failures), outcome.retryAfterMs ?? 0));
      return;
    }
    this.#failures.delete(key);
    if (again) this.add(key);
    else if (outcome.wakeInMs !== undefined) this.addAfter(key, outcome.wakeInMs);
  }

  #backoffMs(failures: number): number {
    const ceiling = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20), MAX_RETRY_MS);
    return ceiling / 2 + (this.#options.random() * ceiling) / 2;
  }
}

// Writes numbered records one after another, for as long as it is let, and notes what became of each. One at a time: so the
// time between two acknowledgements is the store's, and the order is known. A class, because the state lives here.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt, Fault, Journal } from './journal.ts';
import type { Store } from './store.ts';

export interface WriterOptions {
  /** How long one write may take. As short as a gap is to be measured exactly: the next is tried only then. */
  readonly deadlineMs?: number;
  /** Between writes, so that a run of minutes stays small. */
  readonly everyMs?: number;
}

const DEADLINE_MS = 1_000;
const EVERY_MS = 10;
/** Writes in a row after which a store is taken to be well again. */
const QUIET = 20;

export class Writer {
  readonly #store: Store;
  readonly #attempts: Attempt[] = [];
  readonly #startedAtMs = performance.now();
  readonly #running: Promise<void>;
  #stopped = false;
  #acknowledged = 0;
  readonly #listeners = new Set<() => void>();

  /** Begins at once. */
  constructor(store: Store, { deadlineMs = DEADLINE_MS, everyMs = EVERY_MS }: WriterOptions = {}) {
    this.#store = store;
    this.#running = this.#run(deadlineMs, everyMs);
  }

  /** How many records were acknowledged until now. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Resolves when so many more records have been acknowledged: the store takes writes. */
  async more(records: number, deadlineMs: number): Promise<void> {
    const wanted = this.#acknowledged + records;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(this.#notTaken(deadlineMs)));
      }, deadlineMs);
      const look = () => {
        if (this.#acknowledged < wanted) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
    });
  }

  /**
   * Does something to the store, and waits until it takes writes again, within `recoveryMs` from the end of the act. Some quiet
   * writes follow, so that the gap of the next fault is not counted to this one.
   */
  async during(name: string, act: () => Promise<void>, recoveryMs: number): Promise<Fault> {
    const fromMs = performance.now();
    await act();
    await this.more(QUIET, recoveryMs);
    const toMs = performance.now();
    await this.more(QUIET, recoveryMs);
    return { name, fromMs, toMs };
  }

  /** Ends after the write under way. */
  async stop(): Promise<Journal> {
    this.#stopped = true;
    await this.#running;
    return { startedAtMs: this.#startedAtMs, endedAtMs: performance.now(), attempts: this.#attempts };
  }

  async #run(deadlineMs: number, everyMs: number): Promise<void> {
    for (let record = 1; !this.#stopped; record += 1) {
      const startedAtMs = performance.now();
      const outcome = await this.#store.write(record, deadlineMs).then(
        () => 'acknowledged' as const,
        (error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }),
      );
      this.#attempts.push({ record, startedAtMs, endedAtMs: performance.now(), outcome });
      if (outcome === 'acknowledged') {
        this.#acknowledged += 1;
        for (const listener of [...this.#listeners]) listener();
      }
      await sleep(everyMs);
    }
  }

  #notTaken(deadlineMs: number): string {
    const last = this.#attempts.at(-1)?.outcome;
    const why = typeof last === 'object' ? last.failed : 'they were too slow';
    return `The store did not acknowledge the writes asked for within ${deadlineMs / 1000} s. The last failure: ${why}`;
  }
}

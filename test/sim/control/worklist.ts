// What an actor has to look at, and when: one turn per key, the earliest one asked for. An actor acts on the state that
// it finds at its turn, as controllers do with their work queues.
// Lacks on purpose: what to do (the actor's), and backoff (the actor says when it wants to look again).

import type { Cancel, Timeline } from '../timeline.ts';

interface Turn {
  readonly atMs: number;
  readonly cancel: Cancel;
}

export class Worklist {
  readonly #turns = new Map<string, Turn>();
  readonly #timeline: Timeline;
  readonly #actor: string;
  readonly #work: (key: string) => number | undefined;

  /** `work` answers after how many milliseconds it wants to see the key again, if at all. */
  constructor(timeline: Timeline, actor: string, work: (key: string) => number | undefined) {
    this.#timeline = timeline;
    this.#actor = actor;
    this.#work = work;
  }

  add(key: string, delayMs: number): void {
    const atMs = this.#timeline.now() + delayMs;
    const known = this.#turns.get(key);
    if (known !== undefined) {
      if (known.atMs <= atMs) return;
      known.cancel();
    }
    const cancel = this.#timeline.after(delayMs, `${this.#actor} ${key}`, () => {
      this.#turns.delete(key);
      const again = this.#work(key);
      if (again !== undefined) this.add(key, again);
    });
    this.#turns.set(key, { atMs, cancel });
  }

  drop(key: string): void {
    this.#turns.get(key)?.cancel();
    this.#turns.delete(key);
  }

  /** For a process that ends: what it had to do is forgotten with it. */
  clear(): void {
    for (const turn of this.#turns.values()) turn.cancel();
    this.#turns.clear();
  }
}

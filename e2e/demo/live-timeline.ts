// Real time for the cluster in memory, made fit for actors that were written for simulated time: it never goes back,
// stands still while something happens, and nothing happens before it is due. (A kubelet that asks twice for the time, and
// gets two answers, can miss the moment in which its pod becomes ready.) It can be ended: then nothing happens any more, and
// no timer keeps the process alive. A class, because the state lives here: what is still to come, and when it is.
import type { Cancel, Timeline } from '../../test/sim/timeline.ts';

export class LiveTimeline implements Timeline {
  /** Never fulfilled; rejects with the first error thrown by what was to happen. */
  readonly broken: Promise<never>;
  readonly #toCome = new Set<Cancel>();
  #break: (error: unknown) => void = () => {};
  #latestMs = Number.NEGATIVE_INFINITY;
  #happening = false;
  #ended = false;

  constructor() {
    this.broken = new Promise((_resolve, reject) => {
      this.#break = reject;
    });
    this.broken.catch(() => {}); // told to whoever waits for something
  }

  now = (): number => {
    if (!this.#happening) this.#latestMs = Math.max(this.#latestMs, Date.now());
    return this.#latestMs;
  };

  after = (ms: number, _label: string, act: () => void): Cancel => {
    if (this.#ended) return () => {};
    const dueMs = this.now() + Math.max(0, Math.round(ms));
    const timer = setTimeout(() => {
      this.#toCome.delete(cancel);
      this.#happen(dueMs, act);
    }, ms);
    const cancel = () => {
      this.#toCome.delete(cancel);
      clearTimeout(timer);
    };
    this.#toCome.add(cancel);
    return cancel;
  };

  end(): void {
    this.#ended = true;
    for (const cancel of this.#toCome) cancel();
  }

  #happen(dueMs: number, act: () => void): void {
    this.#latestMs = Math.max(this.now(), dueMs);
    this.#happening = true;
    try {
      act();
    } catch (error) {
      this.#break(error);
    } finally {
      this.#happening = false;
    }
  }
}

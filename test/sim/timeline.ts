// When things happen. The simulation's own timeline jumps from event to event; the demo's is real time.

export type Cancel = () => void;

export interface Timeline {
  /** Milliseconds since 1970. */
  now(): number;
  /** `label` says for whom and what, for the trace. */
  after(ms: number, label: string, act: () => void): Cancel;
}

interface Entry {
  readonly atMs: number;
  readonly serial: number;
  readonly label: string;
  readonly act: () => void;
  cancelled: boolean;
}

/** Time that stands still between events; events of one moment happen in the order in which they were asked for. */
export class VirtualTimeline implements Timeline {
  #nowMs: number;
  #serial = 0;
  readonly #heap: Entry[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now = (): number => this.#nowMs;

  after = (ms: number, label: string, act: () => void): Cancel => {
    this.#serial += 1;
    const entry = {
      atMs: this.#nowMs + Math.max(0, Math.round(ms)),
      serial: this.#serial,
      label,
      act,
      cancelled: false,
    };
    this.#push(entry);
    return () => {
      entry.cancelled = true;
    };
  };

  /** Lets the next event happen; returns its label, or undefined when nothing is to come. */
  step(): string | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      if (entry.cancelled) continue;
      this.#nowMs = entry.atMs;
      entry.act();
      return entry.label;
    }
    return undefined;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || before(parent, entry)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    while (true) {
      let down = 2 * at + 1;
      const left = heap[down];
      const right = heap[down + 1];
      if (left === undefined) break;
      const least = right !== undefined && before(right, left) ? right : left;
      if (least === right) down += 1;
      if (before(last, least)) break;
      heap[at] = least;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
}

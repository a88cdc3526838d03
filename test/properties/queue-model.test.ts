// The queue against a model of a few lines: whatever is done to it in whatever order, it starts the same keys in the same
// order at the same times, with the same pauses. That includes what single rows in test/operator/queue.test.ts say: none
// twice at once, none lost, none starved, backoff that grows, is not cut short by news, and resets.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Outcome, Queue } from '../../src/operator/queue.ts';
import { createFakeClock } from '../kube/fake-clock.ts';
import { settled } from '../operator/daemon.ts';

const SILENT = { depth: () => {}, added: () => {}, waited: () => {}, worked: () => {}, retried: () => {} };

interface Alarm {
  readonly key: string;
  readonly atMs: number;
  /** Of two for the same time the one that was set first rings first. */
  readonly turn: number;
}

/** What the queue is to do, with no thought of timers, promises or metrics. `starts` are "key at time". */
class Model {
  readonly starts: string[] = [];
  readonly working: string[] = [];
  readonly #workers: number;
  #nowMs = 0;
  #turn = 0;
  #running = false;
  #line: string[] = [];
  #alarms: Alarm[] = [];
  #again = new Set<string>();
  #failures = new Map<string, number>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  add(key: string): void {
    const alarm = this.#alarms.find((one) => one.key === key);
    if (this.#line.includes(key)) return;
    if (this.working.includes(key)) this.#again.add(key);
    else if (!this.#running || alarm === undefined || !this.#failures.has(key)) {
      this.#alarms = this.#alarms.filter((one) => one !== alarm);
      this.#line.push(key);
    }
    this.#serve();
  }

  addAfter(key: string, ms: number): void {
    if (!this.#running || ms <= 0) {
      this.add(key);
      return;
    }
    const alarm = this.#alarms.find((one) => one.key === key);
    const atMs = this.#nowMs + ms;
    if (alarm !== undefined && (this.#failures.has(key) || alarm.atMs <= atMs)) return;
    this.#turn += 1;
    const next = { key, atMs, turn: this.#turn };
    this.#alarms = alarm === undefined ? [...this.#alarms, next] : this.#alarms.with(this.#alarms.indexOf(alarm), next);
  }

  forget(key: string): void {
    this.#alarms = this.#alarms.filter((one) => one.key !== key);
    this.#failures.delete(key);
  }

  start(): void {
    this.#running = true;
    this.#serve();
  }

  stop(): void {
    this.#running = false;
    for (const { key } of this.#alarms.splice(0)) this.add(key);
  }

  end(key: string, { failed = false, wakeInMs, retryAfterMs = 0 }: Outcome): void {
    this.working.splice(this.working.indexOf(key), 1);
    const again = this.#again.delete(key);
    if (failed) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.forget(key);
      // Not yet counted: the pause of this failure may be set.
      this.addAfter(key, Math.max(Math.min(50 * 2 ** (failures - 1), 30_000), retryAfterMs));
      this.#failures.set(key, failures);
    } else {
      this.#failures.delete(key);
      if (again) this.add(key);
      else if (wakeInMs !== undefined) this.addAfter(key, wakeInMs);
    }
    this.#serve();
  }

  advance(ms: number): void {
    const end = this.#nowMs + ms;
    while (true) {
      const [next] = this.#alarms.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs || a.turn - b.turn);
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      this.#alarms = this.#alarms.filter((one) => one !== next);
      this.add(next.key);
    }
    this.#nowMs = end;
  }

  isIdle(key: string): boolean {
    return !this.#line.includes(key) && !this.working.includes(key);
  }

  get size(): number {
    return this.#line.length + this.working.length;
  }

  #serve(): void {
    while (this.#running && this.working.length < this.#workers) {
      const key = this.#line.shift();
      if (key === undefined) return;
      this.working.push(key);
      this.starts.push(`${key} at ${this.#nowMs}`);
    }
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const ms = fc.oneof(fc.integer({ min: -1, max: 300 }), fc.constantFrom(50, 100, 200, 30_000));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), key }) },
  fc.record({ do: fc.constant('addAfter' as const), key, ms }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      pick: fc.nat(9),
      outcome: fc.oneof<fc.Arbitrary<Outcome>[]>(
        fc.constant({}),
        fc.record({ wakeInMs: ms }),
        fc.constant({ failed: true }),
        fc.constant({ failed: true }),
        fc.record({ failed: fc.constant(true), retryAfterMs: ms }),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(400) }) },
  fc.record({ do: fc.constant('forget' as const), key }),
  fc.record({ do: fc.constantFrom('start' as const, 'start' as const, 'start' as const, 'stop' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function bench(workers: number) {
  const clock = createFakeClock();
  const origin = clock.monotonic();
  const starts: string[] = [];
  const ends = new Map<string, (outcome: Outcome) => void>();
  const handle = (one: string) => {
    starts.push(`${one} at ${clock.monotonic() - origin}`);
    return new Promise<Outcome>((resolve) => ends.set(one, resolve));
  };
  const queue = new Queue({ clock, random: () => 1, workers, meter: SILENT, handle });
  const end = async (one: string, outcome: Outcome) => {
    ends.get(one)?.(outcome);
    await settled(1);
  };
  return { clock, queue, starts, end };
}

async function take(one: Step, model: Model, { queue, clock, end }: ReturnType<typeof bench>): Promise<void> {
  switch (one.do) {
    case 'add':
    case 'forget':
      queue[one.do](one.key);
      model[one.do](one.key);
      return;
    case 'addAfter':
      // As the daemon does: only a key that is idle is put to sleep. Another's timer would outlive a stop.
      if (!model.isIdle(one.key)) return;
      queue.addAfter(one.key, one.ms);
      model.addAfter(one.key, one.ms);
      return;
    case 'advance':
      clock.advance(one.ms);
      model.advance(one.ms);
      return;
    case 'end': {
      const working = model.working[one.pick % Math.max(model.working.length, 1)];
      if (working === undefined) return;
      model.end(working, one.outcome);
      await end(working, one.outcome);
      return;
    }
    case 'start':
      queue.start();
      model.start();
      return;
    default:
      void queue.stop();
      model.stop();
  }
}

test('whatever is done to it, the queue does what the model does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 30, maxLength: 120 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, workers) => {
        const model = new Model(workers);
        const real = bench(workers);
        // Mostly it runs; what comes before the start, and after a stop, is tried too.
        const begun: readonly Step[] = [...steps.slice(0, 2), { do: 'start' }, ...steps.slice(2)];
        for (const one of begun) {
          await take(one, model, real);
          expect(real.starts).toEqual(model.starts);
          expect(real.queue.size).toBe(model.size);
        }
      },
    ),
    { numRuns: 1000 },
  );
}, 60_000);

test('no key starves: before one that waits, each other key is started at most once, however often it comes', async () => {
  const busy = fc.constantFrom('a', 'b', 'c', 'd');
  const adds = fc.array(fc.array(busy, { maxLength: 6 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(adds, adds, async (before, after) => {
      const { queue, starts, end } = bench(1);
      const names = () => starts.map((start) => start.split(' ')[0] ?? '');
      queue.start();
      const rounds = async (all: readonly (readonly string[])[]) => {
        for (const keys of all) {
          for (const one of keys) queue.add(one);
          await end(names().at(-1) ?? '', {});
        }
      };
      await rounds(before);
      const asked = starts.length;
      queue.add('late');
      await rounds(after);
      await rounds([[], [], [], [], []]);
      const overtaking = names().slice(asked, names().indexOf('late'));
      expect(names()).toContain('late');
      expect(new Set(overtaking).size).toBe(overtaking.length);
    }),
    { numRuns: 200 },
  );
}, 60_000);

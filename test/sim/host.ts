// One operator process, as the machine sees it: its clocks, its timers, its connections. It can be stopped for a while
// (SIGSTOP), have its clock set wrong, and be killed at any moment. What runs in it is the real daemon.

import type { Clock } from '../../src/kube/clock.ts';
import type { KubeResponse, Transport } from '../../src/kube/transport.ts';
import { Exchange } from './exchange.ts';
import type { Random } from './random.ts';
import type { SimServer } from './server/server.ts';
import type { Answer, Call } from './server/types.ts';
import { parseCall } from './server/wire.ts';
import type { Cancel, Timeline } from './timeline.ts';
import type { WatchLine } from './watch-line.ts';
import { CALM, type Weather } from './weather.ts';

/** Who looks on: the checks. */
export interface Witness {
  /** The process has decided on a request, which may have to wait for a connection. */
  begun(host: Host, call: Call): void;
  /** The process gives a request away. */
  sent(host: Host, call: Call): void;
  /** The process gets an answer: what it says counts as known from now on. */
  answered(host: Host, call: Call, answer: Answer): void;
  /** A request is over, however it ended. */
  over(host: Host, call: Call): void;
  /** A watch of the process tells these lines. */
  told(host: Host, plural: string, lines: readonly string[]): void;
}

export interface HostOptions {
  readonly name: string;
  readonly server: SimServer;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly witness: Witness;
  /** Called before anything happens inside the process: what follows from it has to be waited for. */
  readonly touched: () => void;
  readonly trace: (line: string) => void;
}

export class Host {
  readonly name: string;
  readonly options: HostOptions;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly bootMs: number;
  weather: Weather = CALM;
  /** Watches of this process, for whoever freezes or cuts them. */
  readonly watches = new Set<WatchLine>();
  #alive = true;
  #stoppedUntilMs = 0;
  #skewMs = 0;
  #backlog: { label: string; act: () => void }[] = [];

  constructor(options: HostOptions) {
    const { timeline, name } = options;
    this.name = name;
    this.options = options;
    this.bootMs = timeline.now();
    this.clock = {
      now: () => timeline.now() + this.#skewMs,
      monotonic: () => timeline.now() - this.bootMs,
      after: (ms, fn) => this.after(ms, 'timer', fn),
    };
    this.transport = {
      request: (request) => {
        const call = parseCall(name, request);
        if (!this.#alive) return new Promise<KubeResponse>(() => {});
        return new Exchange(this, call, request).begin();
      },
      close: () => Promise.resolve(),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get stopped(): boolean {
    return this.options.timeline.now() < this.#stoppedUntilMs;
  }

  /** Something that happens inside the process: not while it is stopped, and never once it is dead. */
  after(ms: number, label: string, act: () => void): Cancel {
    const told = `${this.name}: ${label}`;
    let cancelled = false;
    const run = () => {
      if (cancelled || !this.#alive) return;
      if (this.stopped) {
        this.#backlog.push({ label, act: run });
        return;
      }
      this.options.touched();
      act();
    };
    const cancel = this.options.timeline.after(ms, told, run);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** SIGSTOP, and SIGCONT so much later: what came due meanwhile happens then, in any order. */
  stop(ms: number): void {
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, this.options.timeline.now() + ms);
    this.options.timeline.after(ms, `${this.name}: goes on`, () => {
      if (this.stopped) return;
      for (const { label, act } of this.#backlog.splice(0)) {
        this.options.timeline.after(this.options.random.between(0, 5), `${this.name}: ${label}`, act);
      }
    });
  }

  skew(ms: number): void {
    this.#skewMs = ms;
  }

  /** SIGKILL: nothing of it happens any more; what it has sent may still arrive. */
  kill(): void {
    this.#alive = false;
    this.#backlog = [];
    for (const watch of this.watches) watch.close();
    this.watches.clear();
  }
}

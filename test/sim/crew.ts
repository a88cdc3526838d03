// The operators of a run: the real daemon, started on simulated machines, killed, stopped for a while, replaced.

import { pino } from 'pino';
import { DEFAULT_LEASE_TIMES, type LeaseTimes } from '../../src/operator/leader.ts';
import { type Operator, startOperator } from '../../src/operator/operator.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';
import { Host, type HostOptions } from './host.ts';
import { Random } from './random.ts';
import type { Weather } from './weather.ts';
import { CALM } from './weather.ts';

/** Metrics of all runs of this process: registering them anew for each would cost more than the run. */
const telemetry = new Telemetry(1);

export const LEASE = { namespace: 'system', name: 'statefulapp-operator' } as const;

/** Most runs use a slower heartbeat: a renewal every two seconds would be most of what happens. */
export const SLOW_LEASE: LeaseTimes = { leaseMs: 90_000, renewDeadlineMs: 60_000, retryMs: 15_000 };
export const LEASES: readonly LeaseTimes[] = [SLOW_LEASE, SLOW_LEASE, SLOW_LEASE, DEFAULT_LEASE_TIMES];

export interface CrewOptions extends Omit<HostOptions, 'name' | 'random'> {
  readonly seed: number;
  readonly leaseTimes: LeaseTimes;
  /** What an operator logs, for the trace: everything, or only errors when nobody reads it. */
  readonly logged: (name: string, line: Readonly<Record<string, unknown>>) => void;
  readonly logLevel: 'debug' | 'error';
}

interface Post {
  readonly host: Host;
  readonly operator: Operator;
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #posts = new Set<Post>();
  #names = 0;
  #starts = 0;
  weather: Weather = CALM;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  get hosts(): readonly Host[] {
    return [...this.#posts].map(({ host }) => host);
  }

  /** A new process; `name` is its identity, that of one that died when its container is restarted. */
  start(name = this.#newName()): Host {
    this.#starts += 1;
    const { seed, leaseTimes, logged, logLevel, ...options } = this.#options;
    const host = new Host({ ...options, name, random: new Random(seed, `host ${this.#starts}`) });
    host.weather = this.weather;
    const log = pino({ level: logLevel, base: {} }, { write: (line: string) => logged(name, JSON.parse(line)) });
    options.touched();
    const operator = startOperator({
      transport: host.transport,
      clock: host.clock,
      random: new Random(seed, `process ${this.#starts}`).next,
      log,
      telemetry,
      namespaces: [],
      watchNodes: true,
      workers: 2,
      lease: LEASE,
      identity: name,
      leaseTimes,
    });
    this.#posts.add({ host, operator });
    return host;
  }

  kill(host: Host): void {
    host.kill();
    for (const post of this.#posts) if (post.host === host) this.#posts.delete(post);
  }

  /** SIGTERM: it drains, releases the Lease and ends. */
  retire(host: Host): void {
    const post = [...this.#posts].find((each) => each.host === host);
    if (post === undefined) return;
    // It counts no more: whoever heals the cluster has to see that an operator is missing.
    this.#posts.delete(post);
    this.#options.touched();
    void post.operator.stop().then(() => host.kill());
  }

  blow(weather: Weather): void {
    this.weather = weather;
    for (const host of this.hosts) host.weather = weather;
  }

  isOperator = (actor: string): boolean => actor.startsWith('operator-');

  #newName(): string {
    this.#names += 1;
    return `operator-${this.#names}`;
  }
}

// One life of an operator, in this process and behind a fault proxy of its own, so that it can be ended at an exact point: a
// crash cuts its connections, and from then on nothing of it reaches the API server. What the next life knows is what the
// API server has. Lacks what only a process has: signals, exit codes, probes.

import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { type Exchange, type Fault, type FaultProxy, openFaultProxy } from '../../../e2e/faults/proxy.ts';
import { isWrite, type ProxiedRequest } from '../../../e2e/faults/requests.ts';
import type { Upstream } from '../../../e2e/faults/upstream.ts';
import { systemClock } from '../../../src/kube/system-clock.ts';
import { createTransport } from '../../../src/kube/undici-transport.ts';
import type { LeaseTimes } from '../../../src/operator/leader.ts';
import { startOperator } from '../../../src/operator/operator.ts';
import type { Telemetry } from '../../../src/operator/telemetry.ts';

export interface Life {
  readonly upstream: Upstream;
  readonly telemetry: Telemetry;
  readonly namespaces: readonly string[];
  readonly lease: string;
  /** Log lines go here, of all lives that share it. */
  readonly log: string[];
  readonly leaseTimes?: LeaseTimes;
  readonly faults?: (request: ProxiedRequest) => Fault;
}

/** Renewals come this often because they are the beat by which calm is told; the Lease itself is as long as ever. */
const FREQUENT: LeaseTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 400 };

const PASS: Fault = { kind: 'pass' };
const isRenewal = ({ resource }: ProxiedRequest): boolean => resource === 'leases';
/** What changes an app's objects. Events are best effort, and nobody reads them to decide. */
export const isAct = (request: ProxiedRequest): boolean =>
  isWrite(request) && !isRenewal(request) && request.resource !== 'events';

/** Where in a write's way the crash comes. */
export const POINTS = ['before it is sent', 'after it is stored, before the answer', 'after the answer'] as const;
export type Point = (typeof POINTS)[number];
/** Asked for each act, in order, from the moment it is set. */
export type Ambush = (act: ProxiedRequest) => Point | null;

export async function startInstance(life: Life): Promise<Instance> {
  const hooks: Hooks = { decide: () => PASS, done: () => undefined };
  const proxy = await openFaultProxy({
    upstream: life.upstream,
    decide: (request) => hooks.decide(request),
    done: (exchange) => hooks.done(exchange),
  });
  return new Instance(life, proxy, hooks);
}

interface Hooks {
  decide: (request: ProxiedRequest) => Fault;
  done: (exchange: Exchange) => void;
}

export class Instance {
  readonly proxy: FaultProxy;
  /** Renewals of the Lease since the last act or the last crash: some mean that nothing was due for a while. */
  calm = 0;
  readonly crashed: Promise<'crashed'>;
  readonly #operator: ReturnType<typeof startOperator>;
  readonly #transport: ReturnType<typeof createTransport>;
  readonly #life: Life;
  readonly #listeners = new Set<() => void>();
  #ambush: Ambush = () => null;
  /** What the last write is told to meet; this very object, so that its end is known when it comes. */
  #blow: Fault | null = null;
  #tellCrashed: () => void = () => undefined;
  #ended: Promise<void> | null = null;

  constructor(life: Life, proxy: FaultProxy, hooks: Hooks) {
    this.#life = life;
    this.proxy = proxy;
    this.crashed = new Promise((resolve) => {
      this.#tellCrashed = () => resolve('crashed');
    });
    hooks.decide = (request) => this.#decide(request);
    hooks.done = (exchange) => this.#done(exchange);
    this.#transport = createTransport({ kubeConfig: kubeConfigFor(proxy.url) });
    this.#operator = startOperator({
      transport: this.#transport,
      clock: systemClock,
      random: Math.random,
      log: pino(
        { base: {}, formatters: { level: (label) => ({ level: label }) } },
        { write: (line) => life.log.push(line) },
      ),
      telemetry: life.telemetry,
      namespaces: life.namespaces,
      watchNodes: false,
      workers: 4,
      lease: { namespace: 'default', name: life.lease },
      // The same in each life, so that a successor holds the Lease at once. A real one waits until it expires, or finds the
      // same pod name; what that wait protects from, a predecessor that still writes, the cut cable rules out here.
      identity: 'the one',
      leaseTimes: life.leaseTimes ?? FREQUENT,
    });
  }

  /** The acts of this life so far. */
  acts(): readonly Exchange[] {
    return this.proxy.exchanges.filter(isAct);
  }

  /** From now on each act may be the last. */
  ambush(ambush: Ambush): void {
    this.#ambush = ambush;
  }

  /** Calls back after each request that is done with; the result ends that. */
  listen(hear: () => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** At once and without a word. */
  crash(): void {
    if (this.#ended !== null) return;
    this.proxy.cut();
    this.#ended = this.#bury();
    this.#tellCrashed();
  }

  /** Ends it in order, or resolves when what is left of a crashed one is gone. */
  async end(): Promise<void> {
    this.#ended ??= this.#operator.stop().then(() => this.#bury());
    await this.#ended;
  }

  async #bury(): Promise<void> {
    // First of all: nothing may be sent any more, not even to a proxy of another life that gets the same port.
    const closed = this.#transport.close();
    await Promise.all([closed, this.#operator.stop(), this.proxy.close()]);
  }

  #decide(request: ProxiedRequest): Fault {
    if (isAct(request)) {
      this.calm = 0;
      const point = this.#blow === null ? this.#ambush(request) : null;
      if (point !== null) return this.#strike(point);
    }
    return this.#life.faults?.(request) ?? PASS;
  }

  #strike(point: Point): Fault {
    if (point === 'before it is sent') {
      this.#blow = { kind: 'drop' };
      this.crash();
    } else {
      this.#blow = point === 'after the answer' ? { kind: 'pass' } : { kind: 'commit' };
    }
    return this.#blow;
  }

  #done(exchange: Exchange): void {
    // The last write has come as far as it is to come.
    if (exchange.fault === this.#blow) this.crash();
    if (isRenewal(exchange) && exchange.verb === 'patch' && exchange.status === 200) this.calm += 1;
    for (const hear of this.#listeners) hear();
  }
}

function kubeConfigFor(url: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'proxy', server: url }],
    users: [{ name: 'operator' }],
    contexts: [{ name: 'proxy', cluster: 'proxy', user: 'operator' }],
    currentContext: 'proxy',
  });
  return config;
}

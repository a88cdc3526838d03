// What a piece of work costs: requests of one side by the audit log, processor time of the processes that take part.
import type { SideProcess } from '../sides/side.ts';
import type { Site } from '../site.ts';
import { usageOf } from './proc.ts';
import { type AuditEntry, type Tally, tallyOf } from './tally.ts';

export type Cpu = Readonly<Record<'controller' | 'apiServer' | 'etcd' | 'kubelets' | 'volumes' | 'observer', number>>;

export interface Reading {
  readonly tally: Tally;
  readonly entries: readonly AuditEntry[];
  /** Seconds of processor time. */
  readonly cpu: Cpu;
  readonly seconds: number;
}

export interface Metered {
  readonly site: Site;
  readonly process: SideProcess;
  /** Undefined where nobody binds claims. */
  readonly binder: SideProcess | undefined;
}

export class Meter {
  readonly #site: Site;
  readonly #process: SideProcess;
  readonly #binder: SideProcess | undefined;
  readonly #from: number;
  readonly #cpu: Cpu;
  readonly #atMs: number;

  private constructor({ site, process, binder }: Metered, from: number) {
    this.#site = site;
    this.#process = process;
    this.#binder = binder;
    this.#from = from;
    this.#cpu = this.#cpuNow();
    this.#atMs = performance.now();
  }

  static async start(metered: Metered): Promise<Meter> {
    return new Meter(metered, await metered.site.audit.mark());
  }

  /** Up to now. */
  async read(): Promise<Reading> {
    const seconds = (performance.now() - this.#atMs) / 1000;
    const cpu = minus(this.#cpuNow(), this.#cpu);
    const entries = await this.#site.audit.between(this.#from, await this.#site.audit.mark(), [this.#process.user]);
    return { tally: tallyOf(entries), entries, cpu, seconds };
  }

  /** Up to where this side has come to rest. */
  async settled(): Promise<Reading> {
    await this.#site.audit.quiet([this.#process.user]);
    return this.read();
  }

  #cpuNow(): Cpu {
    const { pids } = this.#site;
    return {
      controller: secondsOf(this.#process.pid),
      apiServer: secondsOf(pids.apiServer),
      etcd: secondsOf(pids.etcd),
      kubelets: secondsOf(pids.kubelets),
      volumes: this.#binder === undefined ? 0 : secondsOf(this.#binder.pid),
      observer: secondsOf(process.pid),
    };
  }
}

const secondsOf = (pid: number) => usageOf(pid)?.cpuSeconds ?? Number.NaN;

function minus(a: Cpu, b: Cpu): Cpu {
  return {
    controller: a.controller - b.controller,
    apiServer: a.apiServer - b.apiServer,
    etcd: a.etcd - b.etcd,
    kubelets: a.kubelets - b.kubelets,
    volumes: a.volumes - b.volumes,
    observer: a.observer - b.observer,
  };
}

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

export class Meter {
  readonly #site: Site;
  readonly #process: SideProcess;
  readonly #from: number;
  readonly #cpu: Cpu;
  readonly #atMs: number;

  private constructor(site: Site, process: SideProcess, from: number) {
    this.#site = site;
    this.#process = process;
    this.#from = from;
    this.#cpu = cpuOf(site, process);
    this.#atMs = performance.now();
  }

  static async start(site: Site, process: SideProcess): Promise<Meter> {
    return new Meter(site, process, await site.audit.mark());
  }

  /** Up to now. */
  async read(): Promise<Reading> {
    const seconds = (performance.now() - this.#atMs) / 1000;
    const cpu = minus(cpuOf(this.#site, this.#process), this.#cpu);
    const entries = await this.#site.audit.between(this.#from, await this.#site.audit.mark(), [this.#process.user]);
    return { tally: tallyOf(entries), entries, cpu, seconds };
  }

  /** Up to where this side has come to rest. */
  async settled(): Promise<Reading> {
    await this.#site.audit.quiet([this.#process.user]);
    return this.read();
  }
}

function cpuOf({ pids }: Site, { pid }: SideProcess): Cpu {
  const seconds = (id: number) => usageOf(id)?.cpuSeconds ?? Number.NaN;
  return {
    controller: seconds(pid),
    apiServer: seconds(pids.apiServer),
    etcd: seconds(pids.etcd),
    kubelets: seconds(pids.kubelets),
    volumes: seconds(pids.volumes),
    observer: seconds(process.pid),
  };
}

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

// The running components of one cluster: start, crash, freeze, go on. A class, because the state lives here: which
// process is which component right now.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary, type Progress } from './binaries.ts';
import { argumentsOf, type ComponentName, type Layout, probeOf } from './components.ts';
import { logTail } from './logs.ts';
import { isAlive, killAll, launch, type ProcessId, signal, stop } from './processes.ts';
import { answersOk, until } from './requests.ts';
import { type ClusterState, writeState } from './state.ts';

const READY_MS = 60_000;

export class Runtime {
  readonly #layout: Layout;
  readonly #progress: Progress;
  readonly #starts = new Map<ComponentName, number>();
  #state: ClusterState;

  constructor(layout: Layout, state: ClusterState, progress: Progress) {
    this.#layout = layout;
    this.#state = state;
    this.#progress = progress;
    mkdirSync(join(layout.dir, 'logs'), { recursive: true });
    writeState(state);
  }

  /** Starts the program; does nothing when it runs. Readiness is another question: see `ready`. */
  async launch(name: ComponentName): Promise<void> {
    if (this.#running(name) !== undefined) return;
    const path = await findBinary(name, this.#progress);
    const starts = this.#starts.get(name) ?? 0;
    this.#starts.set(name, starts + 1);
    const command = [...(this.#layout.launcher?.(name) ?? []), path, ...argumentsOf(name, this.#layout, starts)];
    const id = launch({ command, logFile: this.logFile(name) });
    this.#record({ ...this.#state, components: { ...this.#state.components, [name]: id } });
  }

  /** Waits until the component says that it is well. Throws, with the end of its log, when it died or takes too long. */
  async ready(name: ComponentName): Promise<void> {
    const probe = probeOf(name, this.#state);
    const healthy = async () => {
      if (this.#running(name) === undefined)
        throw new Error(`${name} ended while it was starting.${this.#logTail(name)}`);
      return answersOk(probe);
    };
    await until(healthy, READY_MS, () => `${name} is not ready after ${READY_MS / 1000} s.${this.#logTail(name)}`);
  }

  /** Ends the process as a crash would. */
  async crash(name: ComponentName): Promise<void> {
    const id = this.#running(name);
    if (id !== undefined) await killAll([id]);
  }

  /** SIGSTOP: connections stay open; once this resolves, nothing is answered. */
  async pause(name: ComponentName): Promise<void> {
    await stop(this.#there(name, 'paused'));
  }

  resume(name: ComponentName): void {
    signal(this.#there(name, 'resumed'), 'SIGCONT');
  }

  /** The cluster stands by itself from here on: whoever looks at it sees no owner. */
  disown(): void {
    const { owner: _, ...state } = this.#state;
    this.#record(state);
  }

  logFile(name: ComponentName): string {
    return join(this.#layout.dir, 'logs', `${name}.log`);
  }

  #there(name: ComponentName, what: string): ProcessId {
    const id = this.#running(name);
    if (id !== undefined) return id;
    throw new Error(
      `${name} does not run in cluster ${this.#state.name}, so it cannot be ${what}. Start it with startComponent('${name}').`,
    );
  }

  #running(name: ComponentName): ProcessId | undefined {
    const id = this.#state.components[name];
    return id !== undefined && isAlive(id) ? id : undefined;
  }

  #record(state: ClusterState): void {
    this.#state = state;
    writeState(state);
  }

  #logTail(name: ComponentName): string {
    const command = `${name} ${argumentsOf(name, this.#layout, 0).join(' ')}`;
    return ` Its command: ${command}\n${logTail(this.logFile(name))}`;
  }
}

// A program as a child of this process, with its output in a file. It ends with this process.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { SideProcess } from './side.ts';

const SAID_MS = 120_000;
/** A heap snapshot may take long. After that it is killed: it may have been stopped, or hang. */
const END_MS = 60_000;

export type Child = Omit<SideProcess, 'user'>;

export interface ChildOptions {
  readonly command: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

const alive = new Set<Child>();

/** Kills what still runs, and waits for it. */
export async function endChildren(): Promise<void> {
  await Promise.all([...alive].map((child) => child.end('SIGKILL')));
}

export function startChild({ command: [program = '', ...args], logFile, env = {} }: ChildOptions): Child {
  const log = openSync(logFile, 'a');
  const startedAtMs = performance.now();
  // A group of its own: ^C in a terminal reaches this process alone, which then ends all in order.
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  child.once('error', () => {}); // seen as pid === undefined below
  const { pid } = child;
  if (pid === undefined) throw new Error(`Could not start ${program}: it is missing or not executable.`);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let how: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      how = signal ?? `exit code ${code}`;
      process.off('exit', kill);
      alive.delete(started);
      resolve(how);
    });
  });
  const started: Child = {
    pid,
    startedAtMs,
    logFile,
    ended: () => how,
    exited,
    said: (words, times = 1) => said({ words, times, logFile, ended: () => how }),
    end: async (signal) => {
      if (how === undefined) child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await exited;
      clearTimeout(patience);
    },
  };
  alive.add(started);
  return started;
}

interface Words {
  readonly words: string;
  readonly times: number;
  readonly logFile: string;
  readonly ended: () => string | undefined;
}

async function said({ words, times, logFile, ended }: Words): Promise<number> {
  const deadline = performance.now() + SAID_MS;
  for (;;) {
    if (readFileSync(logFile, 'utf8').split(words).length > times) return performance.now();
    if (ended() !== undefined)
      throw new Error(`The process ended (${ended()}) before it said '${words}'. See ${logFile}.`);
    if (performance.now() > deadline)
      throw new Error(`The process has not said '${words}' after ${SAID_MS / 1000} s. See ${logFile}.`);
    await pause(10); // a log file tells nobody that it has grown
  }
}

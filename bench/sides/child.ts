// A program as a child of this process, with its output in a file. It ends with this process.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Child {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
  readonly ended: () => string | undefined;
}

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
  const { pid } = child;
  if (pid === undefined) throw new Error(`Could not start ${program}: it is missing or not executable.`);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let how: string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      how = signal ?? `exit code ${code}`;
      process.off('exit', kill);
      alive.delete(started);
      resolve();
    });
  });
  const started: Child = {
    pid,
    startedAtMs,
    ended: () => how,
    end: async (signal) => {
      if (how === undefined) child.kill(signal);
      await exited;
    },
  };
  alive.add(started);
  return started;
}

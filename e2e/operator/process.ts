// The operator as a real process, run from source under an ordinary identity, or that of a kubeconfig: what tests start, kill and
// read. It ends with this process. (The demo has its own, which can be left running.)

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { operatorKubeconfig } from './install.ts';

export const MAIN = join(import.meta.dirname, '../../src/operator/main.ts');

export interface OperatorOptions {
  /** Whose name the API server writes into its audit log. */
  readonly user?: string;
  readonly flags?: readonly string[];
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface OperatorProcess {
  readonly pid: number;
  readonly log: readonly LogLine[];
  /** Resolves with the first line, past or coming, that passes. Rejects when the process ends before. */
  line(test: (line: LogLine) => boolean): Promise<LogLine>;
  /** Where probes and metrics are. */
  url(): Promise<string>;
  /** Resolves with the exit code, or the signal, once the process has ended. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

export async function startOperatorProcess(
  cluster: ControlPlane,
  options: OperatorOptions = {},
): Promise<OperatorProcess> {
  const { user, flags = [] } = options;
  const kubeconfig = await operatorKubeconfig(cluster, user);
  return launchOperator({ command: ['node', MAIN], kubeconfig, flags: ['--lease-namespace=default', ...flags] });
}

export interface LaunchOptions {
  /** What starts it: `node` and a file, mostly. */
  readonly command: readonly [string, ...string[]];
  readonly kubeconfig: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function launchOperator({ command, kubeconfig, flags = [], env = {} }: LaunchOptions): OperatorProcess {
  const [program, ...args] = command;
  const child = spawn(program, [...args, '--address=127.0.0.1:0', ...flags], {
    env: { ...process.env, ...env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return follow(child);
}

function follow(child: ChildProcess & { readonly stdout: NodeJS.ReadableStream | null }): OperatorProcess {
  const log: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line: LogLine = text.startsWith('{') ? JSON.parse(text) : { level: 'raw', msg: text };
      log.push(line);
      for (const hear of waiting) hear(line);
    });
  }
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  const line = (test: (line: LogLine) => boolean): Promise<LogLine> => {
    const past = log.find(test);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      waiting.add((next) => test(next) && resolve(next));
      void ended.then((how) =>
        reject(new Error(`the operator ended (${how}); its last line: ${JSON.stringify(log.at(-1))}`)),
      );
    });
  };
  return {
    pid: child.pid ?? 0,
    log,
    line,
    url: async () => String((await line(({ msg }) => msg === 'started'))['url']),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

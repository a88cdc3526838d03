// The operator as a user runs it: a child process of its own with a kubeconfig, its log in a file. It leads its own
// process group, so that ^C in a terminal reaches the demo, which then ends both in order.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessId, processId, signal } from '../cluster/processes.ts';

const MAIN = join(import.meta.dirname, '../../src/operator/main.ts');
const STOP_MS = 5_000;
const TAIL_LINES = 12;

export interface OperatorProcess {
  readonly id: ProcessId;
  readonly logFile: string;
  /** Never fulfilled; rejects when the process ends without having been asked to. */
  readonly ended: Promise<never>;
  /** The end of its log. */
  readonly lastLines: () => string;
  /** Requests to the API server so far, without watches and the Lease; undefined when it does not say. */
  readonly requests: () => Promise<number | undefined>;
  /** SIGTERM. Rejects, after a SIGKILL, when the operator does not end by itself. */
  readonly stop: () => Promise<void>;
}

export function startOperatorProcess(kubeconfig: string, logFile: string): OperatorProcess {
  const log = openSync(logFile, 'a');
  const args = ['--disable-warning=ExperimentalWarning', MAIN, '--address', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, {
    detached: true,
    env: { ...withoutOurSettings(), KUBECONFIG: kubeconfig },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let stopping = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
  });
  const ended = exited.then((how): Promise<never> => {
    if (stopping) return new Promise(() => {});
    throw new Error(`the operator ended by itself (${how})`);
  });
  ended.catch(() => {}); // told to whoever waits for something
  const id = processId(child.pid ?? -1);
  return {
    id,
    logFile,
    ended,
    lastLines: () => lines(logFile).slice(-TAIL_LINES).join('\n'),
    requests: () => requestsMade(logFile),
    stop: async () => {
      stopping = true;
      child.ref();
      let killed = false;
      const kill = setTimeout(() => {
        killed = true;
        signal(id, 'SIGKILL');
      }, STOP_MS);
      signal(id, 'SIGTERM');
      await exited;
      clearTimeout(kill);
      if (killed) throw new Error(`the operator did not end within ${STOP_MS / 1000} s of SIGTERM and was killed`);
    },
  };
}

/** A shell that was set up for another cluster or another operator must not change what is shown. */
function withoutOurSettings(): NodeJS.ProcessEnv {
  const foreign = ([name]: readonly [string, unknown]) => !name.startsWith('STATEFULAPP_') && name !== 'POD_NAMESPACE';
  return Object.fromEntries(Object.entries(process.env).filter(foreign));
}

function lines(logFile: string): readonly string[] {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n');
}

async function requestsMade(logFile: string): Promise<number | undefined> {
  const url = lines(logFile)
    .map((line) => /"url":"([^"]+)".*"msg":"started"/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (url === undefined) return undefined;
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(2_000) });
    return countRequests(await answer.text());
  } catch {
    return undefined;
  }
}

/** Sums the samples of rest_client_requests_total in Prometheus' text format. */
export function countRequests(metrics: string): number {
  const samples = metrics.matchAll(/^rest_client_requests_total\{([^}]*)\} (\d+)/gm);
  return [...samples]
    .filter(([, labels = '']) => !labels.includes('resource="leases"'))
    .reduce((sum, [, , value]) => sum + Number(value), 0);
}

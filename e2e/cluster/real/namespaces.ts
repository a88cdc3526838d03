// Namespaces held by a process of their own, and programs started inside. When the first process of a node's process
// namespace ends, the kernel ends all others in it, containers included, and with the last of them go the mounts,
// interfaces, routes and packet filters: a power cut, and nothing to clean up.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { logTail } from '../logs.ts';
import { isAlive, killAll, launch, type ProcessId, processId } from '../processes.ts';
import { SYSTEM_PATH } from './requirements.ts';

/** Says that the place is prepared: see `hold`. */
export const READY = 'ready';

export interface Holder {
  /** The process that waits for the first one, outside. */
  readonly outer: ProcessId;
  /** The first process inside. */
  readonly init: ProcessId;
}

export type Namespace = 'mount' | 'net' | 'pid' | 'uts' | 'ipc';
/** Of a node. */
export const ALL_NAMESPACES: readonly Namespace[] = ['mount', 'net', 'pid', 'uts', 'ipc'];

export interface Hold {
  readonly namespaces: readonly Namespace[];
  /** Shell code that puts the shell into its cgroup. */
  readonly enterCgroup: string;
  /** Shell code that runs inside first; then `command` takes its place. */
  readonly prepare: string;
  readonly command: readonly string[];
  readonly logFile: string;
}

/** Makes namespaces and resolves once they are prepared. */
export async function hold({ namespaces, enterCgroup, prepare, command, logFile }: Hold): Promise<Holder> {
  const flags = namespaces.map((namespace) => `--${namespace}`);
  const mounts = namespaces.includes('mount') ? ['--propagation', 'private'] : [];
  const processes = namespaces.includes('pid') ? ['--mount-proc'] : [];
  const unshare = ['unshare', ...flags, ...mounts, '--fork', '--kill-child', ...processes];
  const inside = ['sh', '-c', `set -e\n${prepare}\necho ${READY}\nexec "$@" >&2`, 'sh', ...command];
  const script = `set -e\n${enterCgroup}\nexec "$@"`;
  const log = openSync(logFile, 'a');
  try {
    const child = spawn('sh', ['-c', script, 'sh', ...unshare, ...inside], {
      detached: true,
      stdio: ['ignore', 'pipe', log],
      env: cleanEnvironment(),
    });
    await readyLine(child, logFile);
    const outer = processId(child.pid ?? 0);
    const [init] = childrenOf(outer.pid);
    if (init === undefined) throw new Error(`The namespaces were gone at once. ${logTail(logFile)}`);
    child.unref();
    return { outer, init: processId(init) };
  } finally {
    closeSync(log);
  }
}

function readyLine(child: ChildProcess, logFile: string): Promise<void> {
  const { stdout } = child;
  return new Promise((resolve, reject) => {
    let heard = '';
    const failed = (code: number | null, killedBy: NodeJS.Signals | null) => {
      const why = `exit ${code ?? killedBy}`;
      reject(new Error(`Namespaces could not be prepared (${why}). ${logTail(logFile)}`));
    };
    stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
      if (!heard.split('\n').includes(READY)) return;
      child.off('exit', failed); // its later end is no failure to prepare
      stdout.destroy(); // who holds it must not keep this process
      resolve();
    });
    child.once('error', reject);
    child.once('exit', failed);
  });
}

/** Words before a command that make it run inside. */
export function inside({ init }: Holder, namespaces: readonly Namespace[]): readonly string[] {
  return ['nsenter', `--target=${init.pid}`, ...namespaces.map((namespace) => `--${namespace}`), '--'];
}

export interface Program {
  readonly holder: Holder;
  readonly enterCgroup: string;
  readonly command: readonly string[];
  readonly logFile: string;
}

/** Starts a program in all namespaces of a node; the process that is returned waits for it, outside. */
export function startInside({ holder, enterCgroup, command, logFile }: Program): ProcessId {
  const script = `set -e\n${enterCgroup}\nexec "$@"`;
  const entered = [...inside(holder, ALL_NAMESPACES), ...command];
  return launch({ command: ['sh', '-c', script, 'sh', ...entered], logFile, env: cleanEnvironment() });
}

/** Ends the program, and only it: what it started goes on. */
export async function killInside(id: ProcessId): Promise<void> {
  if (!isAlive(id)) return;
  const programs = childrenOf(id.pid).map(processId);
  for (const { pid } of programs) process.kill(pid, 'SIGKILL');
  if (programs.length === 0) await killAll([id]); // ended before it became the program
  for (let waitedMs = 0; [...programs, id].some(isAlive); waitedMs += 10) {
    if (waitedMs > 10_000) throw new Error(`Process ${id.pid} is still there 10 s after SIGKILL. Look at it with ps.`);
    await sleep(10);
  }
}

/** A power cut. */
export async function killHolder({ init, outer }: Holder): Promise<void> {
  await killAll([init, outer]);
}

/** Nothing of the caller's shell: a proxy set there would get the kubelet's requests. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: SYSTEM_PATH.join(':'), HOME: '/root', LANG: 'C.UTF-8' };
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // ended meanwhile
  }
}

// Processes by identity: a pid is reused, a pid together with its start time is not, so only what was started here is
// ever signalled. Each component leads a process group of its own: ^C in a terminal reaches the caller, not them.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot (Linux) or a date (elsewhere); '' when the process was already gone. Only compared. */
  readonly startTime: string;
}

export interface Launch {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly logFile: string;
  /** Default: the caller's. */
  readonly env?: NodeJS.ProcessEnv;
}

export function processId(pid: number): ProcessId {
  return { pid, startTime: startTimeOf(pid) };
}

/** Starts a program that outlives this one, with its output in `logFile`. */
export function launch({ command: [path = '', ...args], logFile, env = process.env }: Launch): ProcessId {
  const log = openSync(logFile, 'a');
  try {
    const child = spawn(path, args, { detached: true, stdio: ['ignore', log, log], env });
    child.once('error', () => {}); // seen as pid === undefined below, or by the probes
    if (child.pid === undefined) throw new Error(`Could not start ${path}: it is missing or not executable.`);
    child.unref();
    return processId(child.pid);
  } finally {
    closeSync(log);
  }
}

export function isAlive({ pid, startTime }: ProcessId): boolean {
  return startTime !== '' && startTimeOf(pid) === startTime;
}

/** Signals the process and its group; does nothing when it is gone or its pid belongs to another by now. */
export function signal(id: ProcessId, name: NodeJS.Signals): void {
  if (!isAlive(id)) return;
  try {
    process.kill(-id.pid, name);
  } catch {
    // gone between the check and the signal
  }
}

/** Stops the process, and waits until it stands still: threads on other processors go on for a moment after the signal. */
export async function stop(id: ProcessId): Promise<void> {
  signal(id, 'SIGSTOP');
  for (let waitedMs = 0; isAlive(id) && !standsStill(id); waitedMs += 1) {
    if (waitedMs > 10_000) throw new Error(`Process ${id.pid} still runs 10 s after SIGSTOP. Look at it with ps.`);
    await sleep(1);
  }
}

function standsStill({ pid }: ProcessId): boolean {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
  try {
    return readdirSync(`/proc/${pid}/task`).every((task) => fieldsOf(`${pid}/task/${task}`)[0] === 'T');
  } catch {
    return false; // a thread ended between the look at the list and at itself
  }
}

/** Kills and waits until each is gone. SIGKILL: what runs here is thrown away, and a graceful end takes seconds. */
export async function killAll(ids: readonly ProcessId[]): Promise<void> {
  for (const id of ids) signal(id, 'SIGKILL');
  for (let waitedMs = 0; ids.some(isAlive); waitedMs += 10) {
    if (waitedMs > 10_000) {
      const left = ids.filter(isAlive).map(({ pid }) => pid);
      throw new Error(`Processes ${left.join(', ')} are still there 10 s after SIGKILL. Look at them with ps.`);
    }
    await sleep(10);
  }
}

function startTimeOf(pid: number): string {
  if (process.platform !== 'linux') {
    try {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  }
  try {
    const fields = fieldsOf(String(pid));
    return fields[0] === 'Z' && !hasThreads(pid) ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** Of a process or thread, from the third on: field 2 is its name in brackets and may hold anything; 3 is the state, 22 the start time. */
function fieldsOf(path: string): readonly string[] {
  const stat = readFileSync(`/proc/${path}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The first thread of a killed process may be a zombie while others still hold its ports open. */
function hasThreads(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).length > 1;
}

// What a process has used, from /proc. Linux only: elsewhere these figures are left out, and the table says so by their absence.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Usage {
  /** User and system time since the process started. */
  readonly cpuSeconds: number;
  readonly rssMiB: number;
  /** The largest it ever was. */
  readonly peakMiB: number;
}

/** The kernel gives times to programs in hundredths of a second on all platforms that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Undefined when there is no such process, or no /proc. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return readUsage(stat, status);
  } catch {
    return undefined;
  }
}

/** Of the texts of /proc/PID/stat and /proc/PID/status. */
export function readUsage(stat: string, status: string): Usage {
  // The second field is the name in brackets and may hold anything; the third follows the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    rssMiB: mebibytes(status, 'VmRSS'),
    peakMiB: mebibytes(status, 'VmHWM'),
  };
}

function mebibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024;
}

/** How many sockets the process has open. NaN where that cannot be seen. */
export function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).filter((file) => isSocket(`${folder}/${file}`)).length;
  } catch {
    return Number.NaN;
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false; // closed meanwhile
  }
}

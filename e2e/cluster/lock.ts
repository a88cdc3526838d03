// One build at a time, across processes: a lock file that names its owner by pid and start time. A lock whose owner is
// dead is broken. Should two waiters break the same one at once, the work is done twice, which harms nothing: the
// results are renamed into place. Deliberately no timeout: a cold build may take six minutes and more.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessId, processId } from './processes.ts';

const POLL_MS = 250;

/** Runs `work` while holding the lock `path`. `onWait` hears, every ten seconds, whose lock it is and for how long. */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: (owner: number, seconds: number) => void,
): Promise<T> {
  const startedAt = performance.now();
  for (let turn = 0; !tryLock(path); turn += 1) {
    const owner = readOwner(path);
    if (owner !== undefined && !isAlive(owner)) breakLock(path);
    else if (turn % 40 === 0) onWait(owner?.pid ?? 0, Math.round((performance.now() - startedAt) / 1000));
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

// A link of a finished file, not an exclusive create: nobody ever reads a lock without its owner.
function tryLock(path: string): boolean {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(processId(process.pid)));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function readOwner(path: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessId;
  } catch {
    return undefined; // released meanwhile
  }
}

function breakLock(path: string): void {
  const aside = `${path}.broken.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    // someone else was first
  }
  rmSync(aside, { force: true });
}

// The owner's end of the watchdog: see watchdog.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Guard {
  /** From here on the cluster outlives this process, or has ended. */
  readonly release: () => void;
}

/** Starts a watchdog that tears down the cluster in `dir` as soon as this process is gone without a release. */
export function guard(dir: string): Guard {
  const script = join(import.meta.dirname, 'watchdog.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, dir], {
    detached: true, // ^C in a terminal goes to the owner's process group, and the watchdog is what cleans up after it
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('error', () => {});
  child.stdin.on('error', () => {});
  // Neither the watchdog nor the pipe to it may keep the owner from ending.
  child.unref();
  (child.stdin as unknown as { unref: () => void }).unref();
  return { release: () => void child.stdin.end('release') };
}

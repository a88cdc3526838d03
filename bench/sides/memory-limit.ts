// A memory limit as a container has it: a cgroup, where this process may make one (root on Linux). Elsewhere there is none, and
// whoever asks has to look at the peak of the process instead.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The chart's limit. */
export const CHART_LIMIT_MIB = 512;

const ROOTS = [
  { root: '/sys/fs/cgroup/memory', file: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', file: 'memory.max' },
];
const NAME = `statefulapp-bench-${process.pid}`;

/** Words before a command line that put the program under the limit; none where that is not possible. */
export function memoryLimit(mebibytes: number): readonly string[] {
  for (const { root, file } of ROOTS) {
    const folder = join(root, NAME);
    try {
      if (!existsSync(join(root, 'cgroup.procs'))) continue;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, file), String(mebibytes * 1024 * 1024));
      process.once('exit', () => removeLimit(folder));
      return ['/bin/sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'limited'];
    } catch {
      removeLimit(folder);
    }
  }
  return [];
}

function removeLimit(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // never made, or a process is still in it
  }
}

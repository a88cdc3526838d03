// The cgroups of a cluster with real nodes: one group of its own below the root of every hierarchy, so that all its
// processes are known, whoever started them and whatever became of their parents. cgroup v1, v2 and both at once. Sets no
// limits.
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote } from './shell.ts';

export interface Hierarchy {
  readonly path: string;
  readonly version: 1 | 2;
}

/** Where processes are; other groups may be below it, and version 2 allows processes in leaves only. */
const SYSTEM = 'system';

/** The hierarchies that are mounted, out of the text of /proc/self/mountinfo. */
export function hierarchies(mountinfo: string): readonly Hierarchy[] {
  return mountinfo.split('\n').flatMap((line): Hierarchy[] => {
    const [before = '', after = ''] = line.split(' - ');
    const path = before.split(' ')[4];
    const type = after.split(' ')[0];
    if (path === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    return [{ path, version: type === 'cgroup' ? 1 : 2 }];
  });
}

/** Below this machine's hierarchies; a class only in that these were looked up once. */
export class Cgroups {
  readonly #hierarchies: readonly Hierarchy[];

  constructor(mounted: readonly Hierarchy[] = hierarchies(readFileSync('/proc/self/mountinfo', 'utf8'))) {
    this.#hierarchies = mounted;
  }

  /** Makes the group ('sapp-10-213/node-0') in every hierarchy, ready for groups below it and for processes. */
  create(group: string): void {
    for (const hierarchy of this.#hierarchies) {
      let parent = hierarchy.path;
      for (const part of [...group.split('/'), SYSTEM]) {
        if (hierarchy.version === 2) delegate(parent);
        const child = join(parent, part);
        mkdirSync(child, { recursive: true });
        if (hierarchy.version === 1) inheritCpuset(child);
        parent = child;
      }
    }
  }

  /** Shell code that puts the shell, and what it becomes or starts, into the group. */
  enterScript(group: string): string {
    return this.#hierarchies
      .map(({ path }) => `echo 0 > ${quote(join(path, group, SYSTEM, 'cgroup.procs'))}`)
      .join('\n');
  }

  /** Process ids in the group and all groups below it. */
  processes(group: string): readonly number[] {
    const found = new Set<number>();
    for (const folder of this.#folders(group)) for (const pid of pidsIn(folder)) found.add(pid);
    return [...found];
  }

  /** The group's folders that are there, deepest first. */
  folders(group: string): readonly string[] {
    return this.#folders(group);
  }

  /** Removes the group and all below it; its processes have ended. The kernel lets go of a group a moment after that. */
  async remove(group: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    for (let left = this.#folders(group); left.length > 0; left = this.#folders(group)) {
      let why: unknown;
      for (const folder of left) {
        try {
          rmdirSync(folder);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') why = error;
        }
      }
      if (why === undefined) return;
      if (performance.now() > deadline) {
        throw new Error(
          `The cgroup ${group} could not be removed in 10 s: ${(why as Error).message}. Its processes: ${this.processes(group).join(', ') || 'none'}.`,
        );
      }
      await sleep(20);
    }
  }

  #folders(group: string): readonly string[] {
    return this.#hierarchies.flatMap(({ path }) => below(join(path, group)));
  }
}

function below(folder: string): readonly string[] {
  try {
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...children.flatMap((child) => below(join(folder, child.name))), folder];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function pidsIn(folder: string): readonly number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch (error) {
    // Gone meanwhile; EOPNOTSUPP: a threaded group, whose processes stand in its parent.
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** Version 2: what is not handed down does not exist below. */
function delegate(folder: string): void {
  const controllers = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').split(/\s+/).filter(Boolean);
  for (const controller of controllers) {
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // One that cannot be handed down here (cpu beside real-time processes): the kubelet says so if it needs it.
    }
  }
}

/** Version 1: a new group may use no processor and no memory until it is told which. */
function inheritCpuset(folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    try {
      const own = readFileSync(join(folder, file), 'utf8').trim();
      if (own === '') writeFileSync(join(folder, file), readFileSync(join(dirname(folder), file), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

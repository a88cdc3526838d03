// What is known about a cluster outside the process that started it: one JSON file in its folder, rewritten whole at
// each change and right after each start of a process, so that whoever cleans up knows all of them.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentName, Ports } from './components.ts';
import type { AdminTls } from './identities.ts';
import type { ProcessId } from './processes.ts';

export interface ClusterState {
  readonly name: string;
  readonly dir: string;
  readonly url: string;
  readonly kubeconfig: string;
  readonly ports: Ports;
  readonly admin: AdminTls;
  /** Who is starting or holding the cluster; absent once it stands by itself. */
  readonly owner?: ProcessId;
  readonly components: Readonly<Partial<Record<ComponentName, ProcessId>>>;
}

const FILE = 'state.json';

export function writeState(state: ClusterState): void {
  const path = join(state.dir, FILE);
  writeFileSync(`${path}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Undefined when there is no cluster in the folder, or none that came far enough to leave anything behind. */
export function readState(dir: string): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, FILE), 'utf8')) as ClusterState;
  } catch {
    return undefined;
  }
}

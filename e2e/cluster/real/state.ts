// What is known about real nodes outside the process that started them: one file for the cluster and one for each node,
// rewritten whole, so that commands, other processes and the watchdog can act on them.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessId } from '../processes.ts';
import type { Addresses } from './addresses.ts';
import { nodeFiles, nodesFolder } from './files.ts';
import type { Holder } from './namespaces.ts';
import type { NodePlan } from './node-config.ts';

export interface RealState {
  readonly addresses: Addresses;
  readonly nodes: number;
  /** Absent until it runs. */
  readonly hub?: Holder;
}

export const NODE_PROGRAMS = ['containerd', 'kubelet', 'kube-proxy'] as const;
export type NodeProgram = (typeof NODE_PROGRAMS)[number];

export interface NodeState {
  readonly plan: NodePlan;
  readonly programs: Readonly<Record<NodeProgram, string>>;
  /** Further arguments. */
  readonly args: Readonly<Partial<Record<NodeProgram, readonly string[]>>>;
  /** Absent when it does not run. */
  readonly holder?: Holder;
  readonly running: Readonly<Partial<Record<NodeProgram, ProcessId>>>;
  readonly partitioned: boolean;
}

const CLUSTER_FILE = 'real.json';

export function writeRealState(dir: string, state: RealState): void {
  write(join(dir, CLUSTER_FILE), state);
}

/** Undefined for a cluster without real nodes. */
export function readRealState(dir: string): RealState | undefined {
  return read(join(dir, CLUSTER_FILE));
}

export function writeNodeState(state: NodeState): void {
  write(state.plan.files.state, state);
}

export function readNodeState(dir: string, node: string): NodeState {
  const state = read<NodeState>(nodeFiles(dir, node).state);
  if (state !== undefined) return state;
  const known = nodeNames(dir).join(', ') || 'none';
  throw new Error(`The cluster in ${dir} has no node ${node}. Its nodes: ${known}.`);
}

/** Of a node that is on: its programs that do not run. */
export function endedPrograms({ running }: NodeState): readonly NodeProgram[] {
  return NODE_PROGRAMS.filter((program) => {
    const id = running[program];
    return id === undefined || !isAlive(id);
  });
}

export function nodeNames(dir: string): readonly string[] {
  try {
    return readdirSync(nodesFolder(dir)).sort();
  } catch {
    return [];
  }
}

function write(path: string, content: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function read<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

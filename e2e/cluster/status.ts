// How a cluster is, read from its folder and asked of its parts: rows for `status`.
import { readFileSync } from 'node:fs';
import { COMPONENTS, type ComponentName, probeOf } from './components.ts';
import { isAlive, type ProcessId } from './processes.ts';
import { nodeAddress } from './real/addresses.ts';
import { endedPrograms, nodeNames, readNodeState, readRealState } from './real/state.ts';
import { answersOk } from './requests.ts';
import type { ClusterState } from './state.ts';

export interface Row {
  readonly what: string;
  readonly process: string;
  readonly place: string;
  /** healthy, or what is wrong. */
  readonly health: string;
}

const FAKE_ONLY: readonly ComponentName[] = ['kwok', 'coredns'];

export async function rowsOf(state: ClusterState): Promise<readonly Row[]> {
  const real = readRealState(state.dir) !== undefined;
  const components = COMPONENTS.filter((name) => !real || !FAKE_ONLY.includes(name));
  const rows = await Promise.all(components.map((component) => componentRow(component, state)));
  return real ? [...rows, ...nodeNames(state.dir).map((name) => nodeRow(state.dir, name))] : rows;
}

async function componentRow(component: ComponentName, state: ClusterState): Promise<Row> {
  const id = state.components[component];
  const probe = probeOf(component, state);
  const health = id === undefined ? 'not started' : await processHealth(id, probe);
  return { what: component, process: processOf(id), place: `port ${portOf(component, state)}`, health };
}

async function processHealth(id: ProcessId, probe: ReturnType<typeof probeOf>): Promise<string> {
  if (!isAlive(id)) return 'dead';
  if (await answersOk(probe)) return 'healthy';
  return `not well (${probe.url}${isStopped(id.pid) ? ', the process is paused' : ''})`;
}

/** What the node's own processes say; whether the API server calls it Ready is another question. */
function nodeRow(dir: string, name: string): Row {
  const state = readNodeState(dir, name);
  const { holder, partitioned, plan } = state;
  const on = holder !== undefined && isAlive(holder.init);
  const ended = endedPrograms(state);
  const health = !on
    ? 'switched off'
    : ended.length > 0
      ? `without ${ended.join(', ')}`
      : partitioned
        ? 'partitioned'
        : 'healthy';
  return {
    what: name,
    process: processOf(on ? holder.init : undefined),
    place: nodeAddress(plan.addresses, plan.index),
    health,
  };
}

function processOf(id: ProcessId | undefined): string {
  return id === undefined ? '-' : `pid ${id.pid}`;
}

function portOf(component: ComponentName, state: ClusterState): number {
  return component === 'coredns' ? state.ports.dns : Number(new URL(probeOf(component, state).url).port);
}

function isStopped(pid: number): boolean {
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

// The commands of `npm run cluster` that concern a whole cluster. What a command needs to know about a cluster it reads
// from the cluster's folder: no process of ours stays behind.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { startCluster } from './cluster.ts';
import { clusterFolder } from './folders.ts';
import { endKind, startKindCluster } from './kind/cluster.ts';
import { CONFIG_FILE } from './kind/commands.ts';
import { isAlive } from './processes.ts';
import { startRealCluster } from './real/cluster.ts';
import { readRealState } from './real/state.ts';
import { run } from './run.ts';
import { type ClusterState, readState } from './state.ts';
import { rowsOf } from './status.ts';
import { tearDown } from './teardown.ts';

export type NodeKind = 'fake' | 'real' | 'kind';

export interface Request {
  readonly name: string;
  readonly nodes: number;
  readonly kind: NodeKind;
  readonly audit: boolean;
  /** Archives of images. */
  readonly images: readonly string[];
  /** What stands behind the command. */
  readonly words: readonly string[];
}

/** Resolves to the exit code. */
export type Command = (request: Request) => Promise<number>;

export async function up(request: Request): Promise<number> {
  const { name, kind, images } = request;
  const dir = clusterFolder(name);
  if (kind === 'fake' && images.length > 0)
    throw new Error('Fake nodes run no images. Ask for --nodes, or leave --image out.');
  const state = readState(dir);
  if (state !== undefined && isBeingStarted(state)) {
    throw new Error(
      `Cluster ${name} is being started by process ${state.owner?.pid}. Wait for it, or end that process.`,
    );
  }
  if (isKind(dir)) throw new Error(`Cluster ${name} is one of kind already. End it first: ${command('down', name)}`);
  if (state !== undefined && Object.values(state.components).some(isAlive)) return alreadyUp(state);
  if (existsSync(dir)) await tearDown(dir); // left by a reboot, or by an end without a chance to clean up
  return START[kind](request, dir);
}

type Start = (request: Request, dir: string) => Promise<number>;

const START: Readonly<Record<NodeKind, Start>> = {
  fake: async ({ name, nodes, audit }, dir) => {
    const progress = stopwatch();
    const cluster = await startCluster({ name, dir, nodes, audit, detach: true, progress });
    return arrived(cluster, progress, [
      `Names of the cluster (web-1.web.default.svc.cluster.local): DNS on 127.0.0.1 port ${cluster.dnsPort}`,
    ]);
  },
  real: async ({ name, nodes, audit, images }, dir) => {
    const progress = stopwatch();
    const cluster = await startRealCluster({ name, dir, nodes, audit, images, detach: true, progress });
    return arrived(cluster, progress, [
      `Images come from archives (docker save): npm run cluster -- image import FILE${option(name)}`,
    ]);
  },
  kind: async ({ name, nodes, images }, dir) => {
    const progress = stopwatch();
    await startKindCluster({ name, dir, nodes, images, progress });
    return arrived({ name, dir, auditLog: undefined }, progress, []);
  },
};

function stopwatch(): (line: string) => void {
  const startedAt = performance.now();
  return (line) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

interface Arrived {
  readonly name: string;
  readonly dir: string;
  readonly auditLog: string | undefined;
}

async function arrived(
  { name, dir, auditLog }: Arrived,
  progress: (line: string) => void,
  notes: readonly string[],
): Promise<number> {
  progress('the cluster is up');
  await linkKubectl(dir, progress);
  console.log(usage(name, [...notes, ...(auditLog === undefined ? [] : [`Audit log: ${auditLog}`])]));
  return 0;
}

// Last, and no reason to fail: the cluster is of use without it, and with a kubectl from elsewhere.
async function linkKubectl(dir: string, progress: (line: string) => void): Promise<void> {
  mkdirSync(join(dir, 'bin'));
  try {
    symlinkSync(await findBinary('kubectl', progress), join(dir, 'bin/kubectl'));
  } catch (error) {
    progress(`without kubectl of its own: ${(error as Error).message}`);
  }
}

export async function down({ name }: Request): Promise<number> {
  const dir = clusterFolder(name);
  if (!existsSync(dir)) {
    console.log(`Cluster ${name} does not run.`);
    return 0;
  }
  await (isKind(dir) ? endKind(name, dir) : tearDown(dir));
  console.log(`Cluster ${name} has ended; its data are deleted.`);
  return 0;
}

/** Shell code on standard output, for eval. */
export async function env({ name }: Request): Promise<number> {
  const dir = clusterFolder(name);
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const state = isKind(dir) ? undefined : runningState(name);
  console.log(`export KUBECONFIG=${quoted(state?.kubeconfig ?? join(dir, 'kubeconfig'))}`);
  console.log(`export PATH=${quoted(join(dir, 'bin'))}:"$PATH"`);
  if (state !== undefined && readRealState(dir) === undefined) {
    console.log(`export STATEFULAPP_CLUSTER_DNS=127.0.0.1:${state.ports.dns}`);
  }
  return 0;
}

/** Exit code 1 when something is not well. */
export async function status({ name }: Request): Promise<number> {
  const dir = clusterFolder(name);
  if (isKind(dir)) {
    console.log(await run(['kubectl', '--kubeconfig', join(dir, 'kubeconfig'), 'get', 'nodes']));
    return 0;
  }
  const state = runningState(name);
  const rows = await rowsOf(state);
  console.log(`Cluster ${name}: ${state.url}, kubeconfig ${state.kubeconfig}`);
  for (const { what, process, place, health } of rows) {
    console.log(`  ${what.padEnd(24)} ${process.padEnd(12)} ${place.padEnd(16)} ${health}`);
  }
  return rows.every(({ health }) => health === 'healthy') ? 0 : 1;
}

async function alreadyUp(state: ClusterState): Promise<number> {
  const ill = (await rowsOf(state))
    .filter(({ health }) => health !== 'healthy')
    .map(({ what, health }) => `${what} is ${health}`);
  if (ill.length === 0) {
    console.log(`Cluster ${state.name} already runs.\n${usage(state.name, [])}`);
    return 0;
  }
  throw new Error(
    `Cluster ${state.name} runs, but ${ill.join(', ')}. Look into ${join(state.dir, 'logs')}, or start afresh: ${command('down', state.name)}, then up.`,
  );
}

/** A cluster of kind has a kubeconfig here, and nothing else of ours. */
export function isKind(dir: string): boolean {
  return existsSync(join(dir, CONFIG_FILE));
}

export function runningState(name: string): ClusterState {
  const state = readState(clusterFolder(name));
  if (state === undefined) throw new Error(`Cluster ${name} does not run. Start it with: ${command('up', name)}`);
  if (isBeingStarted(state))
    throw new Error(
      `Cluster ${name} is still being started by process ${state.owner?.pid}. Try again when that is done.`,
    );
  return state;
}

function isBeingStarted({ owner }: ClusterState): boolean {
  return owner !== undefined && isAlive(owner);
}

function usage(name: string, notes: readonly string[]): string {
  return [
    '',
    'Use it in this shell:',
    `  eval "$(npm run -s cluster -- env${option(name)})"`,
    '  kubectl get nodes',
    ...notes,
    `How it is: ${command('status', name)}      End it: ${command('down', name)}`,
  ].join('\n');
}

function command(verb: string, name: string): string {
  return `npm run cluster -- ${verb}${option(name)}`;
}

function option(name: string): string {
  return name === 'dev' ? '' : ` --name ${name}`;
}

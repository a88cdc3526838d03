// The commands of `npm run cluster`. What a command needs to know about a cluster it reads from the cluster's folder:
// no process of ours stays behind.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './binaries.ts';
import { startCluster } from './cluster.ts';
import { COMPONENTS, type ComponentName, probeOf } from './components.ts';
import { clusterFolder } from './folders.ts';
import { isAlive } from './processes.ts';
import { answersOk } from './requests.ts';
import { type ClusterState, readState } from './state.ts';
import { tearDown } from './teardown.ts';

export interface Request {
  readonly name: string;
  readonly nodes: number;
  readonly audit: boolean;
}

/** Resolves to the exit code. */
export type Command = (request: Request) => Promise<number>;

export async function up({ name, nodes, audit }: Request): Promise<number> {
  const dir = clusterFolder(name);
  const state = readState(dir);
  if (state !== undefined && isBeingStarted(state)) {
    throw new Error(
      `Cluster ${name} is being started by process ${state.owner?.pid}. Wait for it, or end that process.`,
    );
  }
  if (state !== undefined && Object.values(state.components).some(isAlive)) return alreadyUp(state);
  if (existsSync(dir)) await tearDown(dir); // left by a reboot, or by an end without a chance to clean up

  const startedAt = performance.now();
  const progress = (line: string) =>
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const cluster = await startCluster({ name, dir, nodes, audit, detach: true, progress });
  progress('the cluster is up');
  await linkKubectl(dir, progress);
  console.log(usage(name, cluster.dnsPort, cluster.auditLog));
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
  await tearDown(dir);
  console.log(`Cluster ${name} has ended; its data are deleted.`);
  return 0;
}

/** Shell code on standard output, for eval. */
export async function env({ name }: Request): Promise<number> {
  const state = running(name);
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  console.log(`export KUBECONFIG=${quoted(state.kubeconfig)}`);
  console.log(`export PATH=${quoted(join(state.dir, 'bin'))}:"$PATH"`);
  console.log(`export STATEFULAPP_CLUSTER_DNS=127.0.0.1:${state.ports.dns}`);
  return 0;
}

/** Exit code 1 when something is not well. */
export async function status({ name }: Request): Promise<number> {
  const state = running(name);
  const rows = await Promise.all(COMPONENTS.map((component) => describe(component, state)));
  console.log(`Cluster ${name}: ${state.url}, kubeconfig ${state.kubeconfig}`);
  for (const { component, pid, port, health } of rows) {
    console.log(`  ${component.padEnd(24)} ${pid.padEnd(12)} ${port.padEnd(12)} ${health}`);
  }
  return rows.every(({ health }) => health === 'healthy') ? 0 : 1;
}

async function alreadyUp(state: ClusterState): Promise<number> {
  const rows = await Promise.all(COMPONENTS.map((component) => describe(component, state)));
  const ill = rows
    .filter(({ health }) => health !== 'healthy')
    .map(({ component, health }) => `${component} is ${health}`);
  if (ill.length === 0) {
    console.log(`Cluster ${state.name} already runs.\n${usage(state.name, state.ports.dns, undefined)}`);
    return 0;
  }
  throw new Error(
    `Cluster ${state.name} runs, but ${ill.join(', ')}. Look into ${join(state.dir, 'logs')}, or start afresh: ${command('down', state.name)}, then up.`,
  );
}

async function describe(component: ComponentName, state: ClusterState) {
  const id = state.components[component];
  const alive = id !== undefined && isAlive(id);
  const probe = probeOf(component, state);
  const health =
    id === undefined
      ? 'not started'
      : !alive
        ? 'dead'
        : (await answersOk(probe))
          ? 'healthy'
          : `not well (${probe.url}${isStopped(id.pid) ? ', the process is paused' : ''})`;
  return { component, pid: id === undefined ? '-' : `pid ${id.pid}`, port: `port ${portOf(component, state)}`, health };
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

function running(name: string): ClusterState {
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

function usage(name: string, dnsPort: number, auditLog: string | undefined): string {
  return [
    '',
    'Use it in this shell:',
    `  eval "$(npm run -s cluster -- env${option(name)})"`,
    '  kubectl get nodes',
    `Names of the cluster (web-1.web.default.svc.cluster.local): DNS on 127.0.0.1 port ${dnsPort}`,
    ...(auditLog === undefined ? [] : [`Audit log: ${auditLog}`]),
    `How it is: ${command('status', name)}      End it: ${command('down', name)}`,
  ].join('\n');
}

function command(verb: string, name: string): string {
  return `npm run cluster -- ${verb}${option(name)}`;
}

function option(name: string): string {
  return name === 'dev' ? '' : ` --name ${name}`;
}

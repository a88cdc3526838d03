// The start of a cluster with real nodes, in the order of what needs what; what needs nothing of each other goes on side
// by side.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../binaries.ts';
import { type ControlPlaneOptions, type Prepared, prepareControlPlane, startApiServer } from '../control-plane.ts';
import type { Identities } from '../identities.ts';
import { kubectl } from '../kubectl.ts';
import { logTail } from '../logs.ts';
import { canRunPods, createStorageClass } from '../nodes.ts';
import { leaseSeconds, type Patience } from '../patience.ts';
import { expectOk, until } from '../requests.ts';
import type { Addresses } from './addresses.ts';
import { Cgroups } from './cgroups.ts';
import { controlPlaneArgs, KUBELET_CLIENT, launcher } from './control-plane-args.ts';
import { dnsManifest } from './dns.ts';
import { nodeFiles, nodeLog, nodesFolder, volumesFolder } from './files.ts';
import { coreDnsImage, type PackedImage, sandboxImage } from './images.ts';
import { hold } from './namespaces.ts';
import { claimNetwork } from './network.ts';
import { boot, realNode, startAgents } from './node.ts';
import { writeNodeFiles } from './node-files.ts';
import type { ProgramPaths } from './programs.ts';
import {
  endedPrograms,
  NODE_PROGRAMS,
  type NodeProgram,
  type NodeState,
  nodeNames,
  readNodeState,
  writeNodeState,
  writeRealState,
} from './state.ts';

export interface BringUp {
  readonly dir: string;
  readonly options: ControlPlaneOptions & {
    readonly images?: readonly string[];
    readonly args?: Partial<Record<NodeProgram, readonly string[]>>;
  };
  readonly nodes: number;
  readonly patience: Patience;
  readonly programs: ProgramPaths;
  readonly progress: Progress;
}

const NODES_MS = 90_000;
const DNS_MS = 60_000;

/** Resolves when pods run on all nodes and find names. */
export async function bringUp(wish: BringUp): Promise<Prepared> {
  const { dir, nodes, progress } = wish;
  for (const folder of [nodesFolder(dir), volumesFolder(dir)]) mkdirSync(folder);
  const sandbox = await sandboxImage(progress);
  const dns = await coreDnsImage(progress);
  const addresses = await layNetwork(wish);
  const prepared = await prepareServers(wish, addresses);
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  names.forEach((_, index) => {
    prepareNode({ wish, addresses, identities: prepared.identities, sandbox, index });
  });
  const images = [sandbox.archive, dns.archive, ...(wish.options.images ?? [])];
  progress(`starting ${nodes} containerd, with ${images.length} images …`);
  await Promise.all([startServers(prepared, progress), ...names.map((name) => bootWithImages(dir, name, images))]);
  progress(`starting ${nodes} kubelets …`);
  for (const name of names) await startAgents(dir, name);
  await createStorageClass(prepared.api);
  const { kubeconfig } = prepared;
  await kubectl({ kubeconfig, args: ['apply', '-f', '-'], input: dnsManifest(dns.name), progress });
  await nodesReady(dir, prepared, nodes);
  progress(`${nodes} nodes are ready`);
  await dnsReady(dir, prepared, nodes);
  progress('names are answered');
  return prepared;
}

async function layNetwork({ dir, nodes, programs }: BringUp): Promise<Addresses> {
  return claimNetwork(nodes, async (addresses) => {
    writeRealState(dir, { addresses, nodes });
    const cgroups = new Cgroups();
    const group = controlPlaneGroup(addresses);
    cgroups.create(group);
    const hub = await hold({
      namespaces: ['net'],
      enterCgroup: cgroups.enterScript(group),
      prepare: '',
      command: [programs.pause],
      logFile: join(dir, 'network.log'),
    });
    writeRealState(dir, { addresses, nodes, hub });
    return hub;
  });
}

function controlPlaneGroup({ id }: Addresses): string {
  return `${id}/control-plane`;
}

async function prepareServers({ dir, options, patience, progress }: BringUp, addresses: Addresses): Promise<Prepared> {
  const builtIn = controlPlaneArgs(dir, patience);
  const args = { ...options.args };
  for (const name of Object.keys(builtIn) as (keyof typeof builtIn)[]) {
    args[name] = [...(builtIn[name] ?? []), ...(options.args?.[name] ?? [])]; // the last word counts
  }
  const enter = new Cgroups().enterScript(controlPlaneGroup(addresses));
  const site = { apiHost: addresses.host, launcher: launcher(dir, enter) };
  const prepared = await prepareControlPlane({ dir, options: { ...options, args }, site, progress });
  prepared.identities.writePair(KUBELET_CLIENT.paths(dir), KUBELET_CLIENT.subject);
  return prepared;
}

async function startServers(prepared: Prepared, progress: Progress): Promise<void> {
  await startApiServer(prepared, progress);
  const controllers = ['kube-controller-manager', 'kube-scheduler'] as const;
  for (const name of controllers) await prepared.runtime.launch(name);
  await Promise.all(controllers.map((name) => prepared.runtime.ready(name)));
}

interface NewNode {
  readonly wish: BringUp;
  readonly addresses: Addresses;
  readonly identities: Identities;
  readonly sandbox: PackedImage;
  readonly index: number;
}

function prepareNode({ wish, addresses, identities, sandbox, index }: NewNode): void {
  const { dir, programs, options, patience } = wish;
  const name = `node-${index}`;
  const plan: NodeState['plan'] = {
    name,
    index,
    addresses,
    clusterDir: dir,
    files: nodeFiles(dir, name),
    authority: join(dir, 'pki/ca.crt'),
    sandboxImage: `docker.io/${sandbox.name}`,
    runc: programs.runc,
    shim: programs['containerd-shim-runc-v2'],
    pause: programs.pause,
    ctr: programs.ctr,
    cniPlugins: programs.cni,
    leaseSeconds: leaseSeconds(patience),
  };
  writeNodeFiles(plan, identities);
  const args = Object.fromEntries(NODE_PROGRAMS.map((program) => [program, options.args?.[program] ?? []]));
  const { containerd, kubelet } = programs;
  const paths = { containerd, kubelet, 'kube-proxy': programs['kube-proxy'] };
  writeNodeState({ plan, programs: paths, args, running: {}, partitioned: false });
}

async function bootWithImages(dir: string, name: string, images: readonly string[]): Promise<void> {
  await boot(dir, name);
  for (const archive of images) await realNode(dir, name).importImage(archive);
}

async function nodesReady(dir: string, { api }: Prepared, nodes: number): Promise<void> {
  const ready = async () => {
    for (const name of nodeNames(dir)) {
      const [ended] = endedPrograms(readNodeState(dir, name));
      if (ended === undefined) continue;
      throw new Error(
        `${ended} of ${name} ended while it was starting. ${logTail(nodeLog(nodeFiles(dir, name), ended))}`,
      );
    }
    return canRunPods(api, nodes);
  };
  const why = () =>
    `The ${nodes} nodes or the default service account are not ready after ${NODES_MS / 1000} s. ${kubeletLogs(dir)}`;
  await until(ready, NODES_MS, why);
}

async function dnsReady(dir: string, { api }: Prepared, nodes: number): Promise<void> {
  const url = `${api.url}/apis/apps/v1/namespaces/kube-system/daemonsets/coredns`;
  const ready = async () => {
    const { status } = JSON.parse((await expectOk({ url, tls: api.tls })).body) as { status: { numberReady?: number } };
    return status.numberReady === nodes;
  };
  await until(ready, DNS_MS, () => `CoreDNS is not ready on all nodes after ${DNS_MS / 1000} s. ${kubeletLogs(dir)}`);
}

function kubeletLogs(dir: string): string {
  const names = nodeNames(dir);
  return names.map((name) => logTail(nodeLog(nodeFiles(dir, name), 'kubelet'))).join('\n');
}

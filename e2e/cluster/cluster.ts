// A real Kubernetes control plane with fake nodes, started and stopped by a function call: for the integration tests,
// the demo and the benchmarks. What it lacks: containers that run. Pods go through the states a kubelet would report,
// failures included (see plays.ts), and DNS answers with their addresses, where nobody listens.
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary, type Progress } from './binaries.ts';
import { apiUrl, COMPONENTS, type ComponentName, type Layout, type Ports, writeConfigs } from './components.ts';
import { type Guard, guard } from './guard.ts';
import { ADMIN, COMPONENT_IDENTITIES, createIdentities, type Identities } from './identities.ts';
import { kubectl } from './kubectl.ts';
import {
  type Api,
  canRunPods,
  createNode,
  createStorageClass,
  deleteNode,
  dropNodeLeases,
  setKubelet,
} from './nodes.ts';
import { freePorts } from './ports.ts';
import { processId } from './processes.ts';
import { until } from './requests.ts';
import { Runtime } from './runtime.ts';
import { tearDown } from './teardown.ts';

export interface ClusterOptions {
  /** Shown in kubeconfigs and messages; clusters of one name may run side by side in different folders. */
  readonly name?: string;
  /** Where everything is kept; new or empty. Default: a new temporary folder. */
  readonly dir?: string;
  /** Fake nodes named node-0 and up. Default: 3. */
  readonly nodes?: number;
  /** Writes an audit log: level Metadata, deletes with their body. */
  readonly audit?: boolean;
  /** Which to start. Default: all. etcd and kube-apiserver are always there. */
  readonly components?: readonly ComponentName[];
  /** Further arguments of single components; they win over the built-in ones. */
  readonly args?: Partial<Record<ComponentName, readonly string[]>>;
  /** The cluster outlives this process: end it with `tearDown(dir)`. Default: it ends with this process, however that ends. */
  readonly detach?: boolean;
  /** Hears what takes time, one line at a time. */
  readonly progress?: Progress;
}

export interface Cluster {
  readonly name: string;
  readonly dir: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly url: string;
  /** CoreDNS, on 127.0.0.1, UDP and TCP; zone cluster.local. */
  readonly dnsPort: number;
  /** Path of the audit log, JSON lines; undefined unless asked for. */
  readonly auditLog: string | undefined;
  /** Runs kubectl as administrator; its standard output. Rejects with what it said on failure. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** kubectl apply of YAML or JSON text. */
  readonly apply: (manifest: string) => Promise<string>;
  /** Path of a kubeconfig for an ordinary user: a client certificate, no rights but those bound to user and groups. */
  readonly kubeconfigFor: (user: string, groups?: readonly string[]) => Promise<string>;
  readonly addNode: (name: string) => Promise<void>;
  /** Deletes the Node object, as after `kubectl delete node`: its pods are garbage collected, not stopped. */
  readonly removeNode: (name: string) => Promise<void>;
  /**
   * The kubelet falls silent: its pods keep their last state, and the node turns Unknown after 50 s. Sooner with the
   * `args` kwok --node-lease-duration-seconds=8 (renewed each quarter) and kube-controller-manager
   * --node-monitor-grace-period=8s --node-monitor-period=1s.
   */
  readonly partitionNode: (name: string) => Promise<void>;
  readonly healNode: (name: string) => Promise<void>;
  /** Ends the process at once, as a crash would; data stay. */
  readonly stopComponent: (name: ComponentName) => Promise<void>;
  /** Starts it again on the same ports and waits until it is ready. */
  readonly startComponent: (name: ComponentName) => Promise<void>;
  /** SIGSTOP: connections stay open; once this resolves, nothing is answered. */
  readonly pauseComponent: (name: ComponentName) => Promise<void>;
  readonly resumeComponent: (name: ComponentName) => void;
  readonly logFile: (name: ComponentName) => string;
  /** Ends every process and deletes the folder. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/** Starts a cluster and waits until pods can run in it. Rejects, with nothing left behind, when that fails. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const progress = options.progress ?? (() => {});
  const wanted = COMPONENTS.filter((name) => isWanted(name, options.components));
  for (const name of wanted) await findBinary(name, progress);

  const dir = prepareFolder(options.dir);
  const watchdog = guard(dir);
  try {
    const prepared = await prepare(dir, options, progress);
    await bringUp(prepared, wanted, progress);
    if (options.detach === true) {
      prepared.runtime.disown();
      watchdog.release();
    }
    return handle(prepared, progress, () => end(dir, watchdog));
  } catch (error) {
    await tearDown(dir);
    watchdog.release();
    throw error;
  }
}

interface Prepared {
  readonly name: string;
  readonly layout: Layout;
  readonly identities: Identities;
  readonly kubeconfig: string;
  readonly api: Api;
  readonly runtime: Runtime;
  readonly nodes: number;
}

function isWanted(name: ComponentName, components: readonly ComponentName[] = COMPONENTS): boolean {
  return name === 'etcd' || name === 'kube-apiserver' || components.includes(name);
}

function prepareFolder(dir: string | undefined): string {
  if (dir === undefined) return mkdtempSync(join(tmpdir(), 'statefulapp-cluster-'));
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new Error(
      `${dir} is not empty, so a cluster may run there already. Choose another folder, or end that cluster.`,
    );
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

async function prepare(dir: string, options: ClusterOptions, progress: Progress): Promise<Prepared> {
  const name = options.name ?? 'test';
  const ports = await choosePorts();
  const url = apiUrl(ports);
  const auditLog = options.audit === true ? { auditLog: join(dir, 'audit.log') } : {};
  const layout: Layout = { dir, ports, args: options.args ?? {}, ...auditLog };
  const identities = createIdentities(dir, url, name);
  const kubeconfig = identities.writeKubeconfig('kubeconfig', ADMIN);
  for (const [component, subject] of Object.entries(COMPONENT_IDENTITIES)) {
    identities.writeKubeconfig(`${component}.kubeconfig`, subject);
  }
  writeConfigs(layout);
  const owner = processId(process.pid);
  const state = { name, dir, url, kubeconfig, ports, admin: identities.admin, owner, components: {} };
  const runtime = new Runtime(layout, state, progress);
  return {
    name,
    layout,
    identities,
    kubeconfig,
    api: { url, tls: identities.admin },
    runtime,
    nodes: options.nodes ?? 3,
  };
}

async function choosePorts(): Promise<Ports> {
  const [etcd = 0, etcdPeer = 0, api = 0, controllerManager = 0, scheduler = 0, kwok = 0, dns = 0, dnsReady = 0] =
    await freePorts(8);
  return { etcd, etcdPeer, api, controllerManager, scheduler, kwok, dns, dnsReady };
}

async function bringUp(cluster: Prepared, wanted: readonly ComponentName[], progress: Progress): Promise<void> {
  const { runtime, api, nodes } = cluster;
  await runtime.launch('etcd');
  await runtime.launch('kube-apiserver');
  progress('starting etcd and kube-apiserver …');
  await runtime.ready('kube-apiserver');
  progress('kube-apiserver is ready');
  const others = wanted.filter((name) => name !== 'etcd' && name !== 'kube-apiserver');
  for (const name of others) await runtime.launch(name);
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  await Promise.all([createStorageClass(api), ...names.map((name, index) => createNode(api, name, index))]);
  if (others.length > 0) progress(`starting ${others.join(', ')} …`);
  await Promise.all(others.map((name) => runtime.ready(name)));
  if (others.includes('kube-controller-manager')) {
    await until(
      () => canRunPods(api, nodes),
      30_000,
      () =>
        `The nodes or the default service account are not ready after 30 s. See ${runtime.logFile('kube-controller-manager')}.`,
    );
  }
  progress(`${nodes} nodes are ready`);
}

async function end(dir: string, watchdog: Guard): Promise<void> {
  await tearDown(dir);
  watchdog.release();
}

function handle(cluster: Prepared, progress: Progress, stop: () => Promise<void>): Cluster {
  const { name, layout, identities, kubeconfig, api, runtime } = cluster;
  let nodeIndex = cluster.nodes;
  return {
    name,
    dir: layout.dir,
    kubeconfig,
    url: api.url,
    dnsPort: layout.ports.dns,
    auditLog: layout.auditLog,
    kubectl: (...args) => kubectl({ kubeconfig, args, progress }),
    apply: (manifest) => kubectl({ kubeconfig, args: ['apply', '-f', '-'], input: manifest, progress }),
    kubeconfigFor: async (user, groups = []) =>
      identities.writeKubeconfig(`user-${encodeURIComponent(user)}.kubeconfig`, {
        commonName: user,
        organizations: groups,
      }),
    addNode: (node) => {
      nodeIndex += 1;
      return createNode(api, node, nodeIndex - 1);
    },
    removeNode: (node) => deleteNode(api, node),
    partitionNode: (node) => setKubelet(api, node, false),
    healNode: (node) => setKubelet(api, node, true),
    stopComponent: (component) => runtime.crash(component),
    startComponent: async (component) => {
      if (component === 'kwok') await dropNodeLeases(api);
      await runtime.launch(component);
      await runtime.ready(component);
    },
    pauseComponent: (component) => runtime.pause(component),
    resumeComponent: (component) => runtime.resume(component),
    logFile: (component) => runtime.logFile(component),
    stop,
  };
}

// What every local cluster has, whatever its nodes are: etcd and kube-apiserver, the controllers, identities, a kubeconfig,
// and the handle of all that. No nodes: cluster.ts adds fake ones, real/ real ones.
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from './binaries.ts';
import { apiUrl, type ComponentName, type Layout, LOOPBACK, type Ports, writeConfigs } from './components.ts';
import { ADMIN, COMPONENT_IDENTITIES, createIdentities, type Identities } from './identities.ts';
import { kubectl } from './kubectl.ts';
import type { Api } from './nodes.ts';
import { freePorts } from './ports.ts';
import { processId } from './processes.ts';
import { Runtime } from './runtime.ts';

export interface ControlPlaneOptions {
  /** Shown in kubeconfigs and messages. */
  readonly name?: string;
  /** Writes an audit log: level Metadata, deletes with their body. */
  readonly audit?: boolean;
  /** Further arguments of single components; they win over the built-in ones. */
  readonly args?: Partial<Record<ComponentName, readonly string[]>>;
}

/** What the kind of cluster decides. */
export type Site = Partial<Pick<Layout, 'apiHost' | 'launcher'>>;

export interface ControlPlane {
  readonly name: string;
  readonly dir: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly url: string;
  /** Path of the audit log, JSON lines; undefined unless asked for. */
  readonly auditLog: string | undefined;
  /** Runs kubectl as administrator; its standard output. Rejects with what it said on failure. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** kubectl apply of YAML or JSON text. */
  readonly apply: (manifest: string) => Promise<string>;
  /** Path of a kubeconfig for an ordinary user: a client certificate, no rights but those bound to user and groups. */
  readonly kubeconfigFor: (user: string, groups?: readonly string[]) => Promise<string>;
  /** Ends the process at once, as a crash would; data stay. */
  readonly stopComponent: (name: ComponentName) => Promise<void>;
  /** Starts it again on the same ports and waits until it is ready. */
  readonly startComponent: (name: ComponentName) => Promise<void>;
  /** SIGSTOP: connections stay open; once this resolves, nothing is answered. */
  readonly pauseComponent: (name: ComponentName) => Promise<void>;
  readonly resumeComponent: (name: ComponentName) => void;
  readonly logFile: (name: ComponentName) => string;
}

/** Files and addresses are there; nothing runs yet. */
export interface Prepared {
  readonly name: string;
  readonly layout: Layout;
  readonly identities: Identities;
  readonly kubeconfig: string;
  readonly api: Api;
  readonly runtime: Runtime;
}

/** The folder of a new cluster: the one asked for, which must be new or empty, or a temporary one. */
export function prepareFolder(dir: string | undefined): string {
  if (dir === undefined) return mkdtempSync(join(tmpdir(), 'statefulapp-cluster-'));
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new Error(
      `${dir} is not empty, so a cluster may run there already. Choose another folder, or end that cluster.`,
    );
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

export interface Preparation {
  readonly dir: string;
  readonly options: ControlPlaneOptions;
  readonly site?: Site;
  readonly progress: Progress;
}

export async function prepareControlPlane({ dir, options, site, progress }: Preparation): Promise<Prepared> {
  const name = options.name ?? 'test';
  const ports = await choosePorts();
  const auditLog = options.audit === true ? { auditLog: join(dir, 'audit.log') } : {};
  const layout: Layout = { dir, ports, apiHost: LOOPBACK, args: options.args ?? {}, ...auditLog, ...site };
  const url = apiUrl(layout);
  const identities = createIdentities(dir, url, name);
  const kubeconfig = identities.writeKubeconfig('kubeconfig', ADMIN);
  for (const [component, subject] of Object.entries(COMPONENT_IDENTITIES)) {
    identities.writeKubeconfig(`${component}.kubeconfig`, subject);
  }
  writeConfigs(layout);
  const owner = processId(process.pid);
  const state = { name, dir, url, kubeconfig, ports, admin: identities.admin, owner, components: {} };
  const runtime = new Runtime(layout, state, progress);
  return { name, layout, identities, kubeconfig, api: { url, tls: identities.admin }, runtime };
}

async function choosePorts(): Promise<Ports> {
  const [etcd = 0, etcdPeer = 0, api = 0, controllerManager = 0, scheduler = 0, kwok = 0, dns = 0, dnsReady = 0] =
    await freePorts(8);
  return { etcd, etcdPeer, api, controllerManager, scheduler, kwok, dns, dnsReady };
}

/** etcd and kube-apiserver, until requests are answered. */
export async function startApiServer({ runtime }: Prepared, progress: Progress): Promise<void> {
  await runtime.launch('etcd');
  await runtime.launch('kube-apiserver');
  progress('starting etcd and kube-apiserver …');
  await runtime.ready('kube-apiserver');
  progress('kube-apiserver is ready');
}

export function controlPlane(prepared: Prepared, progress: Progress): ControlPlane {
  const { name, layout, identities, kubeconfig, api, runtime } = prepared;
  return {
    name,
    dir: layout.dir,
    kubeconfig,
    url: api.url,
    auditLog: layout.auditLog,
    kubectl: (...args) => kubectl({ kubeconfig, args, progress }),
    apply: (manifest) => kubectl({ kubeconfig, args: ['apply', '-f', '-'], input: manifest, progress }),
    kubeconfigFor: async (user, groups = []) =>
      identities.writeKubeconfig(`user-${encodeURIComponent(user)}.kubeconfig`, {
        commonName: user,
        organizations: groups,
      }),
    stopComponent: (component) => runtime.crash(component),
    startComponent: async (component) => {
      await runtime.launch(component);
      await runtime.ready(component);
    },
    pauseComponent: (component) => runtime.pause(component),
    resumeComponent: (component) => runtime.resume(component),
    logFile: (component) => runtime.logFile(component),
  };
}

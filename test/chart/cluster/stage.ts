// A real API server with the chart in it, for one file of tests: Helm as an administrator, users of few rights, and the operator
// as a process beside the cluster that has nothing but what the chart gives: its ServiceAccount's token and its container's
// environment. Fake nodes run no containers, so the chart's own pods only look as if they ran.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { type Cluster, startCluster } from '../../../e2e/cluster/cluster.ts';
import { type HelmOutput, helm } from '../../../e2e/cluster/helm.ts';
import { launchOperator, MAIN, type OperatorProcess } from '../../../e2e/operator/process.ts';
import type { Values } from '../../../scripts/chart/values.ts';

export const CHART = new URL('../../../charts/statefulapp-operator', import.meta.url).pathname;
const RESTRICTED = ['enforce', 'warn', 'audit'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);

export interface Release {
  readonly name: string;
  readonly namespace: string;
}

export interface InstallOptions {
  readonly values?: Values;
  /** Default: the chart of this checkout. */
  readonly chart?: string;
  readonly flags?: readonly string[];
  /** Who installs. Default: the administrator. */
  readonly kubeconfig?: string;
}

export interface ChartStage {
  readonly cluster: Cluster;
  /** A new namespace at the restricted level of Pod Security. */
  namespace(name: string): Promise<string>;
  install(release: Release, options?: InstallOptions): Promise<HelmOutput>;
  upgrade(release: Release, options?: InstallOptions): Promise<HelmOutput>;
  /** When it is there. */
  uninstall(release: Release): Promise<void>;
  /** The words in which helm, or kubectl, refuses; fails the test when it does not. */
  refusal(work: Promise<unknown>): Promise<string>;
  /** As it would run in the release's pods; ends with the test at the latest. Leads when this resolves. */
  operator(release: Release, command?: readonly [string, ...string[]]): Promise<OperatorProcess>;
  /** A kubeconfig with a token of this ServiceAccount. */
  accountKubeconfig(namespace: string, account: string): Promise<string>;
  end(): Promise<void>;
}

export async function openChartStage(name: string): Promise<ChartStage> {
  const cluster = await startCluster({ name, audit: true });
  const administrator = cluster.kubeconfig;
  const helmed = (
    { name: release, namespace }: Release,
    verb: string,
    { values = {}, chart = CHART, flags = [], kubeconfig = administrator }: InstallOptions,
  ) =>
    helm({
      kubeconfig,
      values,
      args: [verb, release, chart, '--namespace', namespace, '--wait', '--timeout=90s', ...flags],
    });
  const accountKubeconfig = (namespace: string, account: string) => tokenKubeconfig(cluster, namespace, account);
  return {
    cluster,
    async namespace(name) {
      await cluster.kubectl('create', 'namespace', name);
      await cluster.kubectl('label', 'namespace', name, ...RESTRICTED);
      return name;
    },
    install: (release, options = {}) => helmed(release, 'install', options),
    upgrade: (release, options = {}) => helmed(release, 'upgrade', options),
    async uninstall({ name: release, namespace }) {
      await helm({
        kubeconfig: administrator,
        args: ['uninstall', release, '--namespace', namespace, '--ignore-not-found', '--wait', '--timeout=90s'],
      });
    },
    refusal: (work) =>
      work.then(
        () => {
          throw new Error('it was not refused');
        },
        (error: unknown) => String(error),
      ),
    async operator(release, command = ['node', MAIN]) {
      const { account, env } = await containerOf(cluster, release);
      const started = launchOperator({ command, kubeconfig: await accountKubeconfig(release.namespace, account), env });
      onTestFinished(async () => {
        await started.end('SIGTERM');
      });
      await started.line(({ msg }) => msg === 'leading');
      return started;
    },
    accountKubeconfig,
    end: () => cluster.stop(),
  };
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly [{ readonly env: readonly { readonly name: string; readonly value: string }[] }];
      };
    };
  };
}

async function containerOf(cluster: Cluster, { name, namespace }: Release) {
  const selector = `app.kubernetes.io/instance=${name}`;
  const found = await cluster.kubectl('-n', namespace, 'get', 'deployments', '-l', selector, '-o', 'json');
  const { items }: { readonly items: readonly Deployment[] } = JSON.parse(found);
  const [deployment] = items;
  if (deployment === undefined) throw new Error(`release ${name} has no Deployment in namespace ${namespace}`);
  const { serviceAccountName, containers } = deployment.spec.template.spec;
  const env = containers[0].env.filter(({ name }) => name !== 'STATEFULAPP_ADDRESS');
  return { account: serviceAccountName, env: Object.fromEntries(env.map(({ name, value }) => [name, value])) };
}

async function tokenKubeconfig(cluster: Cluster, namespace: string, account: string): Promise<string> {
  const token = (await cluster.kubectl('-n', namespace, 'create', 'token', account, '--duration=1h')).trim();
  const path = join(cluster.dir, `account-${namespace}-${account}.kubeconfig`);
  const context = { name: 'test', context: { cluster: 'test', user: 'test' } };
  const server = { server: cluster.url, 'certificate-authority-data': authorityOf(cluster).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [context],
    clusters: [{ name: 'test', cluster: server }],
    users: [{ name: 'test', user: { token } }],
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}

/** The certificate that the API server's is signed with. */
export const authorityFile = (cluster: Cluster): string => join(cluster.dir, 'pki/ca.crt');
const authorityOf = (cluster: Cluster): Buffer => readFileSync(authorityFile(cluster));

/**
 * Where the cluster is and who we are: KUBECONFIG, ~/.kube/config, or the pod's service account, in the order kubectl
 * and client-go use.
 *
 * Promise: the configuration names a server, or loading fails with what was looked for.
 * Lacks on purpose: flags (the caller picks a context on the result) and kubectl's http://localhost:8080, which would
 * turn a missing configuration into a refused connection.
 */
import { KubeConfig } from '@kubernetes/client-node';

export function loadKubeConfig(context?: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    const from = process.env['KUBECONFIG'] ? `KUBECONFIG=${process.env['KUBECONFIG']}` : '~/.kube/config';
    throw new Error(`cannot read the Kubernetes configuration (${from}): ${messageOf(cause)}`, { cause });
  }
  if (isFallback(config)) {
    throw new Error(
      'no Kubernetes configuration: KUBECONFIG is not set, ~/.kube/config does not exist, and this is not a pod with a ' +
        'service account token. Set KUBECONFIG to a kubeconfig file.',
    );
  }
  if (context !== undefined) config.setCurrentContext(context);
  requireCluster(config);
  return config;
}

export function requireCluster(config: KubeConfig): { server: URL; proxyUrl: string | undefined } {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    const contexts = config.getContexts().map(({ name }) => name);
    throw new Error(
      `the Kubernetes configuration has no cluster for its current context ${JSON.stringify(config.getCurrentContext())}; ` +
        `it has the contexts ${JSON.stringify(contexts)}`,
    );
  }
  if (!URL.canParse(cluster.server) || !/^https?:/.test(cluster.server)) {
    throw new Error(
      `the Kubernetes configuration names ${JSON.stringify(cluster.server)} as server, which is no http(s) URL`,
    );
  }
  return { server: new URL(cluster.server), proxyUrl: cluster.proxyUrl };
}

/** What loadFromDefault makes up when it found nothing (client-node src/config.ts). */
function isFallback(config: KubeConfig): boolean {
  const cluster = config.getCurrentCluster();
  return config.getCurrentContext() === 'loaded-context' && cluster?.server === 'http://localhost:8080';
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

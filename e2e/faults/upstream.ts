// The real API server, as a fault proxy talks to it: with the TLS and the credentials of a kubeconfig. Lacks tokens and
// plugins: the identities of the local cluster are client certificates.

import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

export interface Upstream {
  readonly url: URL;
  /** Shared by all proxies in front of one server: a connection is dear, a proxy is not. */
  readonly agent: PlainAgent | TlsAgent;
}

export async function upstreamOf(kubeconfig: string): Promise<Upstream> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error(`${kubeconfig} names no cluster`);
  const url = new URL(server);
  if (url.protocol !== 'https:') return { url, agent: new PlainAgent({ keepAlive: true }) };
  const options: { ca?: unknown; cert?: unknown; key?: unknown } = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key } = options as { ca?: string; cert?: string; key?: string };
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return { url, agent: new TlsAgent({ keepAlive: true, ...tls }) };
}

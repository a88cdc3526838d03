// Probes and metrics. /livez fails when the daemon itself hangs, never because the API server is away: a restart would not
// bring that back. /readyz fails until the watches have told their first lists.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface Health {
  readonly isReady: () => boolean;
  readonly longestPassMs: () => number;
}

/** A pass makes few requests, each with a time limit: one that takes this long hangs. */
const HUNG_MS = 600_000;

export interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

export async function serve(
  at: { readonly host: string; readonly port: number },
  health: Health,
  registry: Registry,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(text);
    if (path === '/livez' || path === '/healthz') {
      const ms = health.longestPassMs();
      return ms < HUNG_MS
        ? answer(200, 'ok\n')
        : answer(500, `a pass over an app has been running for ${Math.round(ms / 1000)} s\n`);
    }
    if (path === '/readyz')
      return health.isReady() ? answer(200, 'ok\n') : answer(503, 'watches have not synced yet\n');
    if (path !== '/metrics') return answer(404, 'there are /metrics, /livez, /healthz and /readyz\n');
    return registry.metrics().then(
      (text) => answer(200, text, registry.contentType),
      (error: unknown) => answer(500, `${String(error)}\n`),
    );
  });
  await listening(server, at);
  const { address, family, port } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, close: () => closing(server) };
}

function listening(server: Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Error(
          `cannot serve probes and metrics on ${at.host}:${at.port}: ${error.message}. Choose another --address.`,
        ),
      ),
    );
    // Named, '::' fails on nodes without IPv6; unnamed it is every address that there is.
    server.listen({ port: at.port, ...(at.host === '::' ? {} : { host: at.host }) }, resolve);
  });
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

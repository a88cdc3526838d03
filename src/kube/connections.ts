/**
 * The sockets: one set of undici Agents per identity, one Agent per lane.
 *
 * Promises: HTTP/1.1 only, so that a watch owns its socket and silence on it means something; when the identity changes
 * new requests use new Agents at once, and the old ones are closed when what runs on them has ended.
 * Lacks on purpose: HTTP/2 (one stalled socket would stall every watch).
 */
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Credentials } from './credentials.ts';
import type { Lane } from './transport.ts';

export interface Connections {
  /** Use it before the next await: afterwards it may have been retired. Throws once destroyed. */
  dispatcher(credentials: Credentials, lane: Lane): Dispatcher;
  destroy(): Promise<void>;
}

// Ours are the last resort behind the client's timeouts and the watch's own.
const LAST_RESORT_MS = 120_000;
const CONNECTIONS: Readonly<Record<Lane, number | null>> = { request: 16, watch: null, lease: 2 };

export function createConnections(): Connections {
  let currentKey: string | undefined;
  const current = new Map<Lane, Dispatcher>();
  const retired = new Set<Dispatcher>();
  let destroyed = false;

  function retireAll(): void {
    for (const agent of current.values()) {
      retired.add(agent);
      void agent.close().finally(() => retired.delete(agent));
    }
    current.clear();
  }

  return {
    dispatcher(credentials, lane) {
      if (destroyed) throw new Error('the transport is closed');
      if (currentKey !== credentials.connectionKey) retireAll();
      currentKey = credentials.connectionKey;
      const agent = current.get(lane) ?? createAgent(credentials, CONNECTIONS[lane]);
      current.set(lane, agent);
      return agent;
    },
    async destroy() {
      destroyed = true;
      const all = [...current.values(), ...retired];
      current.clear();
      await Promise.all(all.map((agent) => agent.destroy()));
    },
  };
}

function createAgent({ tls, proxyUrl }: Credentials, connections: number | null): Dispatcher {
  // A minute, the default, loses the race against load balancers that cut at 60 s; client-go uses 30 s too.
  const connect = { keepAlive: true, keepAliveInitialDelay: 30_000 };
  const options = {
    allowH2: false,
    connections,
    keepAliveTimeout: 30_000,
    headersTimeout: LAST_RESORT_MS,
    bodyTimeout: LAST_RESORT_MS,
  };
  if (proxyUrl !== undefined) return new ProxyAgent({ ...options, uri: proxyUrl, connect, requestTls: tls });
  return new Agent({ ...options, connect: { ...connect, ...tls } });
}

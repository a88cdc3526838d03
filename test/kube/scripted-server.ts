/**
 * An HTTP server on a loopback port that does nothing by itself: a test awaits the next request and says what to answer,
 * chunk by chunk, where to cut and where to hang.
 */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';

export interface ScriptedRequest {
  readonly method: string;
  /** As received: path and query, still encoded. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
  /** The client's side of the connection: equal for requests that shared one. */
  readonly clientPort: number;
  /** The common name of the client's certificate. */
  readonly clientName: string | undefined;
  answer(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Sends the headers of a stream, then these lines. */
  stream(...lines: readonly unknown[]): void;
  send(...lines: readonly unknown[]): void;
  raw(bytes: Uint8Array | string): void;
  /** Ends the answer in the proper way. */
  end(): void;
  /** Resets the connection. */
  cut(): void;
  /** Resolves when the client has gone or the answer is complete. */
  readonly closed: Promise<void>;
}

export interface ScriptedServer {
  readonly port: number;
  readonly url: string;
  /** How many requests have arrived. */
  readonly received: number;
  next(): Promise<ScriptedRequest>;
  close(): Promise<void>;
}

export async function startScriptedServer(tls?: ServerOptions): Promise<ScriptedServer> {
  const arrived: ScriptedRequest[] = [];
  const waiting: ((request: ScriptedRequest) => void)[] = [];
  const sockets = new Set<Socket>();
  let received = 0;
  const server: Server = (tls === undefined ? createServer() : createTlsServer(tls)) as Server;
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.on('request', (message, response) => {
    let text = '';
    message.setEncoding('utf8');
    message.on('error', () => {});
    message.on('data', (piece: string) => {
      text += piece;
    });
    message.on('end', () => {
      received += 1;
      const request = toScripted(message, response, text);
      const waiter = waiting.shift();
      if (waiter === undefined) arrived.push(request);
      else waiter(request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    get received() {
      return received;
    },
    next() {
      const request = arrived.shift();
      return request === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(request);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

type Message = Parameters<Parameters<Server['on']>[1]>[0] & {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  socket: Socket;
};

function toScripted(message: Message, response: ServerResponse, text: string): ScriptedRequest {
  const url = new URL(message.url, 'http://server');
  const send = (...lines: readonly unknown[]) => {
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
  };
  const peer = (message.socket as Partial<TLSSocket>).getPeerCertificate?.();
  return {
    method: message.method,
    url: message.url,
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers,
    text,
    get json(): unknown {
      return JSON.parse(text);
    },
    clientPort: message.socket.remotePort ?? 0,
    clientName: peer?.subject?.CN as string | undefined,
    answer(status, body, headers = {}) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    },
    stream(...lines) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      send(...lines);
    },
    send,
    raw: (bytes) => void response.write(bytes),
    end: () => void response.end(),
    cut: () => void message.socket.resetAndDestroy(),
    closed: new Promise((resolve) => response.on('close', resolve)),
  };
}

/** A kubeconfig for a server without TLS. */
export function plainConfig(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: false }, { name: 'test' });
  return config;
}

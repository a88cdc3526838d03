// A proxy in front of the API server that does to each request what it is told: lets it pass, answers in the server's
// place, loses it before or after the server has acted, cuts the answer, slows it down, or falls silent. Answers stream
// through chunk by chunk, so watches work. Speaks plain HTTP on the loopback address; every request is on record.
// Lacks any opinion on which fault comes when, HTTP/2, and upgrades (exec, port-forward).

import {
  createServer,
  type IncomingMessage,
  request as plainRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { beginAnswer, onwardHeaders, passSome, readAll, reset } from './relay.ts';
import { type ProxiedRequest, readRequest } from './requests.ts';
import type { Upstream } from './upstream.ts';

export type Fault =
  | { readonly kind: 'pass' }
  /** The server is not asked. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is reset, the server is not asked. */
  | { readonly kind: 'drop' }
  /** The server acts, its answer is thrown away, and the connection is reset. */
  | { readonly kind: 'commit' }
  /** The connection ends in the midst of the answer: closed after so many bytes of its body, or reset after a time. */
  | { readonly kind: 'sever'; readonly afterBytes: number }
  | { readonly kind: 'sever'; readonly afterMs: number }
  /** Held for a time before the server is asked, or before its answer is passed on. */
  | { readonly kind: 'delay'; readonly ms: number; readonly hold: 'request' | 'answer' }
  /** The connection stays and nothing more comes: not even an answer, or none of it after so many bytes. */
  | { readonly kind: 'freeze'; readonly afterBytes?: number };

/** One request on record. */
export interface Exchange extends ProxiedRequest {
  /** Counts from 0, in the order in which requests came in. */
  readonly index: number;
  readonly fault: Fault;
  /** What the server itself answered; undefined while it has not, or was not asked. */
  readonly status: number | undefined;
}

export interface ProxyOptions {
  readonly upstream: Upstream;
  /** Default: all pass. */
  readonly decide?: (request: ProxiedRequest) => Fault;
  /**
   * Called once what the fault asks for has been done: after `commit`, when the server has answered and before the reset;
   * after `pass`, when the whole answer has been handed over and before the next request is read.
   */
  readonly done?: (exchange: Exchange) => void;
}

type Draft = { -readonly [Field in keyof Exchange]: Exchange[Field] };

const PASS: Fault = { kind: 'pass' };
export async function openFaultProxy(options: ProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.listen();
  return proxy;
}

export class FaultProxy {
  readonly exchanges: Exchange[] = [];
  readonly #options: ProxyOptions;
  readonly #server: Server;
  /** Ends what is under way. */
  readonly #underway = new Set<() => void>();
  readonly #streams = new Map<Exchange, () => void>();
  #isCut = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createServer((asked, reply) => void this.#serve(asked, reply));
    // Idle connections are the client's to end: one that we end as a request comes in would be a fault nobody asked for.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo | null)?.port ?? 0}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  /** From this moment on nothing reaches the server and nothing comes back: to the client the cable is cut. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#server.close();
    for (const end of [...this.#underway]) end();
    this.#server.closeAllConnections();
  }

  /** Answers that are under way fall silent, with their connections open: as a server that is gone without a word. */
  freeze(which: (exchange: Exchange) => boolean): void {
    for (const [exchange, silence] of this.#streams) if (which(exchange)) silence();
  }

  /** Cuts everything; resolves when the port is free. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.once('close', resolve);
      else resolve();
    });
    this.cut();
    await closed;
  }

  async #serve(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    const body = await readAll(asked).catch(() => null);
    if (body === null || this.#isCut) return reset(reply);
    const request = readRequest(asked.method ?? 'GET', asked.url ?? '/', body);
    const fault = this.#options.decide?.(request) ?? PASS;
    const exchange: Draft = { ...request, index: this.exchanges.length, fault, status: undefined };
    this.exchanges.push(exchange);
    // To decide may have meant to cut.
    if (this.#isCut) return reset(reply);
    const under = { asked, reply, exchange };
    switch (fault.kind) {
      case 'answer':
        reply.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
        reply.end(fault.body ?? '', () => this.#options.done?.(exchange));
        return;
      case 'drop':
        this.#options.done?.(exchange);
        return reset(reply);
      case 'delay':
        if (fault.hold === 'answer') return this.#forward(under);
        return this.#after(fault.ms, reply, () => this.#forward(under));
      case 'freeze':
        if (fault.afterBytes !== undefined) this.#forward(under);
        return;
      case 'pass':
      case 'commit':
      case 'sever':
        return this.#forward(under);
      default:
        return fault satisfies never;
    }
  }

  #forward({ asked, reply, exchange }: Underway): void {
    const { url, agent } = this.#options.upstream;
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const upstream = send(new URL(exchange.path, url), {
      agent,
      method: exchange.method,
      headers: onwardHeaders(asked, exchange.body),
    });
    const end = () => {
      upstream.destroy();
      reset(reply);
    };
    this.#underway.add(end);
    upstream.once('error', end);
    upstream.once('close', () => this.#underway.delete(end));
    // Whoever has gone away wants no answer; a watch ends so.
    reply.once('close', () => upstream.destroy());
    upstream.once('response', (answer) => {
      exchange.status = answer.statusCode;
      answer.once('error', end);
      this.#relay({ asked, reply, exchange }, answer);
    });
    upstream.end(exchange.body);
  }

  #relay({ reply, exchange }: Underway, answer: IncomingMessage): void {
    const { fault } = exchange;
    const pass = () => {
      beginAnswer(reply, answer);
      reply.once('finish', () => this.#options.done?.(exchange));
      answer.pipe(reply);
      this.#streams.set(exchange, () => answer.unpipe(reply).pause());
      reply.once('close', () => this.#streams.delete(exchange));
    };
    const stopAt = (bytes: number, stop: () => void) => {
      beginAnswer(reply, answer);
      passSome(answer, reply, { bytes, stop });
    };
    const sever = () => {
      this.#options.done?.(exchange);
      reset(reply);
    };
    if (fault.kind === 'commit') {
      answer.resume();
      answer.once('end', sever);
    } else if (fault.kind === 'sever' && 'afterBytes' in fault) {
      stopAt(fault.afterBytes, () => {
        this.#options.done?.(exchange);
        // No reset: it would throw away what the client has not read yet.
        reply.socket?.destroy();
      });
    } else if (fault.kind === 'freeze') {
      stopAt(fault.afterBytes ?? 0, () => this.#options.done?.(exchange));
    } else if (fault.kind === 'delay' && fault.hold === 'answer') {
      this.#after(fault.ms, reply, pass);
    } else {
      if (fault.kind === 'sever') this.#after(fault.afterMs, reply, sever);
      pass();
    }
  }

  /** Later, if the client is still there by then. */
  #after(ms: number, reply: ServerResponse, act: () => void): void {
    const timer = setTimeout(act, ms);
    reply.once('close', () => clearTimeout(timer));
  }
}

interface Underway {
  readonly asked: IncomingMessage;
  readonly reply: ServerResponse;
  readonly exchange: Draft;
}

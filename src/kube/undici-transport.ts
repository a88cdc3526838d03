/**
 * The transport that talks to a real API server.
 *
 * Promises: credentials are current, and refreshed once after a 401; a failure without an answer is a KubeError that
 * knows whether anything was sent; `beforeSend` runs when a connection is ready and nothing has been written.
 * Lacks on purpose: any other retry, redirects (an API server sends none), and compression.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import type { Clock } from './clock.ts';
import { type Connections, createConnections } from './connections.ts';
import { type CredentialSource, type Credentials, createCredentialSource } from './credentials.ts';
import { explain, KubeError, type KubeErrorCode } from './errors.ts';
import { loadKubeConfig, requireCluster } from './kubeconfig.ts';
import { systemClock } from './system-clock.ts';
import type { KubeRequest, KubeResponse, Transport } from './transport.ts';

export interface TransportOptions {
  /** A function is asked again whenever credentials are read anew. Default: loadKubeConfig. */
  readonly kubeConfig?: KubeConfig | (() => KubeConfig);
  readonly clock?: Clock;
}

/** Throws when there is no usable configuration. */
export function createTransport(options: TransportOptions = {}): Transport {
  const { kubeConfig = () => loadKubeConfig(), clock = systemClock } = options;
  const load = typeof kubeConfig === 'function' ? kubeConfig : () => kubeConfig;
  requireCluster(load());
  const parts: Parts = { credentials: createCredentialSource(load, clock), connections: createConnections() };
  return {
    request: (request) => sendWithRenewal(parts, request),
    close: () => parts.connections.destroy(),
  };
}

interface Parts {
  readonly credentials: CredentialSource;
  readonly connections: Connections;
}

async function sendWithRenewal(parts: Parts, request: KubeRequest): Promise<KubeResponse> {
  const { credentials } = parts;
  const first = await untilAborted(request, credentials.current()).catch((cause: unknown) => {
    throw request.signal?.aborted ? networkError(request, cause, false) : credentialsError(request, cause);
  });
  const response = await send(parts, request, first);
  if (response.statusCode !== 401) return toKubeResponse(request, response);
  const second = await untilAborted(request, credentials.renewed(first)).catch(() => first);
  if (second === first) return toKubeResponse(request, response);
  await response.body.dump().catch(() => undefined);
  return toKubeResponse(request, await send(parts, request, second));
}

async function send(parts: Parts, request: KubeRequest, credentials: Credentials): Promise<Dispatcher.ResponseData> {
  const { server } = credentials;
  const { signal, idleTimeoutMs } = request;
  const start = watchStart(request);
  // undici tells a request that waits for a connection about an abort only once it has one, which may take long.
  const abort = onAbort(signal, () => !start.sent);
  try {
    const agent = parts.connections.dispatcher(credentials, request.lane ?? 'request').compose(start.interceptor);
    const answer = agent.request({
      origin: server.origin,
      path: server.pathname.replace(/\/$/, '') + request.path,
      method: request.method,
      headers: {
        ...request.headers,
        ...credentials.headers,
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      },
      body: request.body ?? null,
      ...(signal === undefined ? {} : { signal }),
      ...(idleTimeoutMs === undefined ? {} : { bodyTimeout: idleTimeoutMs }),
    });
    return await Promise.race([answer, abort.rejection]);
  } catch (cause) {
    if (start.refusal !== undefined) throw start.refusal.error;
    if (!start.sent && !signal?.aborted) parts.credentials.expire();
    throw networkError(request, cause, start.sent);
  } finally {
    abort.release();
  }
}

interface Start {
  readonly sent: boolean;
  readonly refusal: { readonly error: unknown } | undefined;
  readonly interceptor: Dispatcher.DispatcherComposeInterceptor;
}

/**
 * undici calls onRequestStart when the request has its connection, directly before it writes to it (lib/dispatcher/
 * client-h1.js, writeH1); a throw there sends nothing. That is the last moment to refuse a write, and the one from which
 * its outcome is open.
 */
function watchStart({ beforeSend }: KubeRequest): Start {
  let sent = false;
  let refusal: { readonly error: unknown } | undefined;
  const onStart = () => {
    try {
      beforeSend?.();
    } catch (error) {
      refusal = { error };
      throw error;
    }
    sent = true;
  };
  return {
    get sent() {
      return sent;
    },
    get refusal() {
      return refusal;
    },
    interceptor: (dispatch) => (options, handler) => dispatch(options, startingWith(onStart, handler)),
  };
}

function startingWith(onStart: () => void, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      onStart();
      handler.onRequestStart?.(controller, context);
    },
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}

/** Credentials may come from a program that hangs: the caller's time goes on. */
async function untilAborted<T>({ signal }: KubeRequest, work: Promise<T>): Promise<T> {
  const abort = onAbort(signal, () => true);
  try {
    return await Promise.race([work, abort.rejection]);
  } finally {
    abort.release();
  }
}

function onAbort(signal: AbortSignal | undefined, applies: () => boolean) {
  let listener = () => {};
  const rejection = new Promise<never>((_resolve, reject) => {
    listener = () => {
      if (applies()) reject(signal?.reason);
    };
    if (signal?.aborted) listener();
    signal?.addEventListener('abort', listener, { once: true });
  });
  // It may come while nobody races it yet.
  rejection.catch(() => {});
  return { rejection, release: () => signal?.removeEventListener('abort', listener) };
}

function toKubeResponse(request: KubeRequest, response: Dispatcher.ResponseData): KubeResponse {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return { status: response.statusCode, headers, body: readBody(request, response.body) };
}

async function* readBody(request: KubeRequest, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw networkError(request, cause, true);
  }
}

function networkError({ method, path, signal }: KubeRequest, cause: unknown, sent: boolean): KubeError {
  return new KubeError({
    code: codeOf(cause, signal),
    verb: method,
    object: { kind: path },
    why: explain(cause),
    outcomeUnknown: sent && method !== 'GET',
    cause,
  });
}

function codeOf(cause: unknown, signal: AbortSignal | undefined): KubeErrorCode {
  if (signal?.aborted) return 'Aborted';
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' ? 'Timeout' : 'Network';
}

function credentialsError({ method, path }: KubeRequest, cause: unknown): KubeError {
  const why = `there are no credentials: ${explain(cause)}`;
  return new KubeError({ code: 'Unauthorized', verb: method, object: { kind: path }, why, cause });
}

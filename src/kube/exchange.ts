/**
 * One request and its whole answer, as JSON.
 *
 * Promise: resolves with the parsed body of a 2xx answer and nothing else; every failure is a KubeError about the given
 * object, save what `beforeSend` throws, which passes through untouched. Ends within `timeoutMs`.
 * Lacks on purpose: retries, and streams (watch-stream.ts).
 */
import type { Clock } from './clock.ts';
import { type Attempt, explain, KubeError, retold } from './errors.ts';
import { answerError } from './status.ts';
import type { KubeRequest, KubeResponse, Transport } from './transport.ts';

export interface Connection {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Ends everything that runs over this connection. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends Attempt {
  readonly request: Omit<KubeRequest, 'signal' | 'headers' | 'beforeSend'>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly beforeSend?: (() => void) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

export async function exchange(connection: Connection, call: Call): Promise<Answer> {
  const deadline = startDeadline(connection.clock, call.timeoutMs, [connection.signal, call.signal]);
  const fence = rememberRefusal(call.beforeSend);
  try {
    if (deadline.ended !== undefined) throw endedError(call, deadline.ended, { unknown: false });
    fence.check();
    const response = await connection.transport.request({
      ...call.request,
      headers: requestHeaders(connection.userAgent),
      signal: deadline.signal,
      beforeSend: fence.check,
    });
    const text = await readText(response);
    if (response.status < 200 || response.status > 299) {
      throw answerError(call, response.status, { text, retryAfter: response.headers.get('retry-after') });
    }
    return { status: response.status, json: parse(call, text) };
  } catch (cause) {
    if (fence.refusal !== undefined) throw fence.refusal.error;
    throw toKubeError(call, cause, deadline.ended);
  } finally {
    deadline.release();
  }
}

export function requestHeaders(userAgent: string): Record<string, string> {
  return { accept: 'application/json', 'user-agent': userAgent };
}

export async function readText(response: KubeResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  // Decoded as one: a character may lie across two chunks.
  return Buffer.concat(chunks).toString('utf8');
}

type Ended = 'timeout' | 'aborted';

/** Whatever was thrown on the way, as a KubeError about this call. */
export function toKubeError(call: Attempt & { timeoutMs?: number }, cause: unknown, ended?: Ended): KubeError {
  // Only a transport can know that nothing was sent; all else that breaks off leaves a write's outcome open.
  const unknown = cause instanceof KubeError ? cause.outcomeUnknown : true;
  if (cause instanceof KubeError && cause.object === call.object) return cause;
  if (ended !== undefined) return endedError(call, ended, { unknown, cause });
  if (cause instanceof KubeError) return retold(cause, call);
  return new KubeError({
    code: 'Network',
    verb: call.verb,
    object: call.object,
    why: explain(cause),
    outcomeUnknown: call.mutating,
    cause,
  });
}

/** `unknown`: the request may have been sent. */
function endedError(
  call: Attempt & { timeoutMs?: number },
  ended: Ended,
  { unknown, cause }: { readonly unknown: boolean; readonly cause?: unknown },
): KubeError {
  return new KubeError({
    code: ended === 'timeout' ? 'Timeout' : 'Aborted',
    verb: call.verb,
    object: call.object,
    why: ended === 'timeout' ? `no complete answer within ${call.timeoutMs} ms` : 'it was called off',
    outcomeUnknown: call.mutating && unknown,
    cause,
  });
}

function parse(call: Call, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw protocolError(call, `the answer is no JSON: ${JSON.stringify(text.slice(0, 200))}`, cause);
  }
}

export function protocolError(attempt: Attempt, why: string, cause?: unknown): KubeError {
  const { verb, object, mutating } = attempt;
  return new KubeError({ code: 'Protocol', verb, object, why, outcomeUnknown: mutating, cause });
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly ended: Ended | undefined;
  release(): void;
}

/** One signal for three reasons to stop. Listeners are taken off again: the callers' signals live as long as the process. */
function startDeadline(clock: Clock, ms: number, signals: readonly (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController();
  let ended: Ended | undefined;
  const end = (why: Ended) => {
    ended ??= why;
    controller.abort();
  };
  const onAbort = () => end('aborted');
  const cancelTimer = clock.after(ms, () => end('timeout'));
  for (const signal of signals) {
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    get ended() {
      return ended;
    },
    release() {
      cancelTimer();
      for (const signal of signals) signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** `beforeSend` throws its caller's own error through a transport that may wrap it: keep hold of the original. */
function rememberRefusal(beforeSend: (() => void) | undefined) {
  let refusal: { readonly error: unknown } | undefined;
  return {
    get refusal() {
      return refusal;
    },
    check() {
      try {
        beforeSend?.();
      } catch (error) {
        refusal = { error };
        throw error;
      }
    },
  };
}

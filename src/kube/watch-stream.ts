/**
 * One watch connection: from a path to decoded events.
 *
 * Promises: ends without an error only when the server ended it in the proper way; otherwise throws a KubeError, also
 * when no byte came for as long as `idleMs` says. Whoever stops reading closes the connection.
 * Lacks on purpose: reconnecting, and any memory of earlier events (watch.ts).
 */
import { type Attempt, KubeError } from './errors.ts';
import { type Connection, protocolError, readText, requestHeaders, toKubeError } from './exchange.ts';
import { createLineSplitter, LineTooLong } from './lines.ts';
import { isRecord, isResourceVersion, type KubeObject, toKubeObject } from './objects.ts';
import { answerError, eventError } from './status.ts';

export type StreamEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  /** All changes up to here have been sent. `endOfList`: so has all that was there at the start. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly endOfList: boolean };

export interface StreamRequest {
  readonly attempt: Attempt;
  readonly path: string;
  /** Asked anew after each chunk. */
  readonly idleMs: () => number;
  /** Called when the answer begins and on each chunk. */
  readonly onActivity: () => void;
}

// The server sends the headers at once (apiserver pkg/endpoints/handlers/watch.go, HandleHTTP), unless its cache is not
// ready, and then not for long.
const HEADERS_TIMEOUT_MS = 60_000;

/** Yields undecoded lines in batches, one per chunk, so that a line that cannot be decoded does not hide those before it. */
export async function* readLines(
  connection: Connection,
  request: StreamRequest,
): AsyncGenerator<readonly Uint8Array[]> {
  const { attempt, path, idleMs, onActivity } = request;
  const silence = watchSilence(connection);
  try {
    silence.allow(HEADERS_TIMEOUT_MS);
    const response = await connection.transport.request({
      method: 'GET',
      path,
      headers: requestHeaders(connection.userAgent),
      lane: 'watch',
      signal: silence.signal,
      // Ours is exact and comes first; the transport's is for the day ours has a bug.
      idleTimeoutMs: idleMs() + 5_000,
    });
    onActivity();
    silence.allow(idleMs());
    if (response.status !== 200) {
      const text = await readText(response);
      throw answerError(attempt, response.status, { text, retryAfter: response.headers.get('retry-after') });
    }
    const splitter = createLineSplitter();
    for await (const chunk of response.body) {
      onActivity();
      yield splitter.push(chunk);
      silence.allow(idleMs());
    }
    if (splitter.pendingBytes > 0) throw new Error('the connection ended inside an event');
  } catch (cause) {
    if (cause instanceof LineTooLong) throw protocolError(attempt, cause.message, cause);
    throw silence.error(attempt, cause);
  } finally {
    silence.release();
  }
}

/** Throws a KubeError for an ERROR event, and one of code Protocol for what is no event at all. */
export function decodeEvent(attempt: Attempt, line: Uint8Array): StreamEvent {
  const event = parseLine(attempt, line);
  const { type, object: raw } = event;
  if (type === 'ERROR') throw eventError(attempt, raw);
  if (type === 'BOOKMARK') {
    const metadata = isRecord(raw) && isRecord(raw['metadata']) ? raw['metadata'] : {};
    const resourceVersion = metadata['resourceVersion'];
    if (!isResourceVersion(resourceVersion)) throw notAnEvent(attempt, line);
    const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
    // apimachinery pkg/apis/meta/v1/types.go, InitialEventsAnnotationKey.
    return { type, resourceVersion, endOfList: annotations['k8s.io/initial-events-end'] === 'true' };
  }
  const object = toKubeObject(raw);
  if (object === undefined || !isResourceVersion(object.metadata.resourceVersion)) throw notAnEvent(attempt, line);
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') throw notAnEvent(attempt, line);
  return { type, object };
}

// Strict: a replacement character in a name would be another name.
const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseLine(attempt: Attempt, line: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const event: unknown = JSON.parse(utf8.decode(line));
    if (isRecord(event)) return event;
  } catch (cause) {
    throw notAnEvent(attempt, line, cause);
  }
  throw notAnEvent(attempt, line);
}

function notAnEvent(attempt: Attempt, line: Uint8Array, cause?: unknown): KubeError {
  const text = Buffer.from(line.subarray(0, 200)).toString('utf8');
  return protocolError(attempt, `the stream has a line of ${line.length} bytes that is no event: ${text}`, cause);
}

/** Aborts when nothing came for the time last allowed, or when the connection's own signal says so. */
function watchSilence({ clock, signal }: Connection) {
  const controller = new AbortController();
  let silentMs: number | undefined;
  let cancelTimer = () => {};
  const stop = () => controller.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    allow(ms: number) {
      cancelTimer();
      cancelTimer = clock.after(ms, () => {
        silentMs = ms;
        stop();
      });
    },
    error(attempt: Attempt, cause: unknown): KubeError {
      if (silentMs === undefined) return toKubeError(attempt, cause, signal?.aborted ? 'aborted' : undefined);
      const why = `nothing came for ${Math.round(silentMs / 1000)} s, so the connection counts as dead`;
      return new KubeError({ ...attempt, code: 'Timeout', why, cause });
    },
    release() {
      cancelTimer();
      signal?.removeEventListener('abort', stop);
      stop();
    },
  };
}

// The shortest way to the server in memory: every request is answered at once, every watch told as soon as anything is
// committed. For tests, the contract suite and the demo. Lacks faults and delays: the simulated network adds those.
import type { KubeRequest, KubeResponse, Transport } from '../../../src/kube/transport.ts';
import type { Cancel, Timeline } from '../timeline.ts';
import type { SimServer } from './server.ts';
import type { WatchCursor } from './types.ts';
import { parseCall, respond } from './wire.ts';

const BOOKMARK_MS = 60_000;

/** With a timeline, watches get a bookmark each minute and end after their timeoutSeconds. */
export function createDirectTransport(server: SimServer, actor: string, timeline?: Timeline): Transport {
  const open = new Set<Stream>();
  const unlisten = server.onCommit(() => {
    for (const stream of open) stream.wake();
  });
  return {
    request(request) {
      if (request.signal?.aborted === true) return Promise.reject(new Error('aborted'));
      request.beforeSend?.();
      const call = parseCall(actor, request);
      if (call.verb !== 'watch') return Promise.resolve(respond(server.handle(call)));
      const cursor = server.watch(call);
      if (!('pull' in cursor)) return Promise.resolve(respond(cursor));
      const stream = new Stream(cursor, () => open.delete(stream));
      open.add(stream);
      return Promise.resolve(watching(stream, request, timeline));
    },
    close() {
      unlisten();
      for (const stream of open) stream.end(new Error('the transport is closed'));
      return Promise.resolve();
    },
  };
}

function watching(stream: Stream, { signal }: KubeRequest, timeline: Timeline | undefined): KubeResponse {
  signal?.addEventListener('abort', () => stream.end(new Error('aborted')), { once: true });
  if (timeline !== undefined) stream.keepTime(timeline);
  return { status: 200, headers: new Map([['content-type', 'application/json']]), body: stream };
}

class Stream implements AsyncIterable<Uint8Array> {
  readonly #cursor: WatchCursor;
  readonly #onEnd: () => void;
  readonly #cancels: Cancel[] = [];
  #due = '';
  #ended = false;
  #error: Error | undefined;
  #awake: () => void = () => {};

  constructor(cursor: WatchCursor, onEnd: () => void) {
    this.#cursor = cursor;
    this.#onEnd = onEnd;
  }

  wake(): void {
    this.#awake();
  }

  /** The proper end without an error, else a broken connection. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const cancel of this.#cancels) cancel();
    this.#onEnd();
    this.#awake();
  }

  keepTime(timeline: Timeline): void {
    const bookmark = () => {
      if (this.#ended) return;
      this.#due += this.#cursor.pull().join('') + (this.#cursor.bookmark() ?? '');
      this.#awake();
      this.#cancels[0] = timeline.after(BOOKMARK_MS, 'bookmark', bookmark);
    };
    this.#cancels[0] = timeline.after(BOOKMARK_MS, 'bookmark', bookmark);
    this.#cancels[1] = timeline.after(this.#cursor.timeoutSeconds * 1000, 'end of watch', () => this.end());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      while (true) {
        if (this.#error !== undefined) throw this.#error;
        const text = this.#due + this.#cursor.pull().join('');
        this.#due = '';
        if (text !== '') yield Buffer.from(text);
        else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#awake = resolve));
      }
    } finally {
      this.end();
    }
  }
}

/**
 * List, then watch, for as long as it takes: what happens to the objects of one resource.
 *
 * Promises: never stops on its own; every failure is told to `on.error` and followed by a pause; what was missed while
 * cut off is told as events once the connection is back; after `stop()` returns nothing more is told, not even from a
 * list in progress.
 * Lacks on purpose: a cache, a resync (re-enqueue from the cache), and resourceVersion=0, which after a restart could
 * show a past that was already left behind. Callbacks must not throw: a throw ends the watch as an unhandled rejection,
 * since an event half handled cannot be handled again.
 */
import { type Backoff, createBackoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { KubeError } from './errors.ts';
import { type Follower, follow } from './follow.ts';
import { createKnownObjects, type WatchEvent } from './known-objects.ts';
import type { KubeObject } from './objects.ts';
import { type Collection, collectionRef } from './pages.ts';
import { DEFAULT_USER_AGENT } from './session.ts';
import { isTooLargeResourceVersion } from './status.ts';
import type { Transport } from './transport.ts';

export interface WatchHandlers {
  event(event: WatchEvent): void;
  /** Once, after the first complete list. */
  synced(): void;
  /** All events up to this resourceVersion have been told. Not called in the midst of a list. */
  progress(resourceVersion: string): void;
  error(error: KubeError): void;
}

export interface WatchOptions extends Collection {
  readonly transport: Transport;
  readonly clock: Clock;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly userAgent?: string | undefined;
  /** What of an object is remembered and told; absent: all of it. Metadata has to stay. */
  readonly keep?: ((object: KubeObject) => KubeObject) | undefined;
  readonly on: WatchHandlers;
}

export interface Watch {
  stop(): void;
  readonly hasSynced: boolean;
  /** When the server last sent anything, on the clock's monotonic scale. At first: the start. */
  lastActivityAt(): number;
}

const SHORT_WATCH_MS = 1_000;
const USEFUL_WATCH_MS = 30_000;
const MAX_RETRY_AFTER_MS = 60_000;

export function watchResource(options: WatchOptions): Watch {
  const { transport, clock, random, on, userAgent = DEFAULT_USER_AGENT } = options;
  const abort = new AbortController();
  const watcher: Watcher = {
    options,
    collection: options,
    random,
    on,
    connection: { transport, clock, userAgent, signal: abort.signal },
    attempt: { verb: 'watch', object: collectionRef(options), mutating: false },
    known: createKnownObjects((event) => watcher.stopped || on.event(event), options.keep),
    backoff: createBackoff({ baseMs: 800, capMs: 30_000, random }),
    stopped: false,
    resourceVersion: undefined,
    pagesOnly: false,
    bookmarksSeen: false,
    synced: false,
    progressed: false,
    lastActivityAt: clock.monotonic(),
    wake: () => {},
  };
  void run(watcher);
  return {
    stop() {
      watcher.stopped = true;
      abort.abort();
      watcher.wake();
    },
    get hasSynced() {
      return watcher.synced;
    },
    lastActivityAt: () => watcher.lastActivityAt,
  };
}

interface Watcher extends Follower {
  readonly options: WatchOptions;
  readonly on: WatchHandlers;
  readonly backoff: Backoff;
  /** Ends the pause in progress. */
  wake: () => void;
}

async function run(watcher: Watcher): Promise<void> {
  while (!watcher.stopped) {
    const startedAt = watcher.options.clock.monotonic();
    watcher.progressed = false;
    let delayMs: number;
    try {
      await follow(watcher);
      delayMs = delayAfterEnd(watcher, startedAt);
    } catch (error) {
      if (watcher.stopped) return;
      if (!(error instanceof KubeError)) throw error;
      delayMs = delayAfterFailure(watcher, startedAt, error);
    }
    if (delayMs > 0 && !watcher.stopped) await pause(watcher, delayMs);
  }
}

/** The server ends each watch after timeoutSeconds: nothing is wrong. One that ends at once must not become a busy loop. */
function delayAfterEnd({ backoff, options }: Watcher, startedAt: number): number {
  backoff.reset();
  return options.clock.monotonic() - startedAt < SHORT_WATCH_MS ? SHORT_WATCH_MS : 0;
}

function delayAfterFailure(watcher: Watcher, startedAt: number, error: KubeError): number {
  if (watcher.resourceVersion === undefined && !watcher.pagesOnly) {
    // Without the WatchList feature sendInitialEvents is refused (apimachinery pkg/apis/meta/internalversion/validation,
    // validateWatchOptions). If it was refused for another reason, the list will say so.
    const refused = error.status === 422 || error.status === 400;
    // Silence is what a server does that knows neither sendInitialEvents nor any objects.
    watcher.pagesOnly = refused || (error.code === 'Timeout' && error.status === undefined);
    if (refused) return 0;
  }
  const trusted = keepsPosition(error);
  if (!trusted) watcher.resourceVersion = undefined;
  // A connection that worked until it broke says nothing about the next one. One that soon turned to nonsense does:
  // without growing pauses it would list everything again and again.
  const livedMs = watcher.options.clock.monotonic() - startedAt;
  if ((trusted && watcher.progressed) || livedMs >= USEFUL_WATCH_MS) watcher.backoff.reset();
  watcher.on.error(error);
  return Math.max(watcher.backoff.next(), Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** Whether one may resume from the last resourceVersion: only if the failure was about the way there. */
function keepsPosition(error: KubeError): boolean {
  if (isTooLargeResourceVersion(error)) return false;
  switch (error.code) {
    case 'Timeout':
      // A server answers a watch from a resourceVersion that it has not reached, as after etcd was restored from a
      // backup, with silence: no events, no bookmarks, no error (seen on 1.36.3). So our own limits mean a list.
      return error.status !== undefined;
    case 'Network':
    case 'Unavailable':
    case 'TooManyRequests':
    case 'Unauthorized':
    case 'Forbidden':
    case 'Aborted':
      return true;
    case 'Gone':
    case 'Protocol':
    case 'ServerError':
    case 'BadRequest':
    case 'Invalid':
    case 'NotFound':
    case 'Conflict':
    case 'AlreadyExists':
      return false;
    default:
      return error.code satisfies never;
  }
}

function pause(watcher: Watcher, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = watcher.options.clock.after(ms, resolve);
    watcher.wake = () => {
      cancel();
      resolve();
    };
  });
}

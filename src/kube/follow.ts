/**
 * One attempt to follow a resource: a list if there is no position to resume from, then a watch until it ends.
 *
 * Promises: tells nothing once `stopped` is set, whatever was in flight; the position moves only past what was told.
 * Lacks on purpose: a second attempt, and any opinion about failures (watch.ts).
 */
import type { Attempt } from './errors.ts';
import { type Connection, protocolError } from './exchange.ts';
import type { KnownObjects } from './known-objects.ts';
import { isResourceVersion } from './objects.ts';
import { type Collection, readPages } from './pages.ts';
import { resourcePath, withQuery } from './resources.ts';
import { decodeEvent, readLines, type StreamEvent } from './watch-stream.ts';

/** What one watch remembers from attempt to attempt. */
export interface Follower {
  readonly connection: Connection;
  readonly collection: Collection;
  readonly attempt: Attempt;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly known: KnownObjects;
  readonly on: { synced(): void; progress(resourceVersion: string): void };
  /** Looked at after every await and before every callback. */
  stopped: boolean;
  /** Where to resume. Undefined: begin with a list. */
  resourceVersion: string | undefined;
  /** This server does not list by watching. */
  pagesOnly: boolean;
  /** This server sends bookmarks, about once a minute: longer silence means that it is not there. */
  bookmarksSeen: boolean;
  synced: boolean;
  /** This attempt has completed a list or told something after it. */
  progressed: boolean;
  lastActivityAt: number;
}

const LIST_TIMEOUT_MS = 60_000;

export async function follow(follower: Follower): Promise<void> {
  if (follower.resourceVersion === undefined && follower.pagesOnly) await listByPages(follower);
  if (!follower.stopped) await streamEvents(follower);
}

async function listByPages(follower: Follower): Promise<void> {
  const { connection, collection, known } = follower;
  let resourceVersion = '';
  for await (const page of readPages(connection, collection, { timeoutMs: LIST_TIMEOUT_MS })) {
    if (follower.stopped) return;
    follower.lastActivityAt = connection.clock.monotonic();
    if (page.first) known.beginList();
    for (const item of page.items) known.put(item);
    resourceVersion = page.resourceVersion;
  }
  if (follower.stopped) return;
  if (!isResourceVersion(resourceVersion)) {
    throw protocolError(follower.attempt, `the list's resourceVersion is ${JSON.stringify(resourceVersion)}`);
  }
  completeList(follower, resourceVersion);
}

function completeList(follower: Follower, resourceVersion: string): void {
  follower.known.endList();
  follower.progressed = true;
  moveOn(follower, resourceVersion);
  if (follower.synced || follower.stopped) return;
  follower.synced = true;
  follower.on.synced();
}

function moveOn(follower: Follower, resourceVersion: string): void {
  if (follower.stopped) return;
  follower.resourceVersion = resourceVersion;
  follower.on.progress(resourceVersion);
}

async function streamEvents(follower: Follower): Promise<void> {
  const { connection, attempt, random } = follower;
  const listing = follower.resourceVersion === undefined;
  if (listing) follower.known.beginList();
  const timeoutSeconds = between(random, 240, 480);
  const shortIdleMs = between(random, 90_000, 120_000);
  const lines = readLines(connection, {
    attempt,
    path: watchPath(follower, timeoutSeconds),
    // Whoever accepts sendInitialEvents promises a bookmark. Of any other server it is known only that it ends the watch
    // after timeoutSeconds, so silence beyond that is death.
    idleMs: () => (listing || follower.bookmarksSeen ? shortIdleMs : timeoutSeconds * 1000 + 30_000),
    onActivity: () => {
      follower.lastActivityAt = connection.clock.monotonic();
    },
  });
  for await (const batch of lines) {
    for (const line of batch) {
      if (follower.stopped) return;
      if (line.length > 0) tell(follower, decodeEvent(attempt, line));
    }
  }
  if (follower.stopped || follower.resourceVersion !== undefined) return;
  // A server that ignores sendInitialEvents never says where the list ends.
  follower.pagesOnly = true;
  throw protocolError(attempt, 'the watch ended before the end of its initial events');
}

function watchPath({ collection, resourceVersion }: Follower, timeoutSeconds: number): string {
  const listing = resourceVersion === undefined;
  return withQuery(resourcePath(collection.resource, { namespace: collection.namespace }), {
    watch: true,
    allowWatchBookmarks: true,
    timeoutSeconds,
    labelSelector: collection.labelSelector,
    fieldSelector: collection.fieldSelector,
    resourceVersion,
    sendInitialEvents: listing ? true : undefined,
    resourceVersionMatch: listing ? 'NotOlderThan' : undefined,
  });
}

function tell(follower: Follower, event: StreamEvent): void {
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
      follower.known.put(event.object);
      break;
    case 'DELETED':
      follower.known.remove(event.object);
      break;
    case 'BOOKMARK':
      follower.bookmarksSeen = true;
      break;
    default:
      event satisfies never;
  }
  const resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
  if (follower.resourceVersion !== undefined) {
    follower.progressed = true;
    moveOn(follower, resourceVersion);
  } else if (event.type === 'BOOKMARK' && event.endOfList) {
    completeList(follower, resourceVersion);
  }
}

/** A whole number, both ends included. */
function between(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

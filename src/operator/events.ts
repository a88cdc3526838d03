// Events on the app, for `kubectl describe`: what was done, and what the API server refused. Best effort and off the
// critical path; limited per app as client-go's tools/record does (a burst of 25, then one in five minutes), so that a
// big or a flapping app does not flood the API server. Equal Events in a row are told once. What was done is told together with what follows
// within a moment: each Event costs the API server as much as the act that it tells of.

import { API_VERSION, KIND, MANAGER } from '../api/names.ts';
import { formatTime } from '../identity/time.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { RESOURCES } from '../kube/resources.ts';
import type { ObservedApp } from '../plan/types.ts';

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, from a closed set: SuccessfulCreate, SuccessfulDelete, Adopted, Refused … */
  readonly reason: string;
  readonly message: string;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
  last: string;
  toldAtMs: number;
}

/** What is to be told together, of one reason and one app. */
interface Gathering {
  readonly app: ObservedApp;
  readonly note: EventNote;
  readonly sinceMs: number;
  readonly cancel: () => void;
}

const BURST = 25;
const REFILL_MS = 300_000;
/** Equal to the last one and so soon after it, an Event says nothing new. */
const REPEAT_MS = 600_000;
const MAX_MESSAGE = 1024;

export class Events {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #buckets = new Map<string, Bucket>();
  /** By the app's UID. */
  readonly #gathering = new Map<string, Gathering>();
  #count = 0;

  constructor(client: KubeClient, clock: Clock, failed: (error: unknown) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Returns at once; the Event is sent behind, within so many milliseconds, together with those of its reason that come meanwhile. */
  tell(app: ObservedApp, note: EventNote, withinMs = 0): void {
    if (this.#isRepeated(app.uid, `${note.reason} ${note.message}`)) return;
    const before = this.#gathering.get(app.uid);
    const together = before === undefined ? null : joined(before.note, note);
    if (before !== undefined && together !== null) {
      this.#gathering.set(app.uid, { ...before, note: together });
      return;
    }
    this.#flush(app.uid);
    const cancel = withinMs > 0 ? this.#clock.after(withinMs, () => this.#flush(app.uid)) : () => {};
    this.#gathering.set(app.uid, { app, note, sinceMs: this.#clock.now(), cancel });
    if (withinMs <= 0) this.#flush(app.uid);
  }

  /** Sends what is gathered. */
  flush(): void {
    for (const uid of [...this.#gathering.keys()]) this.#flush(uid);
  }

  forget(uid: string): void {
    this.#buckets.delete(uid);
  }

  #flush(uid: string): void {
    const gathered = this.#gathering.get(uid);
    if (gathered === undefined) return;
    gathered.cancel();
    this.#gathering.delete(uid);
    this.#send(gathered);
  }

  #send({ app, note, sinceMs }: Omit<Gathering, 'cancel'>): void {
    if (!this.#take(app.uid)) return;
    this.#count += 1;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      // Unique as client-go makes it: the object's name and a number that grows.
      metadata: {
        name: `${app.name}.${this.#clock.now().toString(16)}${this.#count.toString(16)}`,
        namespace: app.namespace,
      },
      involvedObject: {
        apiVersion: API_VERSION,
        kind: KIND,
        name: app.name,
        namespace: app.namespace,
        uid: app.uid,
        resourceVersion: app.resourceVersion,
      },
      type: note.type,
      reason: note.reason,
      message: note.message.slice(0, MAX_MESSAGE),
      firstTimestamp: formatTime(sinceMs),
      lastTimestamp: formatTime(this.#clock.now()),
      count: 1,
      source: { component: MANAGER },
      reportingComponent: MANAGER,
      reportingInstance: '',
    };
    this.#client.create(RESOURCES.events, event).catch(this.#failed);
  }

  #isRepeated(uid: string, text: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#bucketOf(uid);
    if (bucket.last === text && now - bucket.toldAtMs < REPEAT_MS) return true;
    bucket.last = text;
    bucket.toldAtMs = now;
    return false;
  }

  #take(uid: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#bucketOf(uid);
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.filledAtMs) / REFILL_MS);
    bucket.filledAtMs = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #bucketOf(uid: string): Bucket {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(uid) ?? { tokens: BURST, filledAtMs: now, last: '', toldAtMs: now };
    this.#buckets.set(uid, bucket);
    return bucket;
  }
}

/** Both in one; null when they are not of one kind, or do not fit. */
function joined(before: EventNote, { type, reason, message }: EventNote): EventNote | null {
  const together = `${before.message}; ${message}`;
  if (before.type !== type || before.reason !== reason || together.length > MAX_MESSAGE) return null;
  return { type, reason, message: together };
}

// Events on the app, for `kubectl describe`: what was done, and what the API server refused. Best effort and off the
// critical path; limited per app as client-go's tools/record does (a burst of 25, then one in five minutes), so that a
// big or a flapping app does not flood the API server. Equal Events in a row are told once.

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
  #count = 0;

  constructor(client: KubeClient, clock: Clock, failed: (error: unknown) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Returns at once; the Event is sent behind. */
  tell(app: ObservedApp, note: EventNote): void {
    if (!this.#take(app.uid, `${note.reason} ${note.message}`)) return;
    const time = formatTime(this.#clock.now());
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
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      source: { component: MANAGER },
      reportingComponent: MANAGER,
      reportingInstance: '',
    };
    this.#client.create(RESOURCES.events, event).catch(this.#failed);
  }

  forget(uid: string): void {
    this.#buckets.delete(uid);
  }

  #take(uid: string, text: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(uid) ?? { tokens: BURST, filledAtMs: now, last: '', toldAtMs: now };
    this.#buckets.set(uid, bucket);
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.filledAtMs) / REFILL_MS);
    bucket.filledAtMs = now;
    if ((bucket.last === text && now - bucket.toldAtMs < REPEAT_MS) || bucket.tokens < 1) return false;
    bucket.last = text;
    bucket.toldAtMs = now;
    bucket.tokens -= 1;
    return true;
  }
}

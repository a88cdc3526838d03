/**
 * The simulator's API server as the tests of the daemon use it: what was sent to it is kept, a request can be held back on
 * its way, watches can be kept silent, and a test is the users and controllers beside the daemon.
 *
 * Lacks on purpose: any behaviour of its own. Answers are SimServer's, or those of a rule that a test gives it.
 */

import type { KubeRequest, KubeResponse, Transport } from '../../src/kube/transport.ts';
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts';
import { type Caller, callerOf, type Outcome } from '../sim/server/caller.ts';
import { createDirectTransport } from '../sim/server/direct.ts';
import { isObject, objectAt } from '../sim/server/json.ts';
import { apiVersionOf, kindNamed } from '../sim/server/kinds.ts';
import { SimServer } from '../sim/server/server.ts';
import type { Answer, Call, Meta, Raw, Stored } from '../sim/server/types.ts';
import { failure, parseCall } from '../sim/server/wire.ts';

/** Who creates, edits and deletes for a test; no rule is for it. */
const USER = 'user';
const READY = { conditions: [{ type: 'Ready', status: 'True' }] };
const READS = ['get', 'list', 'watch'];

export interface Sent extends Call {
  readonly path: string;
  readonly body: Raw;
}

type Matches = (sent: Sent) => boolean;

/** Requests that are held back on their way to the server. */
export interface Hold {
  readonly caught: readonly Sent[];
  /** They go on, and nothing more is held. */
  release(): void;
  /** They break, and nothing more is held. */
  fail(error: Error): void;
}

/** What the API server asks of an object at least. */
export const LEAST: Readonly<Record<string, { readonly spec?: Raw; readonly data?: Raw }>> = {
  pods: { spec: { containers: [{ name: 'main', image: 'web:v1' }] } },
  persistentvolumeclaims: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  services: { spec: { clusterIP: 'None' } },
  controllerrevisions: { data: {} },
};

export function refusal(status: number, reason: string, message = `it is ${reason}`): Answer {
  return failure(status, reason, message);
}

export class Api {
  readonly sent: Sent[] = [];
  readonly server: SimServer;
  readonly #clock: FakeClock;
  readonly #user: Caller;
  readonly #holds = new Set<{ readonly matches: Matches; readonly caught: Sent[]; readonly over: Promise<void> }>();
  readonly #waiters = new Set<() => void>();
  /** Pending while no watch tells anything. */
  #loud: PromiseWithResolvers<void> | undefined;
  #uids = 0;
  /** What the next object is given as its UID. */
  #wanted: string | undefined;

  constructor(clock: FakeClock = createFakeClock()) {
    this.#clock = clock;
    this.server = new SimServer({ now: clock.now, uid: () => this.#uid() });
    this.server.onCommit(() => this.#check());
    this.#user = callerOf(this.server, USER);
    for (const name of ['prod', 'system']) this.add('namespaces', { metadata: { name } });
    for (const name of ['node-a', 'node-b']) this.add('nodes', { metadata: { name }, status: READY });
  }

  /** The way of one process to the server. */
  transport(actor = 'operator'): Transport {
    const timeline = {
      now: this.#clock.now,
      after: (ms: number, _: string, act: () => void) => this.#clock.after(ms, act),
    };
    const direct = createDirectTransport(this.server, actor, timeline);
    return { request: (request) => this.#request(actor, direct, request), close: () => direct.close() };
  }

  get writes(): readonly Sent[] {
    return this.sent.filter(({ verb }) => !READS.includes(verb));
  }

  /** "create pods web-0", in order. */
  get deeds(): readonly string[] {
    return this.writes.map(({ verb, plural, name, subresource, body }) =>
      [verb, subresource ? `${plural}/${subresource}` : plural, name ?? objectAt(body, 'metadata')['name']].join(' '),
    );
  }

  /** Resolves as soon as the condition holds; asked again at each request and each change. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  /** The rule answers the daemon instead of the server, until it is called off. */
  rule(rule: (call: Call) => Answer | undefined): () => void {
    const given = (call: Call) => (call.actor === USER ? undefined : rule(call));
    this.server.rules.push(given);
    return () => void this.server.rules.splice(this.server.rules.indexOf(given), 1);
  }

  hold(matches: Matches): Hold {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // What waits for it hears of a failure; it is none when nothing waits.
    promise.catch(() => {});
    const entry = { matches, caught: [], over: promise };
    this.#holds.add(entry);
    const end = () => this.#holds.delete(entry);
    return {
      caught: entry.caught,
      release: () => end() && resolve(),
      fail: (error) => end() && reject(error),
    };
  }

  /** Watches are silent, with their connections up, until they are unmuted. */
  mute(muted: boolean): void {
    if (!muted) this.#loud?.resolve();
    this.#loud = muted ? (this.#loud ?? Promise.withResolvers()) : undefined;
  }

  find(plural: string, name: string, namespace = 'prod'): Stored | undefined {
    return this.server.find(plural, namespace, name);
  }

  /**
   * Brings an object to the state that is written: created with its UID and what it needs at least, its status written,
   * and being deleted if it is said to be.
   */
  add(plural: string, given: Raw & { readonly spec?: Raw }): Stored {
    const { status, ...rest } = given;
    const { uid, resourceVersion: _, deletionTimestamp, ...metadata } = objectAt(given, 'metadata') as Partial<Meta>;
    const { spec: least, ...needed } = LEAST[plural] ?? {};
    const spec = least === undefined && rest['spec'] === undefined ? {} : { spec: { ...least, ...rest['spec'] } };
    this.#wanted = uid;
    const { name, namespace } = done(this.#user.create(plural, { ...needed, ...rest, ...spec, metadata })).metadata;
    if (status !== undefined) done(this.#user.patch(plural, namespace, name, { status }, 'status'));
    if (deletionTimestamp !== undefined) done(this.#user.delete(plural, namespace, name));
    return this.#found(plural, namespace, name);
  }

  /** Merges the patch, its status by way of the status. */
  edit(plural: string, name: string, patch: Raw, namespace = 'prod'): Stored {
    const { status, ...rest } = patch;
    if (Object.keys(rest).length > 0) done(this.#user.patch(plural, namespace, name, rest));
    if (status !== undefined) done(this.#user.patch(plural, namespace, name, { status }, 'status'));
    return this.#found(plural, namespace, name);
  }

  /** Deleted; held by a finalizer, so that it stays for a while. */
  markDeleted(plural: string, name: string): Stored {
    this.edit(plural, name, { metadata: { finalizers: ['example.com/slow'] } });
    return done(this.#user.delete(plural, 'prod', name));
  }

  /** At once, by force. */
  remove(plural: string, name: string, namespace = 'prod'): void {
    const { gone } = outcome(this.#user.delete(plural, namespace, name, { gracePeriodSeconds: 0 }));
    if (!gone) throw new Error(`${plural} ${name} is held by something`);
  }

  /** The scheduler's. */
  bind(pod: string, node: string): void {
    done(this.#user.bind('prod', pod, this.#found('pods', 'prod', pod).metadata.uid, node));
  }

  /** Stored past every check, as by another version of the server. */
  force(plural: string, { metadata, ...rest }: Raw): Stored {
    const kind = kindNamed(plural);
    const given = { uid: this.#uid(), ...(isObject(metadata) ? metadata : {}) };
    return this.server.force(plural, {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      ...rest,
      metadata: given as unknown as Meta,
    });
  }

  #uid(): string {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    this.#uids += 1;
    return wanted ?? `uid-${this.#uids}`;
  }

  #found(plural: string, namespace: string | undefined, name: string): Stored {
    const found = this.server.find(plural, namespace, name);
    if (found === undefined) throw new Error(`there is no ${plural} ${name}`);
    return found;
  }

  #check(): void {
    for (const waiter of this.#waiters) waiter();
  }

  async #request(actor: string, direct: Transport, given: KubeRequest): Promise<KubeResponse> {
    const { beforeSend, ...request } = given;
    beforeSend?.();
    const call = parseCall(actor, request);
    const sent: Sent = { ...call, path: new URL(request.path, 'http://api').pathname, body: asRaw(call.body) };
    const holds = [...this.#holds].filter(({ matches }) => matches(sent));
    this.sent.push(sent);
    for (const { caught } of holds) caught.push(sent);
    this.#check();
    for (const { over } of holds) await orAborted(over, request.signal);
    const response = await direct.request(request);
    return call.verb === 'watch' ? { ...response, body: this.#audible(response.body, request.signal) } : response;
  }

  async *#audible(body: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      if (this.#loud !== undefined) await orAborted(this.#loud.promise, signal);
      yield chunk;
    }
  }
}

const asRaw = (body: unknown): Raw => (isObject(body) ? body : {});

function outcome(given: Outcome) {
  if (!given.ok) throw new Error(`the test asks for what cannot be: ${given.message}`);
  return given;
}

const done = (given: Outcome): Stored => outcome(given).object;

async function orAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(new Error('aborted'));
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

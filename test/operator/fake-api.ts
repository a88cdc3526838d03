/**
 * An API server in memory, behind the Transport seam: objects with UIDs and resourceVersions, preconditions, merge
 * patches, list-watch. Everything that was sent is kept, and a test can answer instead of it.
 *
 * Lacks on purpose: validation, admission, controllers (a test plays kubelet and kubectl by `put` and `edit`).
 */
import type { KubeObject } from '../../src/kube/objects.ts';
import type { KubeRequest, KubeResponse, Transport } from '../../src/kube/transport.ts';

export type Raw = Record<string, unknown>;
export interface Meta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: readonly Raw[];
  finalizers?: readonly string[];
}
export type Stored = Raw & { kind: string; metadata: Meta };

export interface Sent {
  /** create, get, list, watch, patch, apply, update or delete. */
  readonly verb: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly body: Raw;
}

export type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> };

export function failure(status: number, reason: string, message = `it is ${reason}`): Answer {
  return { status, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message } };
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
  readonly before: Stored | undefined;
}

export class FakeApi implements Transport {
  readonly sent: Sent[] = [];
  readonly objects = new Map<string, Stored>();
  /** Answers instead of the server; undefined leaves it to the server. A promise holds the answer back. */
  intercept: (sent: Sent) => Answer | undefined | Promise<Answer | undefined> = () => undefined;
  /** Called after a write was committed and before it is answered. */
  committed: (sent: Sent) => unknown = () => {};
  /** While true no watch tells anything. */
  #muted = false;
  readonly #changes: Change[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #waiters = new Set<() => void>();
  #version = 100;
  #uids = 0;

  get writes(): readonly Sent[] {
    return this.sent.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
  }

  /** "create pods web-0", in order. */
  get deeds(): readonly string[] {
    return this.writes.map(({ verb, plural, name, subresource, body }) =>
      [verb, subresource ? `${plural}/${subresource}` : plural, name ?? metaOf(body).name].join(' '),
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

  find(plural: string, name: string, namespace = 'prod'): Stored | undefined {
    return this.objects.get(keyOf(plural, namespace, name));
  }

  /** Watches are silent, with their connections up, until they are unmuted. */
  mute(muted: boolean): void {
    this.#muted = muted;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Somebody else writes. */
  put(plural: string, given: Raw): Stored {
    const metadata = metaOf(given);
    const at = keyOf(plural, metadata.namespace, metadata.name);
    const before = this.objects.get(at);
    const uid = before?.metadata.uid ?? metadata.uid ?? `uid-${++this.#uids}`;
    return this.#store(plural, { kind: 'Object', ...given, metadata: { ...metadata, uid } } as Stored);
  }

  edit(plural: string, name: string, patch: Raw): Stored {
    const found = this.find(plural, name);
    if (found === undefined) throw new Error(`the test edits ${plural} ${name}, which does not exist`);
    return this.#store(plural, merge(found, patch) as Stored);
  }

  /** At once, whatever holds it. `silently`: no watch tells. */
  remove(plural: string, name: string, namespace = 'prod'): void {
    const at = keyOf(plural, namespace, name);
    const before = this.objects.get(at);
    if (before === undefined) throw new Error(`the test removes ${plural} ${name}, which does not exist`);
    this.objects.delete(at);
    this.#version += 1;
    const metadata = { ...before.metadata, resourceVersion: String(this.#version) };
    this.#tell({ version: this.#version, type: 'DELETED', object: { ...before, metadata }, before });
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    request.beforeSend?.();
    const sent = parse(request);
    this.sent.push(sent);
    this.#check();
    if (sent.verb === 'watch') {
      const refused = await this.intercept(sent);
      return refused === undefined ? this.#watch(sent, request.signal) : respond(refused);
    }
    const given = await aborting(this.intercept(sent), request.signal);
    const answer = given ?? this.#handle(sent);
    if (given === undefined) this.committed(sent);
    this.#check();
    return respond(answer);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #check(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #handle(sent: Sent): Answer {
    switch (sent.verb) {
      case 'get':
        return this.#get(sent);
      case 'list':
        return this.#list(sent);
      case 'create':
        return this.#create(sent);
      case 'delete':
        return this.#delete(sent);
      default:
        return this.#patch(sent);
    }
  }

  #get(sent: Sent): Answer {
    const found = this.find(sent.plural, sent.name ?? '', sent.namespace);
    return found === undefined ? absent(sent) : { status: 200, body: found };
  }

  #list({ plural, namespace, query }: Sent): Answer {
    const items = this.#all(plural, namespace).filter((object) => selects(query['labelSelector'], object));
    return { status: 200, body: { kind: 'List', metadata: { resourceVersion: String(this.#version) }, items } };
  }

  #create(sent: Sent): Answer {
    const metadata = metaOf(sent.body);
    if (this.find(sent.plural, metadata.name, metadata.namespace)) return failure(409, 'AlreadyExists');
    return { status: 201, body: this.put(sent.plural, { ...sent.body, metadata: { ...metadata, generation: 1 } }) };
  }

  #patch(sent: Sent): Answer {
    const found = this.find(sent.plural, sent.name ?? '', sent.namespace);
    if (found === undefined) return absent(sent);
    const { uid, resourceVersion, ...metadata } = metaOf(sent.body);
    if (uid !== undefined && uid !== found.metadata.uid) return failure(409, 'Conflict');
    if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      return failure(409, 'Conflict');
    const body = sent.subresource === 'status' ? { status: sent.body['status'] } : { ...sent.body, metadata };
    return { status: 200, body: this.#store(sent.plural, merge(found, body) as Stored) };
  }

  #delete(sent: Sent): Answer {
    const found = this.find(sent.plural, sent.name ?? '', sent.namespace);
    if (found === undefined) return absent(sent);
    const { uid, resourceVersion } = (sent.body['preconditions'] ?? {}) as Partial<Meta>;
    const { metadata } = found;
    if (uid !== undefined && uid !== metadata.uid) return failure(409, 'Conflict');
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) return failure(409, 'Conflict');
    const bound = ((found['spec'] ?? {}) as Raw)['nodeName'] !== undefined;
    const ended = ['Failed', 'Succeeded'].includes(((found['status'] ?? {}) as Raw)['phase'] as string);
    const grace = bound && !ended ? 30 : 0;
    const dying = this.#store(sent.plural, {
      ...found,
      metadata: { ...metadata, deletionTimestamp: '2026-03-01T12:00:00Z', deletionGracePeriodSeconds: grace },
    });
    if (grace === 0) this.remove(sent.plural, metadata.name, metadata.namespace);
    return { status: 200, body: dying };
  }

  #store(plural: string, object: Stored): Stored {
    const { namespace, name } = object.metadata;
    const at = keyOf(plural, namespace, name);
    const before = this.objects.get(at);
    this.#version += 1;
    const changed = before !== undefined && JSON.stringify(before['spec']) !== JSON.stringify(object['spec']);
    const generation = (object.metadata.generation ?? 1) + (changed ? 1 : 0);
    const metadata = { ...object.metadata, generation, resourceVersion: String(this.#version) };
    const stored: Stored = { ...object, plural, metadata };
    this.objects.set(at, stored);
    this.#tell({ version: this.#version, type: before ? 'MODIFIED' : 'ADDED', object: stored, before });
    return stored;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const listener of [...this.#listeners]) listener();
    this.#check();
  }

  #all(plural: string, namespace: string | undefined): Stored[] {
    return [...this.objects.values()].filter((object) => isIn(object, plural, namespace));
  }

  #watch(sent: Sent, signal: AbortSignal | undefined): KubeResponse {
    const { plural, namespace, query } = sent;
    const from = query['resourceVersion'];
    const lines: Raw[] = [];
    let seen = Number(from ?? this.#version);
    if (from === undefined) {
      for (const object of this.#all(plural, namespace))
        if (selects(query['labelSelector'], object)) lines.push({ type: 'ADDED', object });
      lines.push(bookmark(this.#version));
    }
    const pull = () => {
      if (this.#muted) return [];
      for (const change of this.#changes) {
        if (change.version <= seen || !isIn(change.object, plural, namespace)) continue;
        seen = change.version;
        const type = shown(query['labelSelector'], change);
        if (type !== undefined) lines.push({ type, object: change.object });
      }
      return lines.splice(0);
    };
    return { status: 200, headers: new Map(), body: streamOf(pull, this.#listeners, signal) };
  }
}

async function* streamOf(
  pull: () => readonly Raw[],
  listeners: Set<() => void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  while (signal?.aborted !== true) {
    const lines = pull();
    if (lines.length > 0) {
      yield Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      continue;
    }
    await new Promise<void>((resolve) => {
      const done = () => {
        listeners.delete(done);
        resolve();
      };
      listeners.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}

/** What a selecting watch makes of a change: an object that stops matching is DELETED, as if it had gone. */
function shown(selector: string | undefined, { type, object, before }: Change): Change['type'] | undefined {
  const matched = before !== undefined && selects(selector, before);
  if (type === 'DELETED') return matched ? 'DELETED' : undefined;
  if (selects(selector, object)) return matched ? 'MODIFIED' : 'ADDED';
  return matched ? 'DELETED' : undefined;
}

function bookmark(version: number): Raw {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version), annotations } } };
}

function selects(selector: string | undefined, { metadata }: Stored): boolean {
  return (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [key = '', value] = term.split('=');
      const label = metadata.labels?.[key];
      return value === undefined ? label !== undefined : label === value;
    });
}

const isIn = (object: Stored, plural: string, namespace: string | undefined) =>
  object['plural'] === plural && (namespace === undefined || object.metadata.namespace === namespace);
const keyOf = (plural: string, namespace: string | undefined, name: string) => `${plural}/${namespace}/${name}`;
export const metaOf = (object: Raw) => (object['metadata'] ?? {}) as Meta;

function absent({ name, plural }: Sent): Answer {
  const { status, body } = failure(404, 'NotFound', `${plural} "${name}" not found`);
  return { status, body: { ...(body as Raw), details: { name } } };
}

function respond({ status, body, headers = {} }: Answer): KubeResponse {
  const bytes = Buffer.from(JSON.stringify(body));
  const once = (async function* () {
    yield bytes;
  })();
  return { status, headers: new Map(Object.entries(headers)), body: once };
}

function aborting<T>(answer: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    Promise.resolve(answer).then(resolve, reject);
  });
}

/** RFC 7396. */
export function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const result: Raw = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

function parse({ method, path, contentType, body }: KubeRequest): Sent {
  const url = new URL(path, 'http://api');
  const parts = url.pathname.split('/').slice(1);
  const rest = parts[0] === 'api' ? parts.slice(2) : parts.slice(3);
  const [namespace, [plural = '', name, subresource]] =
    rest[0] === 'namespaces' && rest.length > 2 ? [rest[1], rest.slice(2)] : [undefined, rest];
  const query = Object.fromEntries(url.searchParams);
  const reading = query['watch'] === 'true' ? 'watch' : name === undefined ? 'list' : 'get';
  const applying = contentType === 'application/apply-patch+yaml';
  const verb = method === 'GET' ? reading : applying ? 'apply' : (VERBS[method] ?? method);
  const parsed: Raw = body === undefined ? {} : JSON.parse(body);
  return { verb, plural, namespace, name, subresource, path: url.pathname, query, contentType, body: parsed };
}

export const asKube = (object: Stored) => object as unknown as KubeObject;

// Where a behaviour of the API server is tried: a namespace of its own, and short words for requests.
import type { Transport } from '../../src/kube/transport.ts';
import { markerOf, type Plural, podSpec, ROOTS } from './trace-content.ts';
import { ask, type Event, type Json, type Reply, watchUntil } from './wire-call.ts';

export interface Told {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
  };
  readonly spec: Json;
  readonly status: Json;
}

export interface Choice {
  readonly query?: Readonly<Record<string, string>>;
  readonly subresource?: string;
  readonly contentType?: string;
}

const TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** What one server under test offers beside its transport. */
export interface Ground {
  readonly transport: Transport;
  /** A version so old that the server has forgotten what followed it. */
  readonly forgotten: () => Promise<string>;
}

export class Stage {
  readonly ground: Ground;
  readonly namespace: string;

  constructor(ground: Ground, namespace: string) {
    this.ground = ground;
    this.namespace = namespace;
  }

  ask(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<Reply> {
    const given = { ...(body === undefined ? {} : { body }), ...(contentType === undefined ? {} : { contentType }) };
    return ask(this.ground.transport, { method, path, ...given });
  }

  path(plural: Plural, name?: string, { subresource, query }: Choice = {}): string {
    const parts = [ROOTS[plural], 'namespaces', this.namespace, plural, name, subresource];
    const text = parts.filter((part) => part !== undefined).join('/');
    return query === undefined ? text : `${text}?${new URLSearchParams(query)}`;
  }

  create(plural: Plural, body: Json, choice?: Choice): Promise<Reply> {
    return this.ask('POST', this.path(plural, undefined, choice), body);
  }
  get(plural: Plural, name: string, choice?: Choice): Promise<Reply> {
    return this.ask('GET', this.path(plural, name, choice));
  }
  put(plural: Plural, name: string, body: unknown, choice?: Choice): Promise<Reply> {
    return this.ask('PUT', this.path(plural, name, choice), body);
  }
  patch(
    plural: Plural,
    name: string,
    body: unknown,
    choice: Choice & { readonly type?: keyof typeof TYPES } = {},
  ): Promise<Reply> {
    return this.ask(
      'PATCH',
      this.path(plural, name, choice),
      body,
      choice.contentType ?? TYPES[choice.type ?? 'merge'],
    );
  }
  delete(plural: Plural, name: string, body?: Json, choice?: Choice): Promise<Reply> {
    return this.ask('DELETE', this.path(plural, name, choice), body);
  }
  list(plural: Plural, query: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.ask('GET', this.path(plural, undefined, { query }));
  }

  /** The smallest object of its kind, with these parts more; throws when it is refused. */
  async make(
    plural: Plural,
    name: string,
    more: { readonly metadata?: Json; readonly spec?: Json } = {},
  ): Promise<Told> {
    const { metadata: _marker, ...smallest } = markerOf(plural);
    const spec = smallest['spec'] === undefined ? {} : { spec: { ...(smallest['spec'] as Json), ...more.spec } };
    return told(await this.create(plural, { ...smallest, metadata: { name, ...more.metadata }, ...spec }));
  }

  pod(name: string, more: { readonly metadata?: Json; readonly spec?: Json } = {}): Promise<Told> {
    return this.make('pods', name, { ...more, spec: { ...podSpec('registry/a:1'), ...more.spec } });
  }

  /** "ADDED a", in order, until there are `count` of them. */
  async watch(plural: Plural, query: Readonly<Record<string, string>>, count: number): Promise<readonly Event[]> {
    const path = this.path(plural, undefined, { query: { watch: 'true', timeoutSeconds: '20', ...query } });
    const events = await watchUntil(this.ground.transport, path, (seen) => seen.length >= count);
    if ('status' in events) throw new Error(`the watch was refused: ${JSON.stringify(events.body)}`);
    return events;
  }
}

/** The object in an answer that is one; else throws with the server's words. */
export function told({ status, body }: Reply): Told {
  if (status >= 300) throw new Error(`${status}: ${String(body['message'])}`);
  return body as unknown as Told;
}

export const itemsOf = ({ body }: Reply): readonly string[] =>
  (body['items'] as readonly Told[]).map(({ metadata }) => metadata.name);

export const linesOf = (events: readonly Event[]): readonly string[] =>
  events.map(({ type, object }) =>
    `${type} ${String((object['metadata'] as Json | undefined)?.['name'] ?? '')}`.trim(),
  );

export const refusal = ({ status, body }: Reply): string => `${status} ${String(body['reason'])}`;

export const causesOf = ({ body }: Reply): readonly string[] => {
  const { causes } = (body['details'] ?? {}) as { readonly causes?: readonly Json[] };
  return [...new Set((causes ?? []).map(({ field }) => String(field)))];
};

/** One thing that a server does, in a namespace of its own. */
export type Behaviour = readonly [string, (stage: Stage) => Promise<void>];

/** Two pods of one app, of which one is bound, and one of another. */
export async function three(s: Stage): Promise<void> {
  await s.pod('a', { metadata: { labels: { app: 'web', rank: '1' } }, spec: { nodeName: 'n' } });
  await s.pod('b', { metadata: { labels: { app: 'db', rank: '2' } } });
  await s.pod('c', { metadata: { labels: { app: 'web' } } });
}

export const listMeta = (body: Json) =>
  body['metadata'] as Json & { readonly continue?: string; readonly resourceVersion: string };

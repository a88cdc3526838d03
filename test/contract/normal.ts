// Answers made comparable: what differs from server to server by nature gets a symbol, what two runs share is kept.
// uids and resourceVersions are numbered as they first appear, so that which ones are equal is part of the answer; times
// are times; messages go, since their words are the server's own; managedFields too.
import type { Event, Json, Reply } from './wire-call.ts';

export class Normaliser {
  readonly #namespace: string;
  readonly #uids = new Map<string, string>();
  readonly #versions = new Map<string, string>();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  reply({ status, body }: Reply): Json {
    return { status, body: this.#body(body) };
  }

  event({ type, object }: Event): Json {
    return { type, object: this.#body(object) };
  }

  #body(body: Json): Json {
    if (body['kind'] === 'Status') return this.#status(body);
    if (Array.isArray(body['items'])) return this.#list(body, body['items'] as readonly Json[]);
    return this.#object(body);
  }

  #status({ status, reason, code, details }: Json): Json {
    const { name, group, kind, uid, causes } = (details ?? {}) as Json;
    // Which rule of ours refuses an app is not told alike by CEL and by the operator's own reading.
    const told =
      Array.isArray(causes) && kind !== 'StatefulApp'
        ? causes.map(({ reason: why, field }: Json) => `${String(why)} ${String(field)}`)
        : [];
    return clean({
      kind: 'Status',
      status,
      reason,
      code,
      name: this.#text(name),
      group,
      of: kind,
      uid: this.#uid(uid),
      causes: told.length > 0 ? [...new Set(told)].sort() : undefined,
    });
  }

  #list({ kind, apiVersion, metadata }: Json, items: readonly Json[]): Json {
    const { remainingItemCount, continue: token } = metadata as Json;
    const more = clean({ remainingItemCount, continue: token ? 'yes' : token });
    return clean({ kind, apiVersion, ...more, items: items.map((item) => this.#object(item)) });
  }

  #object(object: Json): Json {
    const metadata = (object['metadata'] ?? {}) as Json;
    const { managedFields: _managed, resourceVersion, uid, namespace, ...rest } = metadata;
    const made = {
      ...rest,
      uid: this.#uid(uid),
      namespace: this.#text(namespace),
      resourceVersion: this.#version(resourceVersion),
    };
    const owners = metadata['ownerReferences'];
    const owned = Array.isArray(owners)
      ? owners.map((owner: Json) => ({ ...owner, uid: this.#uid(owner['uid']) }))
      : undefined;
    return timeless({ ...object, metadata: clean({ ...made, ownerReferences: owned }) }) as Json;
  }

  #text(text: unknown): unknown {
    return text === this.#namespace ? 'NAMESPACE' : text;
  }

  #uid(uid: unknown): unknown {
    return symbol(this.#uids, uid, 'uid');
  }

  #version(version: unknown): unknown {
    return symbol(this.#versions, version, 'rv');
  }
}

function symbol(known: Map<string, string>, text: unknown, prefix: string): unknown {
  if (typeof text !== 'string') return text;
  const found = known.get(text) ?? `${prefix}${known.size + 1}`;
  known.set(text, found);
  return found;
}

const clean = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function timeless(value: unknown): unknown {
  if (typeof value === 'string')
    return TIME.test(value) ? 'TIME' : /^10\.96\.\d+\.\d+$/.test(value) ? 'ADDRESS' : value;
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, timeless(item)]));
}

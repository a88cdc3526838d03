// What every write needs: the store, the time, and names for what is new.
import { isObject } from './json.ts';
import type { Kind } from './kinds.ts';
import type { Store } from './store.ts';
import type { Answer, Call, Stored } from './types.ts';

/** Who owns which field (apply.ts). */
export interface FieldOwners {
  of(object: Stored): ReadonlyMap<string, ReadonlySet<string>>;
  set(object: Stored, owners: ReadonlyMap<string, ReadonlySet<string>>): void;
  follow(write: Write, now: Stored, before: Stored | undefined): void;
}

export interface World {
  /** Versions that the next update stores anew even if it changes nothing. */
  readonly rewritten: WeakSet<Stored>;
  readonly ownership: FieldOwners;
  readonly store: Store;
  readonly now: () => number;
  readonly uid: () => string;
}

/** A write on its way: by whom, to what. */
export interface Write {
  readonly call: Call;
  readonly kind: Kind;
}

export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super('the API server refuses');
    this.answer = answer;
  }
}

/** As metav1.Time is written: whole seconds. */
export function timeOf(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Of a delete with a body only the body counts: `?dryRun=All` beside it deletes (handlers/delete.go, DeleteResource). */
export function isDryRun({ query, verb, body }: Call): boolean {
  if (verb !== 'delete' || !isObject(body)) return query['dryRun'] === 'All';
  return Array.isArray(body['dryRun']) && body['dryRun'].includes('All');
}

/** Puts it in place, unless it is a dry run. */
export function commit(world: World, { call, kind }: Write, object: Stored): Stored {
  if (isDryRun(call)) return object;
  const { namespace, name } = object.metadata;
  world.ownership.follow({ call, kind }, object, world.store.find(kind.plural, namespace, name));
  return world.store.put({ plural: kind.plural, object, actor: call.actor, call });
}

// What every write needs: the store, the time, and names for what is new.
import type { Kind } from './kinds.ts';
import type { Store } from './store.ts';
import type { Answer, Call, Stored } from './types.ts';

export interface World {
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

export const isDryRun = ({ query }: Call) => query['dryRun'] === 'All';

/** Puts it in place, unless it is a dry run. */
export function commit(world: World, { call, kind }: Write, object: Stored): Stored {
  if (isDryRun(call)) return object;
  return world.store.put({ plural: kind.plural, object, actor: call.actor, call });
}

// How an actor of the control plane reads and writes: the few shapes of requests that they all use.
//
// Reads come from the store directly, as from a watch that is up to date when the actor's turn comes; the delay before
// the turn stands for the lag of a real watch. Writes are requests like everybody's, so rules (outages, quotas) hold for
// them, and each names the UID it was decided on.

import { KIND, PLURAL } from '../../../src/api/names.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { type Outcome as Answered, callerOf } from '../server/caller.ts';
import type { SimServer } from '../server/server.ts';
import type { Raw, Stored } from '../server/types.ts';

/** done: committed, or nothing to change. gone: no such object of that UID any more. refused: try again later. */
export type Outcome = 'done' | 'gone' | 'refused';

export interface Removal {
  readonly graceSeconds?: number;
  readonly policy?: 'Background' | 'Foreground' | 'Orphan';
  readonly resourceVersion?: string;
}

export interface Hands {
  create(plural: string, object: Raw): Outcome;
  /** Replaces the object by what `change` makes of its present state; the same object back means nothing to change. */
  edit(plural: string, object: Stored, change: Edit): Outcome;
  editStatus(plural: string, object: Stored, change: Edit): Outcome;
  remove(plural: string, object: Stored, removal?: Removal): Outcome;
  editSub(plural: string, object: Stored, how: { readonly subresource: string; readonly change: Edit }): Outcome;
  /** Gives an unbound pod its node. */
  bind(pod: Stored, node: string): Outcome;
}

export type Edit = (now: Stored) => Raw;

/** Every kind that the collector and the namespace's end know. */
export const KINDS: ReadonlyMap<string, { readonly plural: string; readonly namespaced: boolean }> = new Map([
  ...Object.values(RESOURCES).map(
    ({ kind, plural, namespaced }) =>
      [kind as string, { plural: plural as string, namespaced: namespaced as boolean }] as const,
  ),
  [KIND, { plural: PLURAL, namespaced: true }] as const,
]);

export function handsOf(server: SimServer, actor: string): Hands {
  const caller = callerOf(server, actor);
  const put = (plural: string, object: Stored, how: { change: Edit; subresource?: string }): Outcome => {
    const { namespace, name, uid } = object.metadata;
    let gone = false;
    const edit = (now: Stored) => {
      gone = now.metadata.uid !== uid;
      const next = gone ? now : how.change(now);
      return next === now ? undefined : next;
    };
    const done = caller.update(plural, namespace, name, edit, how.subresource);
    return gone ? 'gone' : outcomeOf(done);
  };
  return {
    create: (plural, object) => outcomeOf(caller.create(plural, object)),
    edit: (plural, object, change) => put(plural, object, { change }),
    editSub: (plural, object, { subresource, change }) => put(plural, object, { change, subresource }),
    editStatus: (plural, object, change) => put(plural, object, { change, subresource: 'status' }),
    remove: (plural, { metadata: { namespace, name, uid } }, { graceSeconds, policy, resourceVersion } = {}) => {
      const choice = { uid, resourceVersion, gracePeriodSeconds: graceSeconds, propagationPolicy: policy };
      return outcomeOf(caller.delete(plural, namespace, name, choice));
    },
    bind: ({ metadata: { namespace = '', name, uid } }, node) => outcomeOf(caller.bind(namespace, name, uid, node)),
  };
}

/** A UID that is not the object's answers 409, as a resourceVersion does: the next look tells them apart. */
function outcomeOf(answer: Answered): Outcome {
  if (answer.ok) return 'done';
  return answer.status === 404 ? 'gone' : 'refused';
}

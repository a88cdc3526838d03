// Ends namespaces: deletes what is in one that is Terminating, and when nothing is left takes its finalizer off.
// Matches pkg/controller/namespace/deletion (Delete, deleteAllContent, finalizeNamespace).
// Lacks on purpose: the conditions that tell what remains, and the order by estimated grace: it looks again at each
// deletion instead.

import { listAt, objectAt } from '../../../src/identity/json.ts';
import type { Change, Stored } from '../server/types.ts';
import { type Hands, handsOf, KINDS } from './hands.ts';
import { isDeleting } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

export class Namespaces {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;
  readonly #ending = new Set<string>();

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'namespace-controller');
    this.#work = new Worklist(parts.timeline, 'namespace', (name) => this.#empty(name));
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, type }: Change): void => {
    const { name, namespace } = object.metadata;
    if (plural === 'namespaces') {
      if (type === 'DELETED') this.#ending.delete(name);
      else if (isDeleting(object) && !this.#ending.has(name)) {
        this.#ending.add(name);
        this.#wake(name);
      }
    } else if (type === 'DELETED' && namespace !== undefined && this.#ending.has(namespace)) this.#wake(namespace);
  };

  #wake(name: string): void {
    this.#work.add(name, draw(this.#parts.random, this.#parts.temper.reaction));
  }

  #empty(name: string): number | undefined {
    const { server, random, temper } = this.#parts;
    const namespace = server.find('namespaces', undefined, name);
    if (namespace === undefined || !isDeleting(namespace)) return undefined;
    let left = 0;
    let refused = false;
    for (const { plural, namespaced } of KINDS.values()) {
      if (!namespaced) continue;
      for (const object of server.all(plural, name)) {
        if (!isDeleting(object)) refused = this.#hands.remove(plural, object) === 'refused' || refused;
      }
      left += server.all(plural, name).length;
    }
    if (refused) return draw(random, temper.retry);
    if (left > 0) return undefined;
    const done = this.#hands.editSub('namespaces', namespace, { subresource: 'finalize', change: finalized });
    return done === 'refused' ? draw(random, temper.retry) : undefined;
  }
}

function finalized(namespace: Stored) {
  const finalizers = listAt(namespace['spec'], 'finalizers').filter((each) => each !== 'kubernetes');
  return { ...namespace, spec: { ...objectAt(namespace, 'spec'), finalizers } };
}

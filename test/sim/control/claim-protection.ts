// Takes kubernetes.io/pvc-protection off a claim being deleted as soon as no pod bound to a node names it; whether that
// pod has ended does not matter (pkg/controller/volume/pvcprotection, podUsesPVCForDeletion).
// Lacks on purpose: generic ephemeral volumes, and putting the finalizer on (the server does at creation).

import type { Change } from '../server/types.ts';
import { type Hands, handsOf } from './hands.ts';
import { claimsOf, isDeleting, keyOf, nodeOf } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { withoutFinalizer } from './volumes.ts';
import { Worklist } from './worklist.ts';

const PROTECTION = 'kubernetes.io/pvc-protection';
const CLAIMS = 'persistentvolumeclaims';

export class ClaimProtection {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'pvc-protection');
    this.#work = new Worklist(parts.timeline, 'pvc-protection', (key) => this.#release(key));
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, type }: Change): void => {
    const wake = (key: string) => this.#work.add(key, draw(this.#parts.random, this.#parts.temper.reaction));
    if (plural === CLAIMS && type !== 'DELETED' && isDeleting(object)) wake(keyOf(object));
    if (plural === 'pods' && type === 'DELETED') {
      for (const name of claimsOf(object)) wake(`${object.metadata.namespace}/${name}`);
    }
  };

  #release(key: string): number | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const claim = this.#parts.server.find(CLAIMS, namespace, name);
    if (claim === undefined || !isDeleting(claim) || claim.metadata.finalizers?.includes(PROTECTION) !== true) {
      return undefined;
    }
    const pods = this.#parts.server.all('pods', namespace);
    if (pods.some((pod) => nodeOf(pod) !== undefined && claimsOf(pod).includes(name))) return undefined;
    const outcome = this.#hands.edit(CLAIMS, claim, withoutFinalizer(PROTECTION));
    return outcome === 'refused' ? draw(this.#parts.random, this.#parts.temper.retry) : undefined;
  }
}

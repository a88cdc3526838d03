// Volumes that grow: a claim that asks for more than it has gets it after a while, in one step, or only once its file system
// was resized, which a running pod may put off; what is far too much never comes.
// Matches external-resizer and pkg/kubelet's expansion in what they write on claims (KEP-1790); lacks allocatedResources,
// quotas of storage, and resizes that need the pod to be started again: a while stands for that.

import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { amount } from '../../../src/volumes/quantity.ts';
import type { Change, Raw, Stored } from '../server/types.ts';
import { type Hands, handsOf } from './hands.ts';
import { isDeleting, keyOf, phaseOf } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';
/** No volume gets as large as this. */
const TOO_LARGE = '100Gi';
const INFEASIBLE = 'ControllerResizeInfeasible';

const sizeOf = (quantity: unknown) => amount(String(quantity ?? '')) ?? 0n;

export class Resizer {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'resizer');
    this.#work = new Worklist(parts.timeline, 'resize', (key) => this.#turn(key));
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, type }: Change): void => {
    if (plural !== CLAIMS || type === 'DELETED' || askedOf(object) === undefined) return;
    this.#work.add(keyOf(object), draw(this.#parts.random, this.#parts.temper.reaction));
  };

  #turn(key: string): number | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const claim = this.#parts.server.find(CLAIMS, namespace, name);
    const asked = claim === undefined ? undefined : askedOf(claim);
    if (claim === undefined || asked === undefined) return undefined;
    const volume = this.#parts.server.find(VOLUMES, undefined, stringAt(claim['spec'], 'volumeName') ?? '');
    if (volume === undefined) return undefined;
    const done = this.#step(claim, volume, asked);
    // Once it is refused, or has come: a later change is heard of.
    if (done === 'refused') return draw(this.#parts.random, this.#parts.temper.retry);
    return done === 'more' ? draw(this.#parts.random, [500, 90_000]) : undefined;
  }

  #step(claim: Stored, volume: Stored, asked: string): 'more' | 'refused' | 'over' {
    const { random } = this.#parts;
    if (sizeOf(asked) >= sizeOf(TOO_LARGE))
      return this.#tell(claim, { state: INFEASIBLE, type: 'ControllerResizeError' });
    const types = listAt(claim['status'], 'conditions').map((condition) => stringAt(condition, 'type'));
    if (types.includes('FileSystemResizePending')) return this.#grow(claim, asked);
    const grown = this.#hands.edit(VOLUMES, volume, (now) => ({
      ...now,
      spec: { ...objectAt(now, 'spec'), capacity: { storage: asked } },
    }));
    if (grown === 'refused') return 'refused';
    if (!types.includes('Resizing') && random.chance(0.3)) return this.#tell(claim, { type: 'Resizing' });
    if (random.chance(0.3)) return this.#tell(claim, { type: 'FileSystemResizePending' });
    return this.#grow(claim, asked);
  }

  #grow(claim: Stored, asked: string): 'refused' | 'over' {
    const done = this.#setStatus(claim, ({ conditions: _told, allocatedResourceStatuses: _state, ...status }) => ({
      ...status,
      capacity: { storage: asked },
    }));
    return done === 'refused' ? 'refused' : 'over';
  }

  #tell(
    claim: Stored,
    { type, state }: { readonly type: string; readonly state?: string },
  ): 'more' | 'refused' | 'over' {
    const conditions = [{ type, status: 'True', message: 'as the driver says' }];
    const done = this.#setStatus(claim, (status) => ({
      ...status,
      conditions,
      ...(state === undefined ? {} : { allocatedResourceStatuses: { storage: state } }),
    }));
    if (done === 'refused') return 'refused';
    return state === undefined ? 'more' : 'over';
  }

  #setStatus(claim: Stored, change: (status: Raw) => Raw) {
    return this.#hands.editStatus(CLAIMS, claim, (now) => ({ ...now, status: change(objectAt(now, 'status')) }));
  }
}

/** What a bound claim asks for, and has not; undefined when there is nothing to do. */
function askedOf(claim: Stored): string | undefined {
  if (isDeleting(claim) || phaseOf(claim) !== 'Bound') return undefined;
  const asked = stringAt(objectAt(objectAt(claim['spec'], 'resources'), 'requests'), 'storage');
  const has = objectAt(objectAt(claim, 'status'), 'capacity')['storage'];
  return asked !== undefined && sizeOf(asked) > sizeOf(has) ? asked : undefined;
}

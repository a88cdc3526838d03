// Volumes: a claim gets one of its own and is bound to it, and loses it; a volume goes with its claim.
// Matches pkg/controller/volume/persistentvolume (syncUnboundClaim, syncBoundClaim, reclaimVolume) for immediate binding
// with dynamic provisioning, and pkg/controller/volume/pvprotection.
// Lacks on purpose: growth (resizer.ts), WaitForFirstConsumer, existing volumes that would fit, attaching and detaching. A
// class whose name contains `bad` provisions nothing; volumes of a class that there is have a CSI handle, others have none.

import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import type { Change, Raw, Stored } from '../server/types.ts';
import { type Hands, handsOf } from './hands.ts';
import { isDeleting, keyOf, phaseOf } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

const PROTECTION = 'kubernetes.io/pv-protection';
const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';

export class Volumes {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #claims: Worklist;
  readonly #volumes: Worklist;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'volumes');
    this.#claims = new Worklist(parts.timeline, 'claim', (key) => this.#claim(key));
    this.#volumes = new Worklist(parts.timeline, 'volume', (name) => this.#volume(name));
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, type }: Change): void => {
    const delay = () => draw(this.#parts.random, this.#parts.temper.reaction);
    if (plural === CLAIMS) {
      if (type !== 'DELETED') this.#claims.add(keyOf(object), delay());
      const volume = stringAt(object['spec'], 'volumeName');
      if (type === 'DELETED' && volume !== undefined) this.#volumes.add(volume, delay());
    } else if (plural === VOLUMES) {
      const claim = objectAt(objectAt(object, 'spec'), 'claimRef');
      // One that comes back is its claim's again.
      if (type !== 'MODIFIED') this.#claims.add(`${stringAt(claim, 'namespace')}/${stringAt(claim, 'name')}`, delay());
      if (type !== 'DELETED') this.#volumes.add(object.metadata.name, delay());
    }
  };

  #again(refused: boolean): number | undefined {
    return refused ? draw(this.#parts.random, this.#parts.temper.retry) : undefined;
  }

  #claim(key: string): number | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const claim = this.#parts.server.find(CLAIMS, namespace, name);
    if (claim === undefined) return undefined;
    const volumeName = stringAt(claim['spec'], 'volumeName');
    const phase = phaseOf(claim);
    if (volumeName === undefined) return isDeleting(claim) ? undefined : this.#provision(claim);
    const volume = this.#parts.server.find(VOLUMES, undefined, volumeName);
    if (volume === undefined) {
      if (phase === 'Lost') return undefined;
      // syncBoundClaim: a claim that was bound to a volume that is no more.
      return this.#again(this.#setStatus(CLAIMS, claim, { phase: 'Lost' }) === 'refused');
    }
    const uid = stringAt(objectAt(objectAt(volume, 'spec'), 'claimRef'), 'uid');
    if (uid === undefined) return this.#again(this.#adopt(volume, claim) === 'refused');
    // syncUnboundClaim, syncBoundClaim: another claim has it.
    if (uid !== claim.metadata.uid) return undefined;
    if (phase === 'Bound') return undefined;
    const wanted = objectAt(objectAt(objectAt(claim, 'spec'), 'resources'), 'requests')['storage'];
    const had = objectAt(objectAt(volume, 'spec'), 'capacity')['storage'];
    const capacity = { storage: had ?? wanted };
    const accessModes = objectAt(claim, 'spec')['accessModes'];
    return this.#again(this.#setStatus(CLAIMS, claim, { phase: 'Bound', accessModes, capacity }) === 'refused');
  }

  /** A volume of its own, named after the claim's UID, so that a successor of the same name never gets the old data. */
  #provision(claim: Stored): number | undefined {
    const { namespace, name, uid } = claim.metadata;
    const spec = objectAt(claim, 'spec');
    const storageClass = stringAt(spec, 'storageClassName');
    if (storageClass?.includes('bad') === true) return undefined;
    const volumeName = `pv-${uid}`;
    const { server } = this.#parts;
    if (server.find(VOLUMES, undefined, volumeName) === undefined) {
      const made = this.#hands.create(VOLUMES, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: volumeName },
        spec: {
          accessModes: spec['accessModes'],
          capacity: { storage: objectAt(objectAt(spec, 'resources'), 'requests')['storage'] },
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
          persistentVolumeReclaimPolicy: 'Delete',
          ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
          ...(server.find('storageclasses', undefined, storageClass ?? '') === undefined
            ? { hostPath: { path: `/data/${volumeName}` } }
            : { csi: { driver: 'disks.example.com', volumeHandle: `disk-${uid}` } }),
        },
      });
      if (made !== 'done') return this.#again(true);
    }
    const volume = server.find(VOLUMES, undefined, volumeName);
    if (volume === undefined || this.#setStatus(VOLUMES, volume, { phase: 'Bound' }) === 'refused') {
      return this.#again(true);
    }
    const named = this.#hands.edit(CLAIMS, claim, (now) => ({
      ...now,
      spec: { ...objectAt(now, 'spec'), volumeName },
    }));
    return this.#again(named === 'refused');
  }

  /** A volume that names no claim, and is asked for by its name (bind): it names the claim, and the rest follows. */
  #adopt(volume: Stored, claim: Stored) {
    const { namespace, name, uid } = claim.metadata;
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
    const done = this.#hands.edit(VOLUMES, volume, (now) => ({ ...now, spec: { ...objectAt(now, 'spec'), claimRef } }));
    if (done === 'done') this.#claims.add(keyOf(claim), draw(this.#parts.random, this.#parts.temper.reaction));
    return done;
  }

  #volume(name: string): number | undefined {
    const volume = this.#parts.server.find(VOLUMES, undefined, name);
    if (volume === undefined) return undefined;
    if (isDeleting(volume)) return this.#unprotect(volume);
    const spec = objectAt(volume, 'spec');
    const ref = objectAt(spec, 'claimRef');
    const claim = this.#parts.server.find(CLAIMS, stringAt(ref, 'namespace') ?? '', stringAt(ref, 'name') ?? '');
    if (stringAt(ref, 'uid') === undefined || claim?.metadata.uid === stringAt(ref, 'uid')) return undefined;
    if (phaseOf(volume) !== 'Released') {
      return this.#again(this.#setStatus(VOLUMES, volume, { phase: 'Released' }) === 'refused');
    }
    if (stringAt(spec, 'persistentVolumeReclaimPolicy') !== 'Delete') return undefined;
    return this.#again(this.#hands.remove(VOLUMES, volume) === 'refused');
  }

  /** pkg/controller/volume/pvprotection (isBeingUsed): a bound volume stays until its claim is gone. */
  #unprotect(volume: Stored): number | undefined {
    const { finalizers = [] } = volume.metadata;
    if (!finalizers.includes(PROTECTION) || phaseOf(volume) === 'Bound') return undefined;
    return this.#again(this.#hands.edit(VOLUMES, volume, withoutFinalizer(PROTECTION)) === 'refused');
  }

  #setStatus(plural: string, object: Stored, fields: Raw) {
    return this.#hands.editStatus(plural, object, (now) => ({
      ...now,
      status: { ...objectAt(now, 'status'), ...fields },
    }));
  }
}

export function withoutFinalizer(finalizer: string): (now: Stored) => Raw {
  return (now) => {
    const finalizers = listAt(now['metadata'], 'finalizers').filter((each) => each !== finalizer);
    return { ...now, metadata: { ...now.metadata, finalizers } };
  };
}

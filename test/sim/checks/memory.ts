// What a process can remember of pods: those that it was ever told of, by a watch or an answer, and those that a ledger
// named to it. Nothing is forgotten here, as the operator has to keep it for as long as a kubelet may need (R1).

import { listAt } from '../../../src/identity/json.ts';
import type { Stored } from '../server/types.ts';
import { fieldOf } from './facts.ts';

export class Memory {
  readonly #uids = new Set<string>();
  readonly #named = new Set<string>();
  /** Of each app, by UID: the members' pods of which its ledger spoke when the process was first told of it. */
  readonly #firstTold = new Map<string, ReadonlySet<unknown>>();

  /** The process was told of this object, whatever it is. */
  learn(object: Stored): void {
    const { uid, namespace = '' } = object.metadata;
    this.#uids.add(uid);
    const status = object['status'];
    // Another app's ledger, restored or copied, says nothing.
    const members = fieldOf(status, 'appUID') === uid ? listAt(status, 'members') : [];
    for (const member of members) for (const mark of marksOf(member, namespace)) this.#named.add(mark);
    if (!this.#firstTold.has(uid)) this.#firstTold.set(uid, new Set(members.map((member) => fieldOf(member, 'pod'))));
  }

  /** Before it wrote any by itself. */
  hadEntry(appUid: string, pod: string): boolean {
    return this.#firstTold.get(appUid)?.has(pod) === true;
  }

  hasSeen({ metadata }: Stored): boolean {
    return this.hasHeardOf(metadata.uid);
  }

  hasHeardOf(uid: string): boolean {
    return this.#uids.has(uid);
  }

  /** A ledger that was told to it names this pod, or says that a stranger's pod has its name. */
  wasNamed({ metadata: { uid, namespace = '', name } }: Stored): boolean {
    return this.#named.has(uid) || this.#named.has(`${namespace}/${name}`);
  }
}

/** By what a ledger's entry tells of a pod: its UID, or of a stranger's only the name. */
export function marksOf(member: unknown, namespace: string): readonly string[] {
  const [uid, pod] = [fieldOf(member, 'podUID'), fieldOf(member, 'pod')];
  const isTaken = fieldOf(member, 'state') === 'NameTaken';
  return [
    ...(typeof uid === 'string' ? [uid] : []),
    ...(isTaken && typeof pod === 'string' ? [`${namespace}/${pod}`] : []),
  ];
}

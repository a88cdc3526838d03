// What no commit at the server may be: R5, R8 and R11 of safety.md, judged by what the server holds, whatever an operator
// believed. Late writes arrive here, too.

import { KIND, LABEL } from '../../../src/api/names.ts';
import type { Change, Owner, Stored } from '../server/types.ts';
import type { Endings } from './endings.ts';
import { controllerOf, fieldOf, isDeleting } from './facts.ts';
import { Records } from './records.ts';

export interface CommitCheck {
  /** What is wrong with a change, if anything is. */
  judge(change: Change): { readonly rule: string; readonly what: string } | undefined;
}

export interface Watched {
  /** Tells an operator's name from the other actors'. */
  readonly isOperator: (actor: string) => boolean;
  readonly now: () => number;
  readonly endings: Endings;
}

export function commitCheck({ isOperator, now, endings }: Watched): CommitCheck {
  /** Every UID that an app ever had: an owner that the operator may speak for. */
  const apps = new Set<string>();
  const records = new Records(isOperator, now);
  let leaseChangedAtMs = 0;
  return {
    judge(change) {
      const { plural, object, before, actor, type } = change;
      if (plural === 'leases') {
        const sinceMs = now() - leaseChangedAtMs;
        leaseChangedAtMs = now();
        if (isOperator(actor) && before !== undefined && isTaken(change, before, sinceMs))
          return { rule: 'R9', what: `${actor} takes a Lease that changed ${sinceMs} ms ago` };
      }
      if (plural === 'statefulapps') apps.add(object.metadata.uid);
      const ending = endings.judge(change);
      if (ending !== undefined)
        return { rule: 'R5', what: `${actor} ${type} ${plural} ${object.metadata.name}: ${ending}` };
      const record = records.judge(change);
      if (record !== undefined)
        return { rule: 'R12', what: `${actor} ${type} ${plural} ${object.metadata.name}: ${record}` };
      if (!isOperator(actor) || before === undefined) return undefined;
      const title = `${actor} ${type} ${plural} ${object.metadata.name}`;
      const foreign = stranger(change, before, apps);
      if (foreign !== undefined) return { rule: 'R8', what: `${title}: ${foreign}` };
      const back = setBack(change, before);
      return back === undefined ? undefined : { rule: 'R11', what: `${title}: ${back}` };
    },
  };
}

function stranger({ plural, object, type }: Change, before: Stored, apps: ReadonlySet<string>): string | undefined {
  if (plural === 'leases' || plural === 'events' || plural === 'statefulapps') return undefined;
  const owner = controllerOf(before);
  const removed = plural === 'controllerrevisions' ? type === 'DELETED' : !isDeleting(before) && isDeleting(object);
  if (['pods', 'controllerrevisions'].includes(plural) && owner === undefined && removed) return 'it has no owner';
  const isOurs = owner === undefined || (owner.kind === KIND && apps.has(owner.uid));
  if (!isOurs && !(plural === 'persistentvolumeclaims' && isKinOf(object, owner)))
    return `it belongs to ${owner.kind} ${owner.name}`;
  if (plural === 'persistentvolumeclaims') {
    const label = before.metadata.labels?.[LABEL.app];
    const after = object.metadata.labels?.[LABEL.app];
    if (label !== undefined && label !== after) return `it is stamped by app ${label}`;
    if (after !== undefined && !new RegExp(`-${after}-\\d+$`).test(object.metadata.name))
      return `no claim of ${after} has this name`;
  }
  return undefined;
}

/** A claim's member, with which it ends; or a former app of its app's name, whatever UID hands gave that (seed 99). */
function isKinOf({ metadata: { name, labels } }: Stored, owner: Owner): boolean {
  return owner.kind === 'Pod'
    ? name.endsWith(`-${owner.name}`)
    : owner.kind === KIND && owner.name === labels?.[LABEL.app];
}

function setBack({ plural, object }: Change, before: Stored): string | undefined {
  if (plural !== 'statefulapps') return undefined;
  const was = fieldOf(before, 'status', 'observedGeneration');
  const is = fieldOf(object, 'status', 'observedGeneration');
  const sameApp = fieldOf(before, 'status', 'appUID') === object.metadata.uid;
  if (!sameApp || typeof was !== 'number' || typeof is !== 'number' || is >= was) return undefined;
  return `observedGeneration goes back from ${was} to ${is}`;
}

/** From whoever held it, before it had stood still for as long as it is granted. */
function isTaken({ actor }: Change, before: Stored, sinceMs: number): boolean {
  const holder = fieldOf(before, 'spec', 'holderIdentity');
  const seconds = fieldOf(before, 'spec', 'leaseDurationSeconds');
  return holder !== '' && holder !== actor && typeof seconds === 'number' && sinceMs < seconds * 1000;
}

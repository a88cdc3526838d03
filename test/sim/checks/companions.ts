// Claims that were made together say so on each other (R12): where one is there and another is not, that other is lost, and
// is not to be made anew. Followed at each commit, since a ledger that announces a claim hides that it ever was there.

import { ANNOTATION } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Member } from '../../../src/api/status.ts';
import type { Change, Stored } from '../server/types.ts';
import { fieldOf, isDeleting } from './facts.ts';
import { asks } from './given.ts';

interface Teller {
  readonly claim: Stored;
  readonly sinceMs: number;
}

export class Companions {
  /** Since when a bound claim has said of itself, without a break, whose it is and what was made with it. */
  readonly #tellers = new Map<string, Teller>();

  hear({ object, type }: Change, nowMs: number): void {
    const { name, uid, annotations } = object.metadata;
    const known = this.#tellers.get(name)?.claim;
    const isBound = typeof fieldOf(object, 'spec', 'volumeName') === 'string' && !isDeleting(object);
    if (type === 'DELETED' || !isBound || annotations?.[ANNOTATION.siblings] === undefined) this.#tellers.delete(name);
    else if (known?.metadata.uid !== uid || stampsOf(known) !== stampsOf(object))
      this.#tellers.set(name, { claim: object, sinceMs: nowMs });
  }

  /** What is wrong with an entry that calls claims yet to be made, by all versions of the app that it may rest on. */
  wronglyMade(
    apps: readonly StatefulApp[],
    change: { readonly entry: Member; readonly was: Member | undefined; readonly beforeMs: number },
  ): string | undefined {
    if (apps.some(({ spec }) => spec.volumeLossPolicy === 'Recreate')) return undefined;
    const { entry, was, beforeMs } = change;
    const known = new Set(was?.claims?.map(({ name }) => name));
    for (const { name, uid } of entry.claims ?? []) {
      if (uid !== undefined || known.has(name)) continue;
      const mate = apps.flatMap(({ metadata }) => {
        const told = this.#mateOf(name, { app: metadata.name, appUid: metadata.uid, ordinal: entry.ordinal });
        return told !== undefined && told.sinceMs < beforeMs ? [told.claim.metadata] : [];
      })[0];
      if (mate !== undefined && !apps.some((app) => asks(app, 'accept', `${name}=${mate.uid}`)))
        return `claim ${name} is to be made, and ${mate.name}, which is there, was made together with it`;
    }
    return undefined;
  }

  #mateOf(
    claim: string,
    { app, appUid, ordinal }: { readonly app: string; readonly appUid: string; readonly ordinal: number },
  ): Teller | undefined {
    const suffix = `-${app}-${ordinal}`;
    const template = claim.slice(0, -suffix.length);
    return [...this.#tellers.values()].find(({ claim: { metadata } }) => {
      const { name, annotations = {} } = metadata;
      const isTheirs = annotations[ANNOTATION.appUid] === appUid && annotations[ANNOTATION.ordinal] === String(ordinal);
      const isMate = annotations[ANNOTATION.siblings]?.split(',').includes(template) === true;
      return name !== claim && name.endsWith(suffix) && isTheirs && isMate;
    });
  }
}

const stampsOf = ({ metadata: { annotations = {} } }: Stored) =>
  [ANNOTATION.appUid, ANNOTATION.ordinal, ANNOTATION.siblings].map((key) => annotations[key]).join(' ');

// R5 over a whole run, by what the server holds: no claim ends by the operator's doing, or as garbage by an owner that it
// set, unless a policy covered that; and what was scaled down under whenScaled Delete is not forgotten. Late writes arrive
// here, too: a policy covers what it covered a little before.

import type { StatefulApp } from '../../../src/api/schema.ts';
import { listAt } from '../../../src/identity/json.ts';
import { readVolume } from '../../../src/volumes/volume-view.ts';
import type { SimServer } from '../server/server.ts';
import type { Change, Stored } from '../server/types.ts';
import { appOf, fieldOf, isDeleting, phaseOf, wantedOf } from './facts.ts';
import { asks } from './given.ts';
import { isKin, keeperIn, ownersOf, podIn, servedIn } from './keepers.ts';

/** Another disk is behind it than the ledger names: what is on it is nobody's to delete. */
function isDoubtful(server: SimServer, { status }: StatefulApp, name: string): boolean {
  const recorded = status?.members?.flatMap(({ claims = [] }) => claims).find((claim) => claim.name === name);
  const volume = server.all('persistentvolumes').find(({ metadata }) => metadata.name === recorded?.volume);
  return recorded?.disk !== undefined && volume !== undefined && readVolume(volume).disk !== recorded.disk;
}

/** How late a write may arrive that was decided on before. */
const LATEST_MS = 90_000;

interface Version {
  readonly app: StatefulApp;
  /** When it came to be the present one. */
  readonly atMs: number;
}

/** A claim that the ledger named when its member was not wanted any more, under whenScaled Delete. */
interface Promised {
  readonly app: string;
  readonly ordinal: number;
  readonly claim: string;
}

export class Endings {
  readonly #isOperator: (actor: string) => boolean;
  readonly #now: () => number;
  readonly #versions = new Map<string, Version[]>();
  /** Owners that an operator set: "claim UID/owner UID". */
  readonly #set = new Set<string>();
  /** Claims that ended as a policy says, by UID, with the UID of the app that they served. */
  readonly #ended = new Map<string, string>();
  readonly #promised = new Map<string, Promised>();

  constructor(isOperator: (actor: string) => boolean, now: () => number) {
    this.#isOperator = isOperator;
    this.#now = now;
  }

  /** What is wrong with a change, if anything is. */
  judge(change: Change): string | undefined {
    if (change.plural === 'statefulapps') return this.#app(change);
    return change.plural === 'persistentvolumeclaims' ? this.#claim(change) : undefined;
  }

  /** Claims that were to go with their members, and are there. */
  leftIn(server: SimServer): readonly string[] {
    const claims = new Map(server.all('persistentvolumeclaims').map((claim) => [claim.metadata.uid, claim]));
    const apps = new Map(server.all('statefulapps').map((app) => [app.metadata.uid, app]));
    return [...this.#promised.entries()].flatMap(([uid, { app: owner, ordinal, claim: name }]) => {
      const [claim, object] = [claims.get(uid), apps.get(owner)];
      const app = object === undefined ? null : appOf(object);
      if (claim === undefined || app === null || this.#isStray({ app: owner }, claim)) return [];
      if (isDoubtful(server, app, name)) return [];
      // A stranger's pod under the member's name may run on it.
      if (server.find('pods', app.metadata.namespace, `${app.metadata.name}-${ordinal}`) !== undefined) return [];
      return [`claim ${name} of ordinal ${ordinal}, which is not wanted, is left under whenScaled Delete`];
    });
  }

  #app({ object, before, type, actor }: Change): string | undefined {
    const { uid } = object.metadata;
    const app = appOf(object);
    if (app === null) return undefined;
    const versions = this.#versions.get(uid) ?? [];
    versions.push({ app, atMs: this.#now() });
    this.#versions.set(uid, versions);
    const former = before === undefined ? null : appOf(before);
    if (type === 'DELETED' || isDeleting(object)) this.#forget((one) => one.app === uid);
    else if (former !== null) this.#promise(former, app, actor);
    return this.#isOperator(actor) ? this.#heldBack(object) : undefined;
  }

  /** What the ledger names when its member stops to be wanted, as long as the policy and the ledger stay. */
  #promise(former: StatefulApp, app: StatefulApp, actor: string): void {
    const { uid } = app.metadata;
    const wanted = new Set(wantedOf(app));
    const isKept = app.spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Retain';
    this.#forget((one) => one.app === uid && (isKept || wanted.has(one.ordinal)));
    const named = (claim: string) => listAt(app.status, 'members').some((entry) => namesOf(entry).has(claim));
    if (!this.#isOperator(actor)) this.#forget((one, claim) => one.app === uid && !named(claim));
    if (isKept || app.status?.appUID !== uid) return;
    for (const ordinal of wantedOf(former).filter((one) => !wanted.has(one))) {
      const entry = app.status.members?.find((member) => member.ordinal === ordinal);
      for (const claim of entry?.claims ?? [])
        if (claim.uid !== undefined) this.#promised.set(claim.uid, { app: uid, ordinal, claim: claim.name });
    }
  }

  #forget(is: (one: Promised, claim: string) => boolean): void {
    for (const [claim, one] of this.#promised) if (is(one, claim)) this.#promised.delete(claim);
  }

  /** Nobody is to answer for a volume that went as it was asked for. */
  #heldBack(object: Stored): string | undefined {
    const members = listAt(object['status'], 'members');
    const held = members.find((member) => {
      const message = String(fieldOf(member, 'message') ?? '');
      const uid = /\(recorded UID ([^)]+)\)/.exec(message)?.[1] ?? '';
      return fieldOf(member, 'state') === 'VolumeAtRisk' && this.#ended.get(uid) === object.metadata.uid;
    });
    return held === undefined
      ? undefined
      : `member ${fieldOf(held, 'ordinal')} is held back for a claim that ended by the policy`;
  }

  #claim({ object, before, type, actor }: Change): string | undefined {
    const { uid } = object.metadata;
    const promised = this.#promised.get(uid);
    // Whoever meddles with it takes it upon himself.
    if (promised !== undefined && type === 'MODIFIED' && this.#isStray(promised, object)) this.#promised.delete(uid);
    if (type !== 'DELETED' && this.#isOperator(actor)) {
      const known = new Set(before === undefined ? [] : ownersOf(before).map((owner) => owner.uid));
      for (const owner of ownersOf(object).filter((one) => !known.has(one.uid))) {
        this.#set.add(`${uid}/${owner.uid}`);
        const wrong = this.#isCovered(object, owner.kind === 'Pod' ? 'pod' : 'app', owner.uid)
          ? undefined
          : `it is given to ${owner.kind} ${owner.name}, and its app did not ask for that`;
        if (wrong !== undefined) return wrong;
      }
    }
    const ends = type === 'DELETED' || (before !== undefined && isDeleting(object));
    return !ends || (before !== undefined && isDeleting(before)) ? undefined : this.#end(before ?? object, actor);
  }

  #isStray({ app }: Pick<Promised, 'app'>, claim: Stored): boolean {
    const version = this.#versions.get(app)?.at(-1)?.app;
    if (version === undefined || phaseOf(claim) === 'Lost') return true;
    // Garbage collection leaves alone what has another owner that is alive.
    const isOurs = isKin(version, podIn(version.metadata.name, claim.metadata.name)?.pod ?? '');
    return servedIn(version, claim) === undefined || !ownersOf(claim).every(isOurs);
  }

  #end(claim: Stored, actor: string): string | undefined {
    const { uid } = claim.metadata;
    if (this.#isOperator(actor)) {
      this.#hasEnded(claim);
      return this.#isCovered(claim, 'pod') || this.#isRebuilt(claim)
        ? undefined
        : 'the operator deletes it, and its app did not ask for that';
    }
    const ours = ownersOf(claim).filter((owner) => this.#set.has(`${uid}/${owner.uid}`));
    // With an app that is gone it ended for that one, and not for its successor.
    if (actor === 'garbage-collector' && ours.some(({ kind }) => kind === 'Pod')) this.#hasEnded(claim);
    return undefined;
  }

  /** One without our stamps is nobody's to give back: it may have lost them when its member was wanted again. */
  #hasEnded(claim: Stored): void {
    for (const [uid, versions] of this.#versions) {
      const app = versions.at(-1)?.app;
      if (app !== undefined && servedIn(app, claim) !== undefined) this.#ended.set(claim.metadata.uid, uid);
    }
  }

  /** Whether its app asked a little ago to have it made anew. */
  #isRebuilt({ metadata: { name, uid } }: Stored): boolean {
    const since = this.#now() - LATEST_MS;
    return [...this.#versions.values()].some((versions) =>
      versions.some(
        ({ app }, index) =>
          (versions[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= since && asks(app, 'rebuild', `${name}=${uid}`),
      ),
    );
  }

  /** Whether some version of the app that was the present one a little ago gives the claim to that keeper. */
  #isCovered(claim: Stored, keeper: 'pod' | 'app', owner?: string): boolean {
    const since = this.#now() - LATEST_MS;
    for (const [uid, versions] of this.#versions) {
      if (keeper === 'app' && uid !== owner) continue;
      const recent = versions.filter((_, index) => (versions[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= since);
      const gives = recent.some(({ app }) => {
        const ordinal = servedIn(app, claim);
        return ordinal !== undefined && keeperIn(app, ordinal) === keeper;
      });
      if (gives) return true;
    }
    return false;
  }
}

const namesOf = (entry: unknown): ReadonlySet<unknown> =>
  new Set(listAt(entry, 'claims').map((claim) => fieldOf(claim, 'uid')));

// Pods whose objects are gone while their containers may run, and who can know of them: what nobody could know is excused
// (R1, docs/adr/0005). It is judged when another pod of the name is made, for the very process that makes it.
//
// Known is: what the process was told of since it began; what a ledger that was told to it named; and a claim of the member
// that was there before the process: then a pod may have been, too, which stops within the grace period of its app. Unless
// the ledger had an entry for the member when it was first told to the process: it is believed, and whoever made a pod and died before the next status was
// written has left none.

import { listAt } from '../../../src/identity/json.ts';
import { claimsOf } from '../control/reading.ts';
import type { SimServer } from '../server/server.ts';
import type { Call, Change, Stored } from '../server/types.ts';
import { controllerOf, fieldOf } from './facts.ts';
import type { Knowledge } from './knowledge.ts';
import { marksOf } from './memory.ts';

interface Bygone {
  readonly pod: Stored;
  readonly atMs: number;
  /** A ledger that was stored then names it: who reads that ledger knows of it. */
  readonly isNamed: boolean;
}

interface Attempt {
  readonly call: Call;
  readonly maker: Knowledge;
  readonly atMs: number;
}

/** A create that has not arrived by then never will. */
const LATEST_MS = 90_000;

export class Bygones {
  readonly #server: SimServer;
  readonly #now: () => number;
  readonly #all = new Map<string, Bygone[]>();
  /** When each claim was made; its own timestamp has only seconds. */
  readonly #claims = new Map<string, number>();
  readonly #attempts = new Map<string, Attempt[]>();

  constructor(server: SimServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  hear({ plural, type, object, actor }: Change): void {
    const { uid } = object.metadata;
    if (plural === 'persistentvolumeclaims' && type === 'ADDED') this.#claims.set(uid, this.#now());
    if (plural !== 'pods' || type !== 'DELETED' || actor.startsWith('kubelet')) return;
    const key = keyOf(object);
    const bygone = { pod: object, atMs: this.#now(), isNamed: this.#isNamed(object) };
    this.#all.set(key, [...(this.#all.get(key) ?? []), bygone]);
  }

  /** A process sends this: it may arrive late, when another one has its name. */
  sent(maker: Knowledge, call: Call): undefined {
    const { verb, plural, namespace = '', body } = call;
    if (verb !== 'create' || plural !== 'pods') return undefined;
    const key = `${namespace}/${String(fieldOf(body, 'metadata', 'name'))}`;
    this.#attempts.set(key, [...(this.#attempts.get(key) ?? []), { maker, call, atMs: this.#now() }]);
    return undefined;
  }

  /** UIDs of former pods of the name that none of the processes which may have made this one can know of. */
  unknownTo(actor: string, made: Stored): readonly string[] {
    const attempts = this.#attempts.get(keyOf(made)) ?? [];
    const since = this.#now() - LATEST_MS;
    const makers = attempts
      .filter(({ maker, atMs }) => maker.host.name === actor && atMs >= since)
      .filter(({ maker, call }) => !maker.hasAnswer(call))
      .map(({ maker }) => maker);
    this.#attempts.delete(keyOf(made));
    const former = this.#all.get(keyOf(made)) ?? [];
    return former
      .filter((bygone) => !makers.some((maker) => this.#knows(maker, bygone, made)))
      .map(({ pod }) => pod.metadata.uid);
  }

  /** UIDs of those that were bound to a node: its kubelet may not have heard yet that they are gone. */
  boundTo(node: string): readonly string[] {
    const all = [...this.#all.values()].flat().map(({ pod }) => pod);
    return all.filter((pod) => fieldOf(pod, 'spec', 'nodeName') === node).map(({ metadata }) => metadata.uid);
  }

  #knows({ memory, host }: Knowledge, { pod, atMs, isNamed }: Bygone, made: Stored): boolean {
    if (memory.hasSeen(pod) || (isNamed && memory.wasNamed(pod))) return true;
    if (memory.hadEntry(controllerOf(made)?.uid ?? '', made.metadata.name)) return false;
    return atMs <= host.bootMs && graceOf(pod) <= graceOf(made) && this.#hadClaim(made, host.bootMs);
  }

  #hadClaim(made: Stored, atMs: number): boolean {
    const { namespace } = made.metadata;
    return claimsOf(made).some((name) => {
      const claim = this.#server.find('persistentvolumeclaims', namespace, name);
      return claim !== undefined && (this.#claims.get(claim.metadata.uid) ?? atMs) < atMs;
    });
  }

  #isNamed({ metadata: { namespace = '', name, uid } }: Stored): boolean {
    const apps = this.#server.all('statefulapps', namespace);
    const marks = apps.flatMap((app) => listAt(app['status'], 'members').flatMap((one) => marksOf(one, namespace)));
    return marks.includes(uid) || marks.includes(`${namespace}/${name}`);
  }
}

const keyOf = ({ metadata }: Stored) => `${metadata.namespace ?? ''}/${metadata.name}`;

const graceOf = (pod: Stored) => Number(fieldOf(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30);

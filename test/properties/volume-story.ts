// One app whose ordinals, policies, claims and requests change, each time carried out until it rests. Beside it is a list of
// what was lost, made from what was done to the world and never from the ledger; whatever is done is held against it.
// Lacks disks behind a volume and claims in every state (small-scope-*.test.ts).

import { expect } from 'vitest';
import { enumerate, type OrdinalSpec, wantedRanges } from '../../src/identity/ordinals.ts';
import { readPod } from '../../src/identity/pod-view.ts';
import type { Action } from '../../src/plan/types.ts';
import { type ClaimView, readClaim } from '../../src/volumes/claim-view.ts';
import { carryOut } from '../plan/carry-out.ts';
import { type Raw, rawClaim } from '../plan/objects.ts';
import { type World, world } from '../plan/world.ts';

export const VOLUMES = ['data', 'wal'];

export interface Policies {
  readonly volumeLossPolicy: 'Block' | 'Recreate';
  readonly whenScaled: 'Retain' | 'Delete';
  readonly whenDeleted: 'Retain' | 'Delete';
  readonly podManagementPolicy: 'OrderedReady' | 'Parallel';
}

export type Event =
  | { readonly is: 'nothing' | 'the status is lost' }
  | { readonly is: 'lose' | 'restore'; readonly claim: string }
  | { readonly is: 'rebuild' | 'accept'; readonly claim: string; readonly uid: 'right' | 'former' };

export interface Step {
  readonly ordinals: OrdinalSpec;
  readonly policies: Policies;
  readonly event: Event;
}

const ordinalOf = (name: string) => Number(name.slice(name.lastIndexOf('-') + 1));
const siblingOf = (name: string) => name.replace(/^\w+/, (volume) => VOLUMES.find((one) => one !== volume) ?? '');
const claimsOf = ({ claims }: World): ReadonlyMap<string, ClaimView> =>
  new Map([...claims].map(([name, raw]) => [name, readClaim(raw)]));

/** What was done to one app so far, beside what is there. */
export class Story {
  readonly seen: World = world({ app: { replicas: 0, volumes: VOLUMES } });
  /** UIDs of claims that were lost while their member was wanted, and that nobody has given up since. */
  readonly lost = new Map<string, string>();
  /** Claims that were lost, and that are not there again. */
  readonly #missing = new Set<string>();
  /** Members that had a pod at rest, and have been wanted ever since: the ledger tells of them. */
  #known: ReadonlySet<number> = new Set();
  /** Members whose claims were announced to end with them: the ledger protects them no more. */
  #givenUp: ReadonlySet<number> = new Set();
  #wanted: readonly number[] = [];
  #policies: Policies | null = null;
  #annotations: Readonly<Record<string, string>> = {};

  take({ ordinals: asked, policies: given, event: what }: Step): void {
    this.#wanted = enumerate(wantedRanges(asked));
    this.#policies = given;
    this.#annotations = {};
    this.#befall(what);
    const { replicas, ...rest } = asked;
    const { whenScaled, whenDeleted, ...more } = given;
    const { generation, ...metadata } = this.seen.app['metadata'] as Raw;
    this.seen.app = {
      ...this.seen.app,
      metadata: { ...metadata, generation: Number(generation) + 1, annotations: this.#annotations },
      spec: {
        ...(this.seen.app['spec'] as Raw),
        ...more,
        replicas,
        ordinals: rest,
        persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted },
      },
    };
    this.#rest();
  }

  #befall(what: Event): void {
    switch (what.is) {
      case 'nothing':
        return;
      case 'the status is lost':
        delete this.seen.app['status'];
        this.#known = new Set();
        this.#forget();
        return;
      case 'lose':
        this.#lose(what.claim);
        return;
      case 'restore':
        this.#restore(what.claim);
        return;
      default:
        this.#ask(what);
    }
  }

  /** By force, with its pod. */
  #lose(name: string): void {
    const view = claimsOf(this.seen).get(name);
    if (view === undefined) return;
    this.seen.claims.delete(name);
    this.#stop(`web-${ordinalOf(name)}`);
    this.lost.set(name, view.uid);
    this.#missing.add(name);
    this.#forget();
  }

  /** Of a member that no ledger tells of, only a sibling that is there says what was made with it. */
  #forget(): void {
    for (const name of this.lost.keys()) {
      const isTold = this.#known.has(ordinalOf(name)) || this.seen.claims.has(siblingOf(name));
      if (!isTold || this.#givenUp.has(ordinalOf(name))) this.lost.delete(name);
    }
  }

  #stop(pod: string): void {
    const raw = this.seen.pods.get(pod);
    if (raw === undefined) return;
    const { uid } = readPod(raw);
    this.seen.pods.delete(pod);
    this.seen.endings.set(pod, { pod, uid, node: 'node-a', how: 'stopped', atMs: this.seen.nowMs, graceSeconds: 30 });
  }

  /** From a backup, bound to the volume that it had. */
  #restore(name: string): void {
    if (!this.#missing.delete(name)) return;
    this.lost.delete(name);
    // It says that it was made with its sibling, however that went.
    if (!this.seen.claims.has(siblingOf(name))) this.#missing.add(siblingOf(name));
    const [volume = ''] = name.split('-');
    this.seen.claims.set(name, rawClaim({ volume, ordinal: ordinalOf(name), state: 'Restored', siblings: VOLUMES }));
  }

  #ask({ is, claim: name, uid }: Event & { readonly is: 'rebuild' | 'accept' }): void {
    const there = claimsOf(this.seen);
    const isAccepted = is === 'accept';
    const right = isAccepted ? (this.lost.get(name) ?? there.get(name)?.uid) : there.get(name)?.uid;
    const asked = uid === 'right' ? `${name}=${right ?? 'none'}` : `${name}=former`;
    // Of a claim that no ledger names, its sibling's UID is asked for.
    const more = isAccepted && uid === 'right' ? `, ${name}=${there.get(siblingOf(name))?.uid ?? 'none'}` : '';
    this.#annotations = { [`statefulapp.dev/${isAccepted ? 'accept-volume-loss' : 'rebuild'}`]: asked + more };
  }

  #rest(): void {
    for (let round = 0; round < 20; round += 1) {
      const before = claimsOf(this.seen);
      const { actions, last } = carryOut(this.seen);
      this.#judge(before, actions);
      if (this.#collect()) continue;
      const isWhole = this.#wanted.every((ordinal) =>
        VOLUMES.every((one) => !this.#missing.has(`${one}-web-${ordinal}`)),
      );
      if (isWhole) expect(last.waits).toEqual([]);
      this.#settle(isWhole);
      return;
    }
    throw new Error('garbage collection never ends');
  }

  /** What follows from the actions alone. */
  #judge(before: ReadonlyMap<string, ClaimView>, actions: readonly Action[]): void {
    const { whenScaled, volumeLossPolicy } = this.#policies ?? {};
    const gone = new Set<string>();
    for (const action of actions) {
      if (action.type === 'deleteClaim' && action.because === 'rebuild') {
        expect(this.#annotations['statefulapp.dev/rebuild']).toBe(`${action.name}=${action.uid}`);
        expect(this.#wanted).toContain(action.ordinal);
        // With it goes what said that another one was there.
        if (!this.#known.has(action.ordinal)) this.lost.delete(siblingOf(action.name));
      } else if (action.type === 'deleteClaim' || (action.type === 'keepClaim' && action.keeper === 'pod')) {
        expect([whenScaled, this.#wanted.includes(action.ordinal)]).toEqual(['Delete', false]);
      }
      if (action.type === 'deleteClaim') gone.add(action.uid);
      if (action.type === 'createPod')
        for (const name of this.#mounts(action)) expect(ordinalOf(name)).toBe(action.ordinal);
      if (action.type !== 'createClaim') continue;
      const { name } = action.object.metadata;
      const accepted = this.#annotations['statefulapp.dev/accept-volume-loss']?.startsWith(`${name}=`) === true;
      if (this.lost.has(name)) expect([name, volumeLossPolicy === 'Recreate' || accepted]).toEqual([name, true]);
      this.lost.delete(name);
      this.#missing.delete(name);
    }
    const after = claimsOf(this.seen);
    for (const [name, { uid }] of before) if (!gone.has(uid)) expect([name, after.get(name)?.uid]).toEqual([name, uid]);
  }

  #mounts({ object }: Action & { readonly type: 'createPod' }): readonly string[] {
    return readPod(object).claims;
  }

  /** What belongs to a pod that is gone goes; only what the policy has given to a pod can. */
  #collect(): boolean {
    const pods = new Set([...this.seen.pods.values()].map((raw) => readPod(raw).uid));
    const left = [...claimsOf(this.seen).values()].filter(
      ({ controller }) => controller?.kind === 'Pod' && !pods.has(controller.uid),
    );
    for (const { name } of left) {
      expect([name, this.#wanted.includes(ordinalOf(name))]).toEqual([name, false]);
      this.seen.claims.delete(name);
    }
    return left.length > 0;
  }

  /** What is so at rest. */
  #settle(isWhole: boolean): void {
    const claims = claimsOf(this.seen);
    const names = this.#wanted.map((ordinal) => `web-${ordinal}`);
    // Who waits for a lost volume keeps others from being removed.
    if (isWhole) expect([...this.seen.pods.keys()].sort()).toEqual([...names].sort());
    for (const [pod, raw] of this.seen.pods) {
      const stamped = readPod(raw).claims.map((name) => [name, claims.get(name)?.ordinal]);
      expect(stamped).toEqual(VOLUMES.map((volume) => [`${volume}-${pod}`, String(ordinalOf(pod))]));
    }
    const isKnown = (ordinal: number) => this.#known.has(ordinal) || this.seen.pods.has(`web-${ordinal}`);
    this.#known = new Set(this.#wanted.filter(isKnown));
    const left = [...this.seen.pods.keys()].map(ordinalOf).filter((ordinal) => !this.#wanted.includes(ordinal));
    this.#givenUp = new Set(this.#policies?.whenScaled === 'Delete' ? left : []);
    this.#forget();
  }
}

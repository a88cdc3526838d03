// What operators commit on ledgers and claims (R12, R8), by what the server holds and held: a disk is recorded that the claim's
// volume had, and the protection of a recorded one ends only by policy, by a request that names it, or with its member; a
// request that was spent on a disk behind the same claim gives no second one away. On claims only what templates say is set,
// and only what came from templates is taken off.

import { ANNOTATION } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Member, MemberClaim } from '../../../src/api/status.ts';
import type { Change, Stored } from '../server/types.ts';
import { Companions } from './companions.ts';
import { diskOf } from './disks.ts';
import { appOf, fieldOf, wantedOf } from './facts.ts';
import { followsTemplates } from './followed.ts';
import { asks } from './given.ts';

/** How late a write may arrive that was decided on before. */
const LATEST_MS = 90_000;

interface Version {
  readonly app: StatefulApp;
  readonly atMs: number;
}

const isGiven = (app: StatefulApp, claim: MemberClaim, uids: readonly (string | undefined)[]) =>
  uids.some((uid) => asks(app, 'rebuild', `${claim.name}=${uid}`));

export class Records {
  readonly #isOperator: (actor: string) => boolean;
  readonly #now: () => number;
  readonly #versions = new Map<string, Version[]>();
  /** All disks that a volume of this name ever had, and all volumes that a claim of this UID was bound to. */
  readonly #disks = new Map<string, Set<string>>();
  readonly #volumes = new Map<string, Set<string>>();
  readonly #companions = new Companions();
  /** Requests by which another disk behind the same claim was accepted: "app UID/claim=uid". */
  readonly #spent = new Set<string>();

  constructor(isOperator: (actor: string) => boolean, now: () => number) {
    this.#isOperator = isOperator;
    this.#now = now;
  }

  /** What is wrong with a change, if anything is. */
  judge(change: Change): string | undefined {
    const { plural, object, before, actor, type } = change;
    if (plural === 'persistentvolumes') add(this.#disks, object.metadata.name, diskOf(object));
    if (plural === 'persistentvolumeclaims') {
      const volume = fieldOf(object, 'spec', 'volumeName');
      if (typeof volume === 'string') add(this.#volumes, object.metadata.uid, volume);
      this.#companions.hear(change, this.#now());
      if (!this.#isOperator(actor) || before === undefined || type !== 'MODIFIED') return undefined;
      return followsTemplates(before, object, this.#appsOf(object));
    }
    return plural === 'statefulapps' ? this.#app(change) : undefined;
  }

  #appsOf({ metadata: { annotations } }: Stored): readonly StatefulApp[] {
    return (this.#versions.get(annotations?.[ANNOTATION.appUid] ?? '') ?? []).map(({ app }) => app);
  }

  #app({ object, before, actor }: Change): string | undefined {
    const { uid } = object.metadata;
    const app = appOf(object);
    if (app === null) return undefined;
    const versions = this.#versions.get(uid) ?? [];
    versions.push({ app, atMs: this.#now() });
    this.#versions.set(uid, versions);
    const former = before === undefined ? null : appOf(before);
    this.#unspend(app, former);
    if (former === null || !this.#isOperator(actor)) {
      if (former?.status !== app.status) this.#forget(uid);
      return undefined;
    }
    const entries = ledgerOf(former);
    for (const entry of ledgerOf(app).values()) {
      const was = entries.get(entry.ordinal);
      const wrong = this.#recorded(entry, was) ?? this.#kept(app, entry, was) ?? this.#announced(app, entry, was);
      if (wrong !== undefined) return `member ${entry.ordinal}: ${wrong}`;
    }
    return undefined;
  }

  /** One that was taken off, and is given again, is a new one. */
  #unspend(app: StatefulApp, former: StatefulApp | null): void {
    if (
      former?.metadata.annotations?.[ANNOTATION.acceptVolumeLoss] ===
      app.metadata.annotations?.[ANNOTATION.acceptVolumeLoss]
    )
      return;
    for (const spent of this.#spent) {
      const [uid, key = ''] = spent.split('/');
      if (uid === app.metadata.uid && !asks(app, 'accept', key)) this.#spent.delete(spent);
    }
  }

  /** What only the ledger knew is gone with it. */
  #forget(uid: string): void {
    for (const spent of this.#spent) if (spent.startsWith(`${uid}/`)) this.#spent.delete(spent);
  }

  #recorded(entry: Member, was: Member | undefined): string | undefined {
    for (const { name, uid = '', volume, disk } of entry.claims ?? []) {
      const before = was?.claims?.find((claim) => claim.name === name);
      if (volume === undefined || (before?.volume === volume && before.disk === disk && before.uid === uid)) continue;
      if (this.#volumes.get(uid)?.has(volume) !== true) return `claim ${name} (${uid}) was never bound to ${volume}`;
      if (disk !== undefined && this.#disks.get(volume)?.has(disk) !== true)
        return `volume ${volume} of claim ${name} never had disk ${disk}`;
    }
    return undefined;
  }

  #announced({ metadata }: StatefulApp, entry: Member, was: Member | undefined): string | undefined {
    const beforeMs = this.#now() - LATEST_MS;
    return this.#companions.wronglyMade(this.#recent(metadata.uid), { entry, was, beforeMs });
  }

  /** All versions of an app that a write may rest on. */
  #recent(uid: string): readonly StatefulApp[] {
    const since = this.#now() - LATEST_MS;
    const versions = this.#versions.get(uid) ?? [];
    return versions
      .filter((_, index) => (versions[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= since)
      .map((version) => version.app);
  }

  /** Of what was protected. */
  #kept(app: StatefulApp, entry: Member, was: Member | undefined): string | undefined {
    const recent = this.#recent(app.metadata.uid);
    for (const claim of was?.claims ?? []) {
      const next = entry.claims?.find(({ name }) => name === claim.name);
      if (!claim.volume || (next?.volume === claim.volume && (!claim.disk || next.disk === claim.disk))) continue;
      if (next === undefined && isLeft(recent, claim)) continue;
      if (recent.some((one) => one.spec.volumeLossPolicy === 'Recreate' || isEnding(one, entry, was))) continue;
      if (recent.some((one) => isGiven(one, claim, [claim.uid, next?.uid]))) continue;
      const key = `${claim.name}=${claim.uid}`;
      if (!recent.some((one) => asks(one, 'accept', key)))
        return `${told(claim)} is protected no more (${next === undefined ? 'nothing' : told(next)}), and nobody gave it up`;
      if (next?.uid !== claim.uid) continue;
      const spent = `${app.metadata.uid}/${key}`;
      if (this.#spent.has(spent)) return `${key} accepts a second loss`;
      this.#spent.add(spent);
    }
    return undefined;
  }
}

const told = ({ name, uid, volume, disk }: MemberClaim) => `claim ${name} (${uid}, ${volume}, ${disk ?? 'no disk'})`;

/** Its template is not the app's any more. */
function isLeft(apps: readonly StatefulApp[], { name }: MemberClaim): boolean {
  return apps.some(({ metadata, spec }) => {
    const template = name.replace(new RegExp(`-${metadata.name}-\\d+$`), '');
    return !spec.volumeClaimTemplates.some((one) => one.metadata.name === template);
  });
}

/** It goes by the retention policy. */
function isEnding(app: StatefulApp, entry: Member, was: Member | undefined): boolean {
  const goes = app.spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete';
  return (
    (goes && !wantedOf(app).includes(entry.ordinal)) ||
    entry.reason === 'ClaimsDeleted' ||
    was?.reason === 'ClaimsDeleted'
  );
}

function ledgerOf({ status, metadata }: StatefulApp): ReadonlyMap<number, Member> {
  const members = status?.appUID === metadata.uid ? (status.members ?? []) : [];
  return new Map(members.map((member) => [member.ordinal, member]));
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key) ?? new Set<string>();
  known.add(value);
  map.set(key, known);
}

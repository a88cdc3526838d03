// What the watches have shown of our own objects, as the planner's views, by app. It shows what is ours, never what is
// absent: an object that left a watch without being deleted, or that never was in one, is kept as a stray until somebody
// has read it by name. Raw objects are not kept. All times in it are steady ones: a wall clock that jumps would cut a wait
// short (R1). Lacks any judgement.

import type { PodView } from '../identity/pod-view.ts';
import type { WatchEvent } from '../kube/known-objects.ts';
import type { KubeObject } from '../kube/objects.ts';
import { readApp, readEnding, type Sighting } from '../plan/observe.ts';
import type { StrayKind, Survey } from '../plan/types.ts';
import { recordDisplaced, recordEnding, recordOrphaned } from './endings.ts';
import { forgetClaims, rememberClaim, signed } from './made-claims.ts';
import { Nodes } from './nodes.ts';
import { emptyShelf, isBare, type Look, mapOf, nodesOf, recordLook, type Shelf } from './shelf.ts';
import { sightingOf } from './sighting.ts';
import { appKey, formerOf, type Kind, ownerKey, readView, sameForDecisions, strayKey } from './views.ts';

/** Longer than any grace period matters after a pod's name has been free for all to see, and than a watch may lag. */
const KEPT_MS = 3_600_000;

export class Cache {
  readonly #shelves = new Map<string, Shelf>();
  readonly nodes: Nodes;
  #watchingSinceMs = Number.MIN_SAFE_INTEGER;

  constructor(fencingTaints: readonly string[] = []) {
    this.nodes = new Nodes(fencingTaints);
  }

  /** From now on nothing of ours comes or goes unseen. */
  watching(atMs: number): void {
    this.#watchingSinceMs = atMs;
  }

  /** Takes an event in; returns the apps that have something new to decide on. */
  apply(kind: Kind, event: WatchEvent, atMs: number): readonly string[] {
    if (kind === 'StatefulApp') return [this.#applyApp(event, atMs)];
    const key = ownerKey(event.object);
    const left = event.type === 'modified' ? this.#applyMove(kind, event, key) : [];
    if (key === null) return left;
    const shelf = this.#shelf(key);
    if (event.type === 'deleted') return [this.#applyDeletion(shelf, { kind, key, event, atMs })];
    const view = signed(shelf, readView(kind, event.object));
    const views = mapOf(shelf, kind);
    const before = views.get(view.name);
    views.set(view.name, view);
    shelf.strays.delete(strayKey(kind, view.name));
    return before !== undefined && sameForDecisions(before, view) ? left : [...left, key];
  }

  /** The apps that have, or had, a pod on this node. */
  appsOn(node: string): readonly string[] {
    return [...this.#shelves].filter(([, shelf]) => nodesOf(shelf).has(node)).map(([key]) => key);
  }

  /** Proven dead: when it is gone, nothing of it runs any more, whoever took it away and whatever it said last (R1). */
  provenDead(key: string, uid: string): void {
    this.#shelf(key).dead.add(uid);
  }

  /** What was read by name: the object, or undefined when the server said that there is none. */
  read(
    key: string,
    looked: {
      readonly kind: StrayKind;
      readonly name: string;
      readonly object: KubeObject | undefined;
      readonly atMs: number;
    },
  ): void {
    const { kind, name, object, atMs } = looked;
    const shelf = this.#shelf(key);
    const at = strayKey(kind, name);
    const before = shelf.strays.get(at);
    if (object !== undefined) {
      const known = mapOf(shelf, kind).get(name);
      if (known?.uid === object.metadata.uid) return; // the watch shows it meanwhile
      const reads = (before?.reads ?? 0) + 1;
      shelf.strays.set(at, { kind, name, view: readView(kind, object), readAtMs: atMs, reads });
      return;
    }
    shelf.strays.delete(at);
    if (before === undefined || kind !== 'Pod') return;
    // It lived on unseen after whatever the watch last told: its end is as late as this read (R1).
    recordEnding(shelf, readEnding(before.view as PodView, { atMs, fromWatch: false }));
  }

  /** We made a pod that no watch has shown yet: it counts as there, and is looked for if it stays unseen. */
  made(key: string, { object, atMs }: { readonly object: KubeObject; readonly atMs: number }): void {
    this.read(key, { kind: 'Pod', name: object.metadata.name, object, atMs });
  }

  madeClaim(key: string, object: KubeObject): void {
    rememberClaim(this.#shelf(key), object);
  }

  /** What was read of the volume behind a claim. */
  readVolume(key: string, look: Look): void {
    recordLook(this.#shelf(key), look);
  }

  /** What was read of a volume when this pod was leaving it, no longer ago; not that it may not be read. */
  lookFor(key: string, { volume, pod, sinceMs }: { volume: string; pod: string; sinceMs: number }): Look | undefined {
    const look = this.#shelves.get(key)?.volumes.get(volume);
    return look?.leaving === pod && look.readAtMs >= sinceMs && look.disk !== null ? look : undefined;
  }

  surveyed(key: string, survey: Omit<Survey, 'reads'>): void {
    const shelf = this.#shelf(key);
    shelf.survey = { ...survey, reads: (shelf.survey?.reads ?? 0) + 1 };
  }

  /** After a time without leading: what was asked once has to be asked again. */
  newTerm(): void {
    for (const shelf of this.#shelves.values()) {
      shelf.survey = null;
      shelf.confirmed = false;
    }
  }

  /** What is known of an app, with all times as wall time: steady time plus `offsetMs`. */
  sight(key: string, nowMs: number, offsetMs = 0): Omit<Sighting, 'refusals'> | null {
    const shelf = this.#shelves.get(key);
    if (shelf === undefined || shelf.app === null) return null;
    recordDisplaced(shelf, shelf.app, nowMs - offsetMs);
    const nodes = this.nodes.seen(nodesOf(shelf));
    const watchingSinceMs = this.#watchingSinceMs;
    return sightingOf(shelf, { app: shelf.app, nowMs, offsetMs, watchingSinceMs, nodes });
  }

  /** Forgets ends of pods that are long past, and apps of which nothing else is left. */
  prune(steadyMs: number): void {
    for (const [key, shelf] of this.#shelves) {
      for (const [uid, { atMs }] of shelf.endings) if (steadyMs - atMs > KEPT_MS) shelf.endings.delete(uid);
      for (const uid of shelf.dead) if (!shelf.endings.has(uid)) shelf.dead.delete(uid);
      this.#vacate(shelf, steadyMs);
      const bound = new Set([...shelf.claims.values()].map(({ volume }) => volume));
      for (const name of shelf.volumes.keys()) if (!bound.has(name)) shelf.volumes.delete(name);
      forgetClaims(shelf);
      this.#tidy(key, shelf);
    }
    this.nodes.prune(new Set([...this.#shelves.values()].flatMap((shelf) => [...nodesOf(shelf)])));
  }

  /** Whether a watch still shows this very object. */
  shows(key: string, at: { readonly kind: StrayKind; readonly name: string; readonly uid: string }): boolean {
    const shelf = this.#shelves.get(key);
    return shelf !== undefined && mapOf(shelf, at.kind).get(at.name)?.uid === at.uid;
  }

  /**
   * Whether it has to be asked for before anything is written for it: its view may be from before what another process did
   * while that led, or it may be gone, and garbage collection and we would take turns for ever.
   */
  isConfirmed(key: string): boolean {
    return this.#shelves.get(key)?.confirmed === true;
  }

  /** The API server has just said whether it is as its watch shows it. */
  confirmed(key: string, is = true): void {
    this.#shelf(key).confirmed = is;
  }

  /** The API server has just said that the app of this UID is gone or going: it is forgotten until its watch tells of one. */
  died(key: string, { uid, atMs }: { readonly uid: string; readonly atMs: number }): void {
    const shelf = this.#shelves.get(key);
    if (shelf?.app?.uid === uid) this.#bury(shelf, atMs);
  }

  apps(): readonly string[] {
    return [...this.#shelves].filter(([, shelf]) => shelf.app !== null).map(([key]) => key);
  }

  #applyApp(event: WatchEvent, atMs: number): string {
    const { namespace, name } = event.object.metadata;
    const key = appKey(namespace ?? '', name);
    const shelf = this.#shelf(key);
    if (event.type === 'deleted') {
      this.#bury(shelf, atMs);
      shelf.survey = null;
      this.#tidy(key, shelf);
      return key;
    }
    const next = readApp(event.object, formerOf(event, shelf.app));
    if (shelf.app?.uid !== next.uid) shelf.survey = null;
    // Its ledger was taken away: what that alone knew is kept here.
    if (shelf.app !== null && next.status.appUID !== next.uid) recordOrphaned(shelf, shelf.app, atMs);
    shelf.app = next;
    return key;
  }

  /** What only the app's ledger knew has to be known to the next app of its name, too (R1). */
  #bury(shelf: Shelf, atMs: number): void {
    if (shelf.app !== null) recordOrphaned(shelf, shelf.app, atMs);
    shelf.app = null;
  }

  #applyDeletion(
    shelf: Shelf,
    { kind, key, event, atMs }: { kind: StrayKind; key: string; event: WatchEvent & { type: 'deleted' }; atMs: number },
  ): string {
    const { name, deletionTimestamp } = event.object.metadata;
    const view = readView(kind, event.object);
    mapOf(shelf, kind).delete(name);
    // Without a deletionTimestamp, or with one and no word of its end, it is gone, or a label was taken off it: only a
    // read tells.
    const seen = event.observed === 'watch' && deletionTimestamp !== undefined;
    const ending = kind === 'Pod' ? readEnding(view as PodView, { atMs, fromWatch: seen }) : null;
    if (ending !== null) recordEnding(shelf, ending);
    if (!seen || ending?.how === 'unknown') this.#suspect(shelf, kind, event.object);
    // So it is when an app is gone whose watch tells nothing.
    if (kind === 'Service' || kind === 'ControllerRevision') shelf.confirmed = false;
    this.#tidy(key, shelf);
    return key;
  }

  /** Label or owner were changed by hand: to the app that had the object it has become a stranger's. */
  #applyMove(kind: StrayKind, event: WatchEvent & { type: 'modified' }, key: string | null): readonly string[] {
    const former = ownerKey(event.previous);
    if (former === null || former === key) return [];
    const shelf = this.#shelf(former);
    mapOf(shelf, kind).delete(event.object.metadata.name);
    this.#suspect(shelf, kind, event.object);
    this.#tidy(former, shelf);
    return [former];
  }

  /** To be read by name as soon as possible. */
  #suspect(shelf: Shelf, kind: StrayKind, object: KubeObject): void {
    const { name } = object.metadata;
    shelf.strays.set(strayKey(kind, name), { kind, name, view: readView(kind, object), readAtMs: 0, reads: 0 });
  }

  #shelf(key: string): Shelf {
    const shelf = this.#shelves.get(key) ?? emptyShelf();
    this.#shelves.set(key, shelf);
    return shelf;
  }

  /** What was suspected of an app that is gone, and of what was its own, is forgotten in the end. */
  #vacate(shelf: Shelf, steadyMs: number): void {
    shelf.vacantSinceMs = shelf.app === null ? (shelf.vacantSinceMs ?? steadyMs) : undefined;
    if (shelf.vacantSinceMs === undefined || steadyMs - shelf.vacantSinceMs <= KEPT_MS) return;
    shelf.strays.clear();
  }

  #tidy(key: string, shelf: Shelf): void {
    if (shelf.app === null && isBare(shelf)) this.#shelves.delete(key);
  }
}

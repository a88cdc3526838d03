// Read your own writes: holds an app until the cache has seen what we last wrote for it, so that no plan is made on a view
// from before our own action. Also remembers, per app, what the API server refused, and when status was last written.
// Losing all of it is harmless: creates are guarded by names, other writes by UID and resourceVersion.

import { compareResourceVersions } from '../kube/objects.ts';
import type { Refusal } from '../plan/types.ts';

/** One watch: resourceVersions compare within it. */
export type Scope = string;

interface Debt {
  readonly scope: Scope;
  readonly resourceVersion: string;
}

interface Hold {
  debts: Debt[];
  readonly vanishing: Set<string>; // UIDs that were deleted at once, and whose deletion no watch has told yet
  asked: boolean;
}

/** A status that the API server found invalid: the same object is not offered one again before then. */
interface StatusRefusal {
  readonly resourceVersion: string;
  readonly words: string;
  readonly untilMs: number;
}

const FIRST_BEHIND_MS = 200;
const MAX_BEHIND_MS = 10_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

export class Gate {
  readonly #seen = new Map<Scope, string>();
  readonly #holds = new Map<string, Hold>();
  readonly #debtors = new Map<Scope, Set<string>>();
  readonly #refusals = new Map<string, Map<string, Refusal & { readonly count: number }>>();
  readonly #generations = new Map<string, number>();
  readonly #behind = new Map<string, number>();
  readonly #untold = new Set<string>();
  readonly #statusAtMs = new Map<string, number>();
  readonly #statusDueMs = new Map<string, number>();
  readonly #statusRefusals = new Map<string, StatusRefusal>();
  readonly #opened: (key: string) => void;

  /** `opened` is called for an app that was asked for while it was held, once it is free. */
  constructor(opened: (key: string) => void) {
    this.#opened = opened;
  }

  /** True when nothing of ours is outstanding; otherwise `opened` tells when to come again. */
  enter(key: string): boolean {
    const hold = this.#holds.get(key);
    if (hold === undefined) return true;
    hold.asked = true;
    return false;
  }

  /** We wrote an object: its watch has to reach this resourceVersion. */
  wrote(key: string, scope: Scope, resourceVersion: string): void {
    const seen = this.#seen.get(scope);
    if (seen !== undefined && compareResourceVersions(seen, resourceVersion) >= 0) return;
    this.#holdOf(key).debts.push({ scope, resourceVersion });
    const debtors = this.#debtors.get(scope) ?? new Set();
    this.#debtors.set(scope, debtors.add(key));
  }

  /** We deleted an object and it went at once: its watch has to tell so. */
  removed(key: string, uid: string): void {
    this.#holdOf(key).vanishing.add(uid);
  }

  /** The watch has told everything up to here. */
  progress(scope: Scope, resourceVersion: string): void {
    const before = this.#seen.get(scope);
    // History was set back, as when etcd is restored: what we wrote since is gone, and nothing will show it.
    const undone = before !== undefined && compareResourceVersions(before, resourceVersion) > 0;
    this.#seen.set(scope, resourceVersion);
    const debtors = this.#debtors.get(scope);
    for (const key of debtors ?? []) {
      const hold = this.#holds.get(key);
      const isOpen = (debt: Debt) =>
        debt.scope === scope && !undone && compareResourceVersions(debt.resourceVersion, resourceVersion) > 0;
      if (!hold?.debts.some(isOpen)) debtors?.delete(key);
      if (hold === undefined) continue;
      hold.debts = hold.debts.filter((debt) => debt.scope !== scope || isOpen(debt));
      this.#release(key, hold);
    }
  }

  /** The watch has told that this object is gone. */
  gone(key: string, uid: string): void {
    const hold = this.#holds.get(key);
    if (hold?.vanishing.delete(uid)) this.#release(key, hold);
  }

  refused(key: string, { atMs, ...refusal }: Omit<Refusal, 'retryAtMs'> & { readonly atMs: number }): void {
    const refusals = this.#refusals.get(key) ?? new Map();
    const count = (refusals.get(refusal.key)?.count ?? 0) + 1;
    const delay = growing(count, FIRST_RETRY_MS, MAX_RETRY_MS);
    this.#refusals.set(key, refusals.set(refusal.key, { ...refusal, count, retryAtMs: atMs + delay }));
  }

  /** What was refused was asked for by another generation of the app: this one asks anew, and at once. */
  asks(key: string, generation: number): void {
    if (this.#generations.get(key) === generation) return;
    this.#generations.set(key, generation);
    this.#refusals.delete(key);
  }

  accepted(key: string, action: string): void {
    const refusals = this.#refusals.get(key);
    if (refusals?.delete(action) && refusals.size === 0) this.#refusals.delete(key);
  }

  /** `offsetMs` turns the scale of `refused` into the one that the plan is made on. */
  refusalsOf(key: string, offsetMs = 0): readonly Refusal[] {
    return [...(this.#refusals.get(key)?.values() ?? [])].map(({ count: _, retryAtMs, ...refusal }) => ({
      ...refusal,
      retryAtMs: retryAtMs + offsetMs,
    }));
  }

  /**
   * The view was behind what the server holds: its watch will tell. Should that be late, it is worth another try after so
   * many milliseconds, ever more until something is accepted.
   */
  behind(key: string): number {
    const count = (this.#behind.get(key) ?? 0) + 1;
    this.#behind.set(key, count);
    return growing(count, FIRST_BEHIND_MS, MAX_BEHIND_MS);
  }

  caughtUp(key: string): void {
    this.#behind.delete(key);
  }

  /** A pod was made that no status tells of yet. */
  made(key: string): void {
    this.#untold.add(key);
  }

  isUntold(key: string): boolean {
    return this.#untold.has(key);
  }

  /** The stored status is what it should be, and tells of all pods that were made. */
  told(key: string): void {
    this.#untold.delete(key);
    this.#statusDueMs.delete(key);
  }

  /** Since when the stored status has not been what it should be; the time given, when that is new. */
  statusDueMs(key: string, nowMs: number): number {
    const dueMs = this.#statusDueMs.get(key) ?? nowMs;
    this.#statusDueMs.set(key, dueMs);
    return dueMs;
  }

  statusWritten(key: string, atMs: number): void {
    this.#statusAtMs.set(key, atMs);
    this.#statusDueMs.delete(key);
    this.#statusRefusals.delete(key);
  }

  /** Whether that is news: the first refusal, or one in other words. */
  statusRefused(key: string, refusal: StatusRefusal): boolean {
    const before = this.#statusRefusals.get(key);
    this.#statusRefusals.set(key, refusal);
    return before?.words !== refusal.words;
  }

  /** Until when a status for this version of the app need not be tried; monotonic. */
  statusRefusedUntilMs(key: string, resourceVersion: string): number {
    const refusal = this.#statusRefusals.get(key);
    return refusal?.resourceVersion === resourceVersion ? refusal.untilMs : Number.NEGATIVE_INFINITY;
  }

  /** On the monotonic scale; the distant past when this process has not written it. */
  statusWrittenAtMs(key: string): number {
    return this.#statusAtMs.get(key) ?? Number.NEGATIVE_INFINITY;
  }

  forget(key: string): void {
    this.#holds.delete(key);
    this.#generations.delete(key);
    this.#refusals.delete(key);
    this.#statusAtMs.delete(key);
    this.#statusDueMs.delete(key);
    this.#statusRefusals.delete(key);
    this.#behind.delete(key);
    this.#untold.delete(key);
  }

  get held(): number {
    return this.#holds.size;
  }

  #holdOf(key: string): Hold {
    const hold = this.#holds.get(key) ?? { debts: [], vanishing: new Set<string>(), asked: false };
    this.#holds.set(key, hold);
    return hold;
  }

  #release(key: string, hold: Hold): void {
    if (hold.debts.length > 0 || hold.vanishing.size > 0) return;
    this.#holds.delete(key);
    if (hold.asked) this.#opened(key);
  }
}

/** Twice as long each time, up to `maxMs`. */
function growing(count: number, firstMs: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(count - 1, 10), maxMs);
}

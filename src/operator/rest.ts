// Which apps are at rest: nothing has come up since their last pass but what we ourselves wrote, and no time has come. Half of all passes would
// otherwise be echoes: of pods that were just made, and of the status. An echo is known by its resourceVersion, whether the watch or the
// answer to the write comes first. Losing all of it is harmless: there is a pass too many. Lacks the gate's promise, that a pass sees
// what we wrote.

import type { Scope } from './gate.ts';

/** Versions remembered of one app; beyond, there is news, whatever explains it: while another process leads no pass ever begins. */
const MOST = 1000;

export class Rest {
  /** Told by watches since the last pass began, and not yet explained by a write of ours. */
  readonly #news = new Map<string, Set<string>>();
  /** Written by us since the last pass began. */
  readonly #own = new Map<string, Set<string>>();
  readonly #untilMs = new Map<string, number>();

  /** A watch tells of this version of an object: whether that is news. */
  hears(key: string, scope: Scope, resourceVersion: string): boolean {
    const version = versionIn(scope, resourceVersion);
    if (this.#own.get(key)?.has(version)) return false;
    const news = setOf(this.#news, key);
    news.add(news.size < MOST ? version : '');
    return true;
  }

  /** We wrote this version of an object, and nothing is to be done when its watch tells of it. */
  wrote(key: string, scope: Scope, resourceVersion: string): void {
    const version = versionIn(scope, resourceVersion);
    this.#news.get(key)?.delete(version);
    setOf(this.#own, key).add(version);
  }

  /** There is something else to decide on. */
  disturb(key: string): void {
    setOf(this.#news, key).add('');
  }

  /** For how many milliseconds nothing is to be done for the app, unless there is news; 0 when it is due. */
  leftMs(key: string, nowMs: number): number {
    if ((this.#news.get(key)?.size ?? 0) > 0) return 0;
    return Math.max(0, (this.#untilMs.get(key) ?? nowMs) - nowMs);
  }

  /** A pass begins, and sees all that there is: watches have told of what was written before, or the gate would not have let it in. */
  begins(key: string): void {
    this.forget(key);
  }

  /** The pass is over: another one is of no use before then, unless there is news. Monotonic. */
  until(key: string, ms: number): void {
    this.#untilMs.set(key, ms);
  }

  forget(key: string): void {
    this.#news.delete(key);
    this.#own.delete(key);
    this.#untilMs.delete(key);
  }
}

const versionIn = (scope: Scope, resourceVersion: string) => `${scope} ${resourceVersion}`;

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  return set;
}

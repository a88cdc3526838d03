// What one operator process has been told, and when: by its watches, by answers to its reads and writes. A decision may
// rest on anything that was known since the pass began, so every version since then is kept.

import { LABEL } from '../../../src/api/names.ts';
import type { Host } from '../host.ts';
import type { Answer, Call, Stored } from '../server/types.ts';
import { Departures } from './departures.ts';
import { Memory } from './memory.ts';
import { Trials } from './trials.ts';

/** How it was learnt: told by a watch, or by the answer to a read or to a write. */
export type Source = 'watch' | 'read' | 'write';

interface Version {
  readonly atMs: number;
  readonly source: Source;
  /** Undefined: it was told that there is no such object. */
  readonly object: Stored | undefined;
}

export const keyOf = (plural: string, namespace: string | undefined, name: string) =>
  `${plural}/${namespace ?? ''}/${name}`;

export class Knowledge {
  readonly host: Host;
  /** From when on the process may have begun whatever it does now. */
  sinceMs: number;
  /** When the Lease renewal that was last heard of had been sent. */
  renewedAtMs = Number.NEGATIVE_INFINITY;
  readonly departures = new Departures();
  readonly memory = new Memory();
  readonly trials = new Trials();
  readonly #versions = new Map<string, Version[]>();
  readonly #written = new Map<string, Stored>();
  readonly #flying = new Map<Call, number>();
  readonly #answered = new WeakMap<Call, number>();
  readonly #begun = new WeakMap<Call, number>();
  /** Requests that came to nothing, or of which nothing is heard. */
  failures = 0;
  #idleAtMs: number;

  constructor(host: Host) {
    this.host = host;
    this.sinceMs = host.bootMs;
    this.#idleAtMs = host.bootMs;
  }

  begun(call: Call): void {
    const now = this.host.options.timeline.now();
    const chained = [...this.#flying.keys()].some(isWork) || this.#idleAtMs === now;
    if (isWork(call) && !chained) this.sinceMs = now;
    this.#flying.set(call, now);
    this.#begun.set(call, now);
  }

  sent(call: Call): void {
    const now = this.host.options.timeline.now();
    this.#flying.set(call, now);
    this.trials.sent(call, now);
  }

  /** How long a request has been under way: it may have to wait for a connection before it is sent. */
  underWayMs(call: Call): number {
    const now = this.host.options.timeline.now();
    return now - (this.#begun.get(call) ?? now);
  }

  /** When a request that is under way was sent. */
  sentAtMs(call: Call): number | undefined {
    return this.#flying.get(call);
  }

  answered(call: Call, answer: Answer): void {
    this.#answered.set(call, answer.status);
    if (answer.status >= 300) this.failures += 1;
    this.trials.answered(call, answer);
  }

  /** What it was answered with; undefined while nothing is heard of it. */
  statusOf(call: Call): number | undefined {
    return this.#answered.get(call);
  }

  /** What came of it is known: it cannot arrive any more. */
  hasAnswer(call: Call): boolean {
    return this.#answered.has(call);
  }

  over(call: Call): void {
    this.#flying.delete(call);
    if (!this.#answered.has(call)) this.failures += 1;
    if (isWork(call) && ![...this.#flying.keys()].some(isWork)) this.#idleAtMs = this.host.options.timeline.now();
  }

  learn(key: string, object: Stored | undefined, source: Source): void {
    const kept = this.#relevant(this.#versions.get(key) ?? []);
    if (object !== undefined) this.memory.learn(object);
    kept.push({ atMs: this.host.options.timeline.now(), source, object });
    this.#versions.set(key, kept);
    if (object !== undefined || source === 'read') this.departures.heard(key);
  }

  /**
   * A list that was begun then has been told to its end: what a watch, or an answer, had told of before, and it did not name,
   * is gone (seed 30155 of updates: a revision that no watch had shown between its creation and its deletion).
   */
  listed(plural: string, sinceMs: number): void {
    for (const [key, versions] of this.#versions) {
      const told = key.startsWith(`${plural}/`) ? versions.filter(({ object }) => isWatched(object)) : [];
      if (told.length > 0 && told.every(({ atMs }) => atMs < sinceMs)) this.learn(key, undefined, 'watch');
    }
  }

  /** A write of this very process was answered with this. */
  wrote(key: string, object: Stored): void {
    this.#written.set(key, object);
  }

  /** The last of what this process wrote, as it was then. */
  written(key: string): Stored | undefined {
    return this.#written.get(key);
  }

  /** This version came by a read alone, and what a watch shows of the object, on which plans are made, is older. */
  isReadOnly(key: string, { metadata: { uid, resourceVersion } }: Stored): boolean {
    const relevant = this.#relevant(this.#versions.get(key) ?? []);
    const isIt = ({ object }: Version) => object?.metadata.resourceVersion === resourceVersion;
    const shown = relevant.findLast(({ source }) => source === 'watch')?.object;
    if (shown?.metadata.uid !== uid || Number(shown.metadata.resourceVersion) > Number(resourceVersion)) return false;
    return relevant.filter(isIt).every(({ source }) => source === 'read');
  }

  /** Every version that a decision under way may rest on, the newest last. */
  versions(key: string): readonly (Stored | undefined)[] {
    return this.#relevant(this.#versions.get(key) ?? []).map(({ object }) => object);
  }

  /**
   * All since the pass began, and what stood then: what a watch had told last, and what an answer had said since. An
   * answer does not undo what the watch told: it may be older, and not every one goes into the operator's view. A watch that
   * lists anew says nothing of what carries no label of ours (seed 25851).
   */
  #relevant(all: readonly Version[]): Version[] {
    const before = all.filter(({ atMs }) => atMs < this.sinceMs);
    const told = before.findLast(({ source }) => source === 'watch');
    const answered = before.findLast(({ source }) => source !== 'watch');
    const stood = before.filter((version) => version === told || (version === answered && stands(answered, told)));
    return [...stood, ...all.filter(({ atMs }) => atMs >= this.sinceMs)];
  }

  /** What was read by name since the pass began, or so much earlier; of earlier reads the last is remembered. */
  readSince(key: string, earlierMs = 0): readonly (Stored | undefined)[] {
    const now = this.host.options.timeline.now();
    const sinceMs = earlierMs === 0 ? this.sinceMs : Math.min(this.sinceMs, now - earlierMs);
    return (this.#versions.get(key) ?? [])
      .filter(({ atMs, source }) => source === 'read' && atMs >= sinceMs)
      .map(({ object }) => object);
  }

  /** Whether some version that may have been decided on is so. Nothing known: the object is absent. */
  was(key: string, test: (object: Stored | undefined) => boolean): boolean {
    const versions = this.versions(key);
    return versions.length === 0 ? test(undefined) : versions.some(test);
  }

  /** Names known of a resource in a namespace. */
  *keys(plural: string, namespace: string): Iterable<string> {
    const prefix = `${plural}/${namespace}/`;
    for (const key of this.#versions.keys()) if (key.startsWith(prefix)) yield key;
  }
}

function isWork({ plural, verb }: Call): boolean {
  return plural !== 'leases' && plural !== 'events' && verb !== 'watch';
}

function stands(answered: Version, told: Version | undefined): boolean {
  if (told === undefined || answered.atMs >= told.atMs) return true;
  return told.object === undefined && !isWatched(answered.object);
}

/** Our watches select by our label. */
function isWatched(object: Stored | undefined): boolean {
  return object?.metadata.labels?.[LABEL.app] !== undefined;
}

// What happened in a run: its hash, its trace, and the first rule that was broken.

import { formatTime } from '../../src/identity/time.ts';
import type { Timeline } from './timeline.ts';

export interface Violation {
  readonly rule: string;
  readonly what: string;
  /** Milliseconds from the run's beginning. */
  readonly atMs: number;
  readonly step: number;
}

/** Levels of pino's lines. */
const ERROR = 50;

export class Recorder {
  steps = 0;
  readonly #timeline: Timeline;
  readonly #startMs: number;
  readonly #trace: ((line: string) => void) | undefined;
  #violation: Violation | undefined;
  #hash = 0x811c9dc5;

  constructor(timeline: Timeline, trace: ((line: string) => void) | undefined) {
    this.#timeline = timeline;
    this.#startMs = timeline.now();
    this.#trace = trace;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Of all that was told so far, and when; the same whether anybody reads it or not. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  get isRead(): boolean {
    return this.#trace !== undefined;
  }

  tell(line: string): void {
    const now = this.#timeline.now();
    let hash = this.#hash ^ now;
    for (let at = 0; at < line.length; at += 1) hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
    this.#hash = hash;
    this.#trace?.(`${formatTime(now).slice(11, 19)}.${String(now % 1000).padStart(3, '0')} ${line}`);
  }

  /** A line of an operator's log. It is no part of the hash: nobody logs much when nobody reads it. */
  logged(name: string, line: Readonly<Record<string, unknown>>): void {
    const told = [line['msg'], line['err'], line['breaches']].filter((part) => part !== undefined).join(' | ');
    this.#trace?.(`         ${name} says: ${told}`);
    if (line['level'] === ERROR) this.broken('assertion', `${name}: ${told}`);
  }

  broken(rule: string, what: string): void {
    if (this.#violation !== undefined) return;
    this.#violation = { rule, what, atMs: this.#timeline.now() - this.#startMs, step: this.steps };
    this.tell(`! ${rule}: ${what}`);
  }
}

// The traces' record: what a real kube-apiserver answered. Kept compact: equal pieces of answers are written once, and the
// requests are made anew from their seeds; that they are still those that were recorded is checked by their hash.
// Made by `node test/contract/record-traces.ts` (see there), read by the tests.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { makeTrace, type Trace } from './trace-steps.ts';
import type { Json } from './wire-call.ts';

export const RECORD = new URL('traces.jsonl', import.meta.url);
export const SEEDS = Array.from({ length: 200 }, (_, index) => 1_000 + index);

export interface RecordedTrace {
  readonly seed: number;
  readonly trace: Trace;
  readonly answers: readonly Json[];
}

/** The first line. Then come the pieces, then the traces' answers, a line each. */
interface Head {
  readonly server: string;
  readonly requests: string;
  readonly pieces: number;
}

/** A value is itself, or ["#", n] for the n-th piece; pieces speak of earlier ones only. */
export function recorded(): readonly RecordedTrace[] {
  const [first = '', ...lines] = readFileSync(RECORD, 'utf8').trimEnd().split('\n');
  const { pieces, requests } = JSON.parse(first) as Head;
  if (requests !== hashOf(SEEDS)) {
    throw new Error(
      'the traces are no longer those that were recorded: record them anew (test/contract/record-traces.ts)',
    );
  }
  const known: unknown[] = [];
  for (const line of lines.slice(0, pieces)) known.push(expand(JSON.parse(line), known));
  return SEEDS.map((seed, index) => ({
    seed,
    trace: makeTrace(seed),
    answers: expand(JSON.parse(lines[pieces + index] ?? ''), known) as readonly Json[],
  }));
}

/** The record's text, from the answers in the order of SEEDS. */
export function recordText(server: string, answers: readonly (readonly Json[])[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) count(answer, counts);
  const pieces: unknown[] = [];
  const places = new Map<string, number>();
  const traces = answers.map((answer) => shrink(answer, { counts, pieces, places }));
  const head: Head = { server, requests: hashOf(SEEDS), pieces: pieces.length };
  return `${[head, ...pieces, ...traces].map((value) => JSON.stringify(value)).join('\n')}\n`;
}

function hashOf(seeds: readonly number[]): string {
  return createHash('sha256')
    .update(JSON.stringify(seeds.map(makeTrace)))
    .digest('hex')
    .slice(0, 16);
}

const isPlace = (value: unknown): value is readonly ['#', number] =>
  Array.isArray(value) && value.length === 2 && value[0] === '#';

function expand(value: unknown, known: readonly unknown[]): unknown {
  if (isPlace(value)) return known[value[1]];
  if (Array.isArray(value)) return value.map((item) => expand(item, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, known)]));
}

const WORTH = 24;

function count(value: unknown, counts: Map<string, number>): void {
  if (typeof value !== 'object' || value === null) return;
  const text = JSON.stringify(value);
  if (text.length >= WORTH) counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const item of Object.values(value)) count(item, counts);
}

interface Shelf {
  readonly counts: ReadonlyMap<string, number>;
  readonly pieces: unknown[];
  readonly places: Map<string, number>;
}

function shrink(value: unknown, shelf: Shelf): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  const place = shelf.places.get(text);
  if (place !== undefined) return ['#', place];
  const small = Array.isArray(value)
    ? value.map((item) => shrink(item, shelf))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shrink(item, shelf)]));
  if ((shelf.counts.get(text) ?? 0) < 2) return small;
  shelf.places.set(text, shelf.pieces.push(small) - 1);
  return ['#', shelf.pieces.length - 1];
}

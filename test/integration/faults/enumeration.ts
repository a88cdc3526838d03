// Every write of a workflow, and around each the three moments at which the operator can die. What the writes are is taken
// from runs without a crash; a write is known by its words ("create pods web-1") and by how many of the same words came
// before it. Creates and deletes follow from the workflow. How often the status is written depends on time: what happens
// shortly after another is told together. So of those all but the first are certain in no run; where one does not come
// about, the run is made again, and one that never does is counted by itself.

import { type ProxiedRequest, wordsOf } from '../../../e2e/faults/requests.ts';
import { type Ambush, POINTS, type Point } from './instance.ts';
import type { Pool } from './pool.ts';
import { ambushed, type Ground, perform, type Run } from './run.ts';
import type { Workflow } from './workflows.ts';

/** A write of the workflow: the n-th, from 1, of these words. */
export interface Cut {
  readonly words: string;
  readonly nth: number;
  /** It is in every run. */
  readonly certain: boolean;
}

export interface Baseline {
  readonly workflow: Workflow;
  readonly state: string;
  readonly cuts: readonly Cut[];
}

export interface Tally {
  readonly writes: number;
  /** Runs in which the operator died where it was meant to. */
  readonly hits: number;
  /** Moments that did not come about in any attempt, all about statuses told together. */
  readonly missed: readonly string[];
  readonly faults: readonly string[];
}

const BASELINES = 2;
const ATTEMPTS = 4;

/**
 * Runs without a crash: they have to agree, and show all writes there are. To be made while little else goes on: on a busy
 * machine the status is written more often than it will be in most runs.
 */
export async function baselineOf(ground: Ground, pool: Pool, workflow: Workflow): Promise<Baseline> {
  const plan = { workflow, ends: [], expected: null };
  const runs = await Promise.all(Array.from({ length: BASELINES }, () => pool.run(() => perform(ground, plan))));
  const faults = runs.flatMap((run) => run.faults);
  if (faults.length > 0) throw new Error(`${workflow.name}, without a crash: ${faults.join('\n')}`);
  const [first] = runs;
  if (first === undefined || runs.some(({ state }) => state !== first.state)) {
    throw new Error(`${workflow.name}: runs without a crash do not end alike`);
  }
  return { workflow, state: first.state, cuts: cutsOf(runs) };
}

function cutsOf(runs: readonly Run[]): readonly Cut[] {
  const counts = runs.map((run) => countWords(run.acts.flat()));
  const words = [...new Set(counts.flatMap((count) => [...count.keys()]))];
  return words.flatMap((one) => {
    const most = Math.max(...counts.map((count) => count.get(one) ?? 0));
    const always = counts.every((count) => count.has(one));
    return Array.from({ length: most }, (_, index) => ({ words: one, nth: index + 1, certain: always && index === 0 }));
  });
}

function countWords(acts: readonly ProxiedRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const act of acts) counts.set(wordsOf(act), (counts.get(wordsOf(act)) ?? 0) + 1);
  return counts;
}

/** Dies at this point of this write. */
export function at({ words, nth }: Cut, point: Point): Ambush {
  let seen = 0;
  return (act) => {
    if (wordsOf(act) === words) seen += 1;
    return wordsOf(act) === words && seen === nth ? point : null;
  };
}

/** Dies at this point of the n-th write from 1, whatever it is. */
export function atNth(nth: number, point: Point): Ambush {
  let seen = 0;
  return () => {
    seen += 1;
    return seen === nth ? point : null;
  };
}

export async function enumerateCrashes(ground: Ground, pool: Pool, baseline: Baseline): Promise<Tally> {
  const places = baseline.cuts.flatMap((cut) => POINTS.map((point) => ({ cut, point })));
  const results = await Promise.all(places.map((place) => oneCrash(ground, pool, { baseline, ...place })));
  return {
    writes: baseline.cuts.length,
    hits: results.filter(({ hit }) => hit).length,
    missed: results.flatMap(({ missed }) => missed),
    faults: results.flatMap(({ faults }) => faults),
  };
}

interface Place {
  readonly baseline: Baseline;
  readonly cut: Cut;
  readonly point: Point;
}

interface Result {
  readonly hit: boolean;
  readonly missed: readonly string[];
  readonly faults: readonly string[];
}

async function oneCrash(ground: Ground, pool: Pool, { baseline, cut, point }: Place): Promise<Result> {
  const { workflow, state } = baseline;
  const where = `${workflow.name}; crash at ${cut.words} (no. ${cut.nth}), ${point}`;
  const faults: string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const plan = { workflow, ends: [ambushed(() => at(cut, point))], expected: state };
    const run = await pool.run(() => perform(ground, plan));
    faults.push(...run.faults.map((fault) => `${where}: ${fault}`));
    if (run.crashes === 1) return { hit: true, missed: [], faults };
  }
  if (cut.certain) faults.push(`${where}: in ${ATTEMPTS} runs there was no such write`);
  return { hit: false, missed: [where], faults };
}

// Judges a store by what a writer noted (journal.ts) and what was read back afterwards. Pure. An acknowledged record has to be
// there, once, and in order; an unacknowledged one may be there or not. No judgement of the gaps: how long is too long, the
// caller says.
import type { Attempt, Fault, Journal } from './journal.ts';

export interface FaultGap {
  readonly name: string;
  /** The longest time without an acknowledgement that overlaps the fault, also when it goes on after it. */
  readonly longestGapMs: number;
  /** Attempts begun during the fault that were not acknowledged. */
  readonly failed: number;
  /** What was said of these, with how often: the most frequent first. */
  readonly said: readonly (readonly [sentence: string, times: number])[];
}

export interface Judgement {
  readonly attempted: number;
  readonly acknowledged: number;
  /** Acknowledged, and not there. */
  readonly lost: readonly number[];
  /** There more than once. */
  readonly duplicates: readonly number[];
  /** Acknowledged before another one was begun, and stored behind it: "later before earlier". */
  readonly reordered: readonly string[];
  /** There, and never written by this writer. */
  readonly foreign: readonly number[];
  /** Not acknowledged, and there: allowed, told for information. */
  readonly presentUnacknowledged: number;
  /** Of the whole journal, from its start to its end. */
  readonly longestGapMs: number;
  readonly faults: readonly FaultGap[];
}

/** `stored`: the records as read back, in the order in which the store has them. */
export function judge(journal: Journal, stored: readonly number[], faults: readonly Fault[] = []): Judgement {
  const attempts = new Map(journal.attempts.map((attempt) => [attempt.record, attempt]));
  const acknowledged = journal.attempts.filter(isAcknowledged);
  const present = new Set(stored);
  const gaps = gapsOf(journal);
  const overlapping = ({ fromMs, toMs }: Fault) => gaps.filter((gap) => gap.fromMs < toMs && gap.toMs > fromMs);
  const failedDuring = ({ fromMs, toMs }: Fault) =>
    journal.attempts.flatMap(({ outcome, startedAtMs }) =>
      outcome !== 'acknowledged' && startedAtMs >= fromMs && startedAtMs < toMs ? [outcome.failed] : [],
    );
  return {
    attempted: journal.attempts.length,
    acknowledged: acknowledged.length,
    lost: acknowledged.filter(({ record }) => !present.has(record)).map(({ record }) => record),
    duplicates: repeated(stored),
    reordered: reorderedOf(stored, attempts),
    foreign: [...present].filter((record) => !attempts.has(record)),
    presentUnacknowledged: [...present].filter((record) => {
      const attempt = attempts.get(record);
      return attempt !== undefined && !isAcknowledged(attempt);
    }).length,
    longestGapMs: longest(gaps),
    faults: faults.map((fault) => {
      const failures = failedDuring(fault);
      return {
        name: fault.name,
        longestGapMs: longest(overlapping(fault)),
        failed: failures.length,
        said: counted(failures),
      };
    }),
  };
}

/** What a store must not do, in sentences; empty is good. Nothing acknowledged at all is no proof of anything. */
export function breaches(judgement: Judgement): readonly string[] {
  const { acknowledged, lost, duplicates, reordered, foreign } = judgement;
  return [
    ...(acknowledged === 0 ? ['no write was acknowledged, so nothing is shown'] : []),
    ...named(lost, 'acknowledged writes lost'),
    ...named(duplicates, 'records there more than once'),
    ...named(reordered, 'records stored out of order'),
    ...named(foreign, 'records that nobody wrote'),
  ];
}

function named(found: readonly (number | string)[], what: string): readonly string[] {
  if (found.length === 0) return [];
  const more = found.length > 10 ? ', …' : '';
  return [`${found.length} ${what}: ${found.slice(0, 10).join(', ')}${more}`];
}

const isAcknowledged = ({ outcome }: Attempt) => outcome === 'acknowledged';

interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the start to the first acknowledgement, between each two, and from the last to the end. */
function gapsOf({ startedAtMs, endedAtMs, attempts }: Journal): readonly Gap[] {
  const times = attempts.filter(isAcknowledged).map((attempt) => attempt.endedAtMs);
  const edges = [startedAtMs, ...times.toSorted((a, b) => a - b), endedAtMs];
  return edges.slice(1).map((toMs, at) => ({ fromMs: edges[at] ?? toMs, toMs }));
}

const longest = (gaps: readonly Gap[]) =>
  Math.round(gaps.reduce((found, { fromMs, toMs }) => Math.max(found, toMs - fromMs), 0));

/**
 * Of real time: a record that was acknowledged before another was begun must be stored before it. Also for records of which
 * only the earlier was acknowledged: the later one, if it is there, was stored later.
 */
function reorderedOf(stored: readonly number[], attempts: ReadonlyMap<number, Attempt>): readonly string[] {
  const found: string[] = [];
  // The latest begun so far of those stored before: nothing behind it may have been acknowledged before its beginning.
  let latest: Attempt | undefined;
  for (const record of new Set(stored)) {
    const attempt = attempts.get(record);
    if (attempt === undefined) continue;
    if (latest !== undefined && isAcknowledged(attempt) && attempt.endedAtMs <= latest.startedAtMs) {
      found.push(`${latest.record} before ${record}`);
    }
    if (latest === undefined || attempt.startedAtMs > latest.startedAtMs) latest = attempt;
  }
  return found;
}

function repeated(stored: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  const again = new Set<number>();
  for (const record of stored) (seen.has(record) ? again : seen).add(record);
  return [...again];
}

function counted(sentences: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const sentence of sentences) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

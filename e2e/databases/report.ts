// The figures of a trial as lines for people and for docs: what was written, and the longest gap of each fault. Pure.
import type { Judgement } from './judgement.ts';

/** So much is said of the failures during one fault. */
const SENTENCES = 3;
const SENTENCE = 150;

export function report(title: string, { attempted, acknowledged, lost, faults }: Judgement): readonly string[] {
  const width = Math.max(0, ...faults.map(({ name }) => name.length));
  return [
    `${title}: ${acknowledged} of ${attempted} writes acknowledged, ${lost.length} of them lost`,
    ...faults.flatMap(({ name, longestGapMs, failed, said }) => [
      `  ${name.padEnd(width)}  longest gap ${String(longestGapMs).padStart(6)} ms, ${failed} writes refused or unanswered`,
      ...said.slice(0, SENTENCES).map(([sentence, times]) => `    ${times} times: ${sentence.slice(0, SENTENCE)}`),
    ]),
  ];
}

/** A row a fault, a column a trial: the same store twice, side by side. */
export function gapTable(trials: Readonly<Record<string, Judgement>>): string {
  const names = [...new Set(Object.values(trials).flatMap(({ faults }) => faults.map(({ name }) => name)))];
  const gap = (judgement: Judgement, name: string) =>
    judgement.faults.find((fault) => fault.name === name)?.longestGapMs ?? '–';
  const titles = Object.keys(trials);
  return [
    `| longest gap between acknowledged writes (ms) | ${titles.join(' | ')} |`,
    `|---|${titles.map(() => '---:').join('|')}|`,
    ...names.map(
      (name) =>
        `| ${name} | ${Object.values(trials)
          .map((judgement) => gap(judgement, name))
          .join(' | ')} |`,
    ),
  ].join('\n');
}

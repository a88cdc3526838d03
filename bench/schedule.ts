// Which case runs on which side, in which order: sides alternate (A, B, A, B), so that what changes on the machine meanwhile meets all of
// them. Pure.
import type { SizedCase } from './cases/case.ts';
import { SIDES, type SideName } from './sides/side.ts';

export interface Turn {
  readonly case: SizedCase;
  readonly side: SideName;
  /** From 1 on. */
  readonly round: number;
  readonly rounds: number;
}

/** `repeats`: instead of each case's own number. */
export function schedule(cases: readonly SizedCase[], repeats: number | undefined): readonly Turn[] {
  return cases.flatMap((one) => {
    const roundsOf = (side: SideName) => {
      const own = one.repeats[side] ?? 0;
      return own === 0 ? 0 : (repeats ?? own);
    };
    const most = Math.max(...SIDES.map(roundsOf));
    return Array.from({ length: most }, (_, index) => index + 1).flatMap((round) =>
      SIDES.filter((side) => round <= roundsOf(side)).map((side) => ({
        case: one,
        side,
        round,
        rounds: roundsOf(side),
      })),
    );
  });
}

// What a benchmark is. Each case is a scenario that gives figures; a figure belongs to one of the benchmarks B1 to B12, and a
// scenario may give figures of several (requests are counted wherever there is work).
import type { Run } from '../run.ts';
import type { SideName } from '../sides/side.ts';

export interface Figure {
  /** B1 to B12. */
  readonly benchmark: string;
  /** Unique over all cases; goals.ts has its goals under this name. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
}

/** How often each side runs; those that are absent do not. */
export type Repeats = Readonly<Partial<Record<SideName, number>>>;

export interface Scale {
  readonly repeats: Repeats;
}

/** A figure's id -> what this run gave. A figure that could not be had is absent. */
export type Results = Readonly<Record<string, number>>;

export interface Case<Size extends Scale = Scale> {
  readonly name: string;
  readonly sizes: { readonly full: Size; readonly quick: Size };
  readonly figures: (size: Size) => readonly Figure[];
  /** False: the case starts its side itself, cold. Default: true. */
  readonly isWarm?: boolean;
  /** False: claims stay without volumes. For the creation of apps: fake nodes do not wait for volumes. Default: true. */
  readonly bindsClaims?: boolean;
  readonly run: (run: Run, size: Size) => Promise<Results>;
}

/** A case whose size is known to itself alone, so that cases of all sizes can be in one list. */
export interface SizedCase {
  readonly name: string;
  readonly repeats: Repeats;
  readonly isWarm: boolean;
  readonly bindsClaims: boolean;
  readonly figures: readonly Figure[];
  readonly run: (run: Run) => Promise<Results>;
}

export type Extent = 'full' | 'quick';

export function sized<Size extends Scale>(one: Case<Size>): (extent: Extent) => SizedCase {
  return (extent) => {
    const size = one.sizes[extent];
    return {
      name: one.name,
      repeats: size.repeats,
      isWarm: one.isWarm !== false,
      bindsClaims: one.bindsClaims !== false,
      figures: one.figures(size),
      run: (run) => one.run(run, size),
    };
  };
}

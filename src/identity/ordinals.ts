// Which ordinals an app wants: the first `replicas` ordinals from `start` on that are not excluded. Kept as ranges, so
// that nothing is enumerated beyond what the cap of replicas allows. Lacks any notion of pods.

/** Ordinals from `from` up to, and without, `to`. */
export interface OrdinalRange {
  readonly from: number;
  readonly to: number;
}

export interface OrdinalSpec {
  readonly replicas: number;
  readonly start: number;
  readonly excluded: readonly number[];
}

/** The largest ordinal there can be: Kubernetes parses it as an int32. */
export const MAX_ORDINAL = 2 ** 31 - 1;

/** The wanted ordinals, ascending, as ranges that neither touch nor overlap. */
export function wantedRanges({ replicas, start, excluded }: OrdinalSpec): readonly OrdinalRange[] {
  const gaps = [...new Set(excluded)].filter((ordinal) => ordinal >= start).sort((a, b) => a - b);
  const ranges: OrdinalRange[] = [];
  let from = start;
  let missing = replicas;
  for (const gap of [...gaps, Number.POSITIVE_INFINITY]) {
    const count = Math.min(missing, gap - from);
    if (count > 0) ranges.push({ from, to: from + count });
    missing -= Math.max(count, 0);
    if (missing <= 0) break;
    from = gap + 1;
  }
  return ranges;
}

/** The same for an app's spec. */
export function rangesOf(spec: {
  readonly replicas: number;
  readonly ordinals: Omit<OrdinalSpec, 'replicas'>;
}): readonly OrdinalRange[] {
  return wantedRanges({ replicas: spec.replicas, ...spec.ordinals });
}

export function includes(ranges: readonly OrdinalRange[], ordinal: number): boolean {
  return ranges.some((range) => ordinal >= range.from && ordinal < range.to);
}

/** All ordinals of the ranges, ascending; there are as many as `replicas`, which is capped. */
export function enumerate(ranges: readonly OrdinalRange[]): readonly number[] {
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index));
}

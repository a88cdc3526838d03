// Judges what the witnesses of one member wrote down (witness.sh). Pure. Two proofs that do not depend on each other: a holder
// that met another one, and holders whose times overlap. The second compares clocks, so it counts whole seconds only. No
// judgement of who was right.

export interface Holder {
  readonly podUid: string;
  readonly fromSecond: number;
  readonly toSecond: number;
  readonly beats: number;
}

/** The contents of the witness's folder: `holders/<UID>` and `meetings/<UID>.<UID>`. */
export type WitnessFiles = ReadonlyMap<string, string>;

export interface IdentityJudgement {
  /** In the order in which they began. */
  readonly holders: readonly Holder[];
  /** Sentences; none is good. */
  readonly breaches: readonly string[];
}

/** `member` only names it. `expected`: pods that are known to have run as this member; one without a witness is a breach. */
export function judgeIdentity(
  member: string,
  files: WitnessFiles,
  expected: readonly string[] = [],
): IdentityJudgement {
  const holders = holdersIn(files).toSorted((a, b) => a.fromSecond - b.fromSecond);
  const silent = expected.filter((uid) => !holders.some(({ podUid }) => podUid === uid));
  return {
    holders,
    breaches: [
      ...(holders.length === 0 ? [`${member}: no witness wrote anything, so nothing is shown`] : []),
      ...silent.map((uid) => `${member}: pod ${uid} had no witness`),
      ...meetingsIn(files).map((meeting) => `${member}: two holders at once: ${meeting}`),
      ...overlaps(holders).map((overlap) => `${member}: ${overlap}`),
    ],
  };
}

function holdersIn(files: WitnessFiles): readonly Holder[] {
  return [...files].flatMap(([path, text]) => {
    const podUid = /^holders\/([^/.]+)$/.exec(path)?.[1];
    if (podUid === undefined) return [];
    const [fromSecond = Number.NaN, beats = Number.NaN, toSecond = Number.NaN] = text.trim().split(' ').map(Number);
    return [{ podUid, fromSecond, toSecond, beats }];
  });
}

/** The first line of each pair says when it began. */
function meetingsIn(files: WitnessFiles): readonly string[] {
  const found = [...files].filter(([path]) => path.startsWith('meetings/'));
  return found.flatMap(([, text]) => {
    const lines = text.trim().split('\n');
    return lines[0] === undefined || lines[0] === '' ? [] : [`${lines[0]} (${lines.length} times)`];
  });
}

function overlaps(holders: readonly Holder[]): readonly string[] {
  return holders.flatMap((earlier, at) =>
    holders
      .slice(at + 1)
      // A second is as exact as it gets: the same one on both sides proves nothing. What is no number is no proof either.
      .filter((later) => !(later.fromSecond >= earlier.toSecond))
      .map((later) => {
        const seconds = earlier.toSecond - later.fromSecond;
        return `pod ${earlier.podUid} was still there ${seconds} s after pod ${later.podUid} had begun`;
      }),
  );
}

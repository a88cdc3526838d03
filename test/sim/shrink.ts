// Makes a failing run smaller: drops interventions of its script as long as the same rule is broken. What is left is
// what it takes.

/** `fails` tells whether a run with only these interventions still fails; the list it starts from must fail. */
export async function shrink(
  all: readonly number[],
  fails: (kept: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let kept = all;
  let size = Math.ceil(kept.length / 2);
  while (kept.length > 0) {
    const smaller = await withoutOneChunk(kept, size, fails);
    if (smaller !== undefined) {
      kept = smaller;
      size = Math.min(size, Math.max(1, Math.ceil(kept.length / 2)));
    } else if (size === 1) {
      return kept;
    } else {
      size = Math.ceil(size / 2);
    }
  }
  return kept;
}

/** Later interventions go first: the end of a script is rarely what made it fail. */
async function withoutOneChunk(
  kept: readonly number[],
  size: number,
  fails: (kept: readonly number[]) => Promise<boolean>,
): Promise<readonly number[] | undefined> {
  for (let end = kept.length; end > 0; end -= size) {
    const rest = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)];
    if (await fails(rest)) return rest;
  }
  return undefined;
}

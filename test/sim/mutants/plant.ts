// A planted bug: one place of src/ as it must not be, and how it is put there. Lacks hooks in src/: the text is replaced
// in a copy, and a place that is no longer there exactly once is an error, so that no bug is planted in vain.

export interface Planted {
  readonly name: string;
  /** What could go wrong in the field, as a clause. */
  readonly why: string;
  /** Its path below the project's root. */
  readonly file: string;
  /** Exact text that occurs once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The text with the bug in it; throws when the place to plant it in is gone, or is no longer the only one. */
export function plant(text: string, { name, file, find, replace }: Planted): string {
  const parts = text.split(find);
  const [before, after] = parts;
  if (parts.length !== 2 || before === undefined || after === undefined)
    throw new Error(`${name}: its place occurs ${parts.length - 1} times in ${file}, and not once`);
  return before + replace + after;
}

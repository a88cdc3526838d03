// What the process that runs seeds tells its parent of each.

export interface Told {
  readonly seed: number;
  /** The rule that was broken, or that the run itself broke down; undefined when the seed is fine. */
  readonly rule: string | undefined;
  readonly what: string;
}

export const BROKE_DOWN = 'broke down';

export const HANGS = 'hangs';

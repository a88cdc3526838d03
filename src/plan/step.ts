// What one concern of the plan adds to it.

import type { Action, Wait } from './types.ts';

export interface Step {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
}

export const NOTHING: Step = { actions: [], waits: [] };

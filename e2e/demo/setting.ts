// What the scenes play on, and all that they may know of it: a user who does things, an operator, a witness. Two make one:
// real-setting.ts with a real API server, in-process-setting.ts with the one in memory.
import { join } from 'node:path';
import type { Witness } from './witness.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const NAMESPACE = 'default';
export const APP = 'web';

export interface Setting {
  readonly user: User;
  readonly operator: ShownOperator;
  readonly witness: Witness;
  /** How the addresses of members were found: the beginning of a sentence. */
  readonly addressed: string;
  /** What goes on running after the demo, how to use it and how to end it; undefined: nothing does. */
  readonly remains: string | undefined;
}

/** Each says what it does, then does it; rejects when it is refused. */
export interface User {
  /** Path of a manifest with one object. */
  readonly apply: (file: string) => Promise<void>;
  /** Does not wait until the pod is gone. */
  readonly deletePod: (name: string) => Promise<void>;
  /** A running pod ends in phase Failed: no request of anybody, its machine's doing. */
  readonly failPod: (name: string) => Promise<void>;
  readonly scale: (app: string, replicas: number) => Promise<void>;
}

export interface ShownOperator {
  /** Never fulfilled; rejects when the operator, or what it needs, ends without having been asked to. */
  readonly ended: Promise<never>;
  /** Where its log is. */
  readonly logPlace: string;
  /** The end of its log. */
  readonly lastLines: () => string;
  /** Requests to the API server so far, without watches and the Lease; undefined when it does not say. */
  readonly requests: () => Promise<number | undefined>;
}

export interface Preparation {
  readonly progress: (line: string) => void;
  /** Whatever was started is in here from the moment it exists; to be called in reverse order. */
  readonly endings: (() => Promise<void>)[];
  /** Aborted: nothing more may be started. */
  readonly signal: AbortSignal;
}

// One controller under comparison: how it is started, whose name its requests carry, and which kind of object it works on.
import type { ControlPlane } from '../../e2e/cluster/control-plane.ts';
import type { ApiResource } from '../../src/kube/resources.ts';

export const SIDES = ['ours', 'unthrottled', 'default'] as const;
/** `unthrottled` and `default` are the StatefulSet controller, without and with its limit of requests. */
export type SideName = (typeof SIDES)[number];

export interface Side {
  readonly name: SideName;
  readonly title: string;
  readonly resource: ApiResource;
  readonly start: (place: Place, options?: StartOptions) => Promise<SideProcess>;
}

export interface Place {
  readonly cluster: ControlPlane;
  /** Where the operator's bundle is. */
  readonly bundle: string;
  /** Where logs go. */
  readonly logs: string;
  /** Where CPU profiles and heap snapshots of the operator go; absent: none are made. */
  readonly profiles?: string;
}

export interface StartOptions {
  /** Which of several; its requests carry a name of its own. */
  readonly instance?: string;
  /** A memory limit, where the side knows one. */
  readonly limitMiB?: number;
  /** Of leader election; instances of one Lease compete. Default: one that nobody has held. */
  readonly lease?: string;
}

export interface SideProcess {
  readonly pid: number;
  readonly logFile: string;
  /** As the audit log has it. */
  readonly user: string;
  /** When the process was started, on the scale of performance.now(). */
  readonly startedAtMs: number;
  /** Resolves once the process has ended. Safe to repeat. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
  /** How it ended; undefined while it runs. */
  readonly ended: () => string | undefined;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  /** Resolves, with the time, once so many lines of its log have contained these words. Rejects when the process ends before. */
  readonly said: (words: string, times?: number) => Promise<number>;
}

// How soon silence of a node has consequences. Kubernetes' own times are long for a test that waits for them.

export interface Patience {
  /** After this long without a word a node is NotReady. Kubernetes' default: 50. */
  readonly nodeGraceSeconds: number;
  /** How long pods that say nothing themselves stay bound to a node that is NotReady or unreachable. Kubernetes' default: 300. */
  readonly tolerationSeconds: number;
}

export const STOCK_PATIENCE: Patience = { nodeGraceSeconds: 50, tolerationSeconds: 300 };
const STOCK_LEASE_SECONDS = 40;

/** With Kubernetes' times where none are asked for. */
export function patienceOf(wanted: Partial<Patience>): Patience {
  return {
    nodeGraceSeconds: wanted.nodeGraceSeconds ?? STOCK_PATIENCE.nodeGraceSeconds,
    tolerationSeconds: wanted.tolerationSeconds ?? STOCK_PATIENCE.tolerationSeconds,
  };
}

/** In proportion, so that a shorter grace does not make a busy node look silent. */
export function leaseSeconds({ nodeGraceSeconds }: Patience): number {
  return Math.max(1, Math.min(STOCK_LEASE_SECONDS, Math.floor(nodeGraceSeconds * 0.8)));
}

/** Flags without dashes. */
export type Flags = Readonly<Record<string, string>>;

export function apiServerFlags({ tolerationSeconds }: Patience): Flags {
  return {
    'default-not-ready-toleration-seconds': String(tolerationSeconds),
    'default-unreachable-toleration-seconds': String(tolerationSeconds),
  };
}

export function controllerManagerFlags({ nodeGraceSeconds }: Patience): Flags {
  return {
    'node-monitor-grace-period': `${nodeGraceSeconds}s`,
    'node-monitor-period': nodeGraceSeconds < STOCK_PATIENCE.nodeGraceSeconds ? '1s' : '5s',
  };
}

// Ordinal <-> names: the pod, its DNS names, its claims. The only place that knows how they are put together.
// Matches Kubernetes pkg/controller/statefulset/stateful_set_utils.go (getPodName, getParentNameAndOrdinal,
// getPersistentVolumeClaimName); different on purpose: an ordinal with a leading zero is not ours.

import { MAX_ORDINAL } from './ordinals.ts';

export function podName(app: string, ordinal: number): string {
  return `${app}-${ordinal}`;
}

/** The ordinal in a pod's name, or null when it is not a name that this app gives. */
export function ordinalOf(app: string, pod: string): number | null {
  if (!pod.startsWith(`${app}-`)) return null;
  const digits = pod.slice(app.length + 1);
  if (!/^(0|[1-9][0-9]{0,9})$/.test(digits)) return null;
  const ordinal = Number(digits);
  return ordinal <= MAX_ORDINAL ? ordinal : null;
}

export function claimName(claim: string, app: string, ordinal: number): string {
  return `${claim}-${app}-${ordinal}`;
}

/** The claim template in the name of one of this member's claims; null for a name that is not its own. */
export function claimTemplateOf(claim: string, app: string, ordinal: number): string | null {
  const end = claimName('', app, ordinal);
  return claim.length > end.length && claim.endsWith(end) ? claim.slice(0, -end.length) : null;
}

/** The member's name inside its namespace; with `.<namespace>.svc.<cluster domain>` it is fully qualified. */
export function dnsName(app: string, ordinal: number, service: string): string {
  return `${podName(app, ordinal)}.${service}`;
}

// RFC 3339 text <-> milliseconds. The one file of the pure folders that may use Date: it converts, and reads no clock.

/** Milliseconds since the epoch, or undefined for what is not a time. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** As Kubernetes writes metav1.Time: whole seconds, UTC. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

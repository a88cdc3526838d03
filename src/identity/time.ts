// RFC 3339 text <-> milliseconds. The one file of the pure folders that may use Date: it converts, and reads no clock.

/** Milliseconds since the epoch, or undefined for what is not a time. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The last second that RFC 3339 can write; grace periods and the like may be any int64 and lead beyond it. */
const LAST_MS = Date.parse('9999-12-31T23:59:59Z');

/** As Kubernetes writes metav1.Time: whole seconds, UTC. Never throws: what lies beyond is written as the nearest end. */
export function formatTime(ms: number): string {
  const written = Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LAST_MS);
  return `${new Date(written).toISOString().slice(0, 19)}Z`;
}

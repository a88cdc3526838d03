/**
 * The API server's time, for a process whose own clock may be wrong or jump: what is compared with times in objects, or
 * stored for another process to compare, has to be one clock's.
 *
 * Promise: `now` runs as evenly as `monotonic`. It begins as the wall clock, and is set by the server's `Date` header
 * when the two differ by more than that header can tell; the wall clock is not asked again. Lacks on purpose: any
 * influence on `monotonic`.
 */
import type { Clock } from './clock.ts';
import type { KubeResponse, Transport } from './transport.ts';

/** The header counts whole seconds and is as old as the answer's way here; less than this is no error of a clock. */
const TOLERANCE_MS = 5000;
/** An answer that took longer says too little about now. */
const MAX_AGE_MS = 2000;

export interface ServerTime {
  readonly transport: Transport;
  readonly clock: Clock;
  /** `monotonic` plus this is `now`, in whole milliseconds. */
  readonly wallOffsetMs: () => number;
}

export function onServerTime(transport: Transport, clock: Clock): ServerTime {
  let offsetMs = clock.now() - clock.monotonic();
  const now = () => clock.monotonic() + offsetMs;
  const learn = ({ status, headers }: KubeResponse, sentAtMs: number) => {
    const told = Date.parse(headers.get('date') ?? '');
    if (status >= 300 || Number.isNaN(told) || clock.monotonic() - sentAtMs > MAX_AGE_MS) return;
    const error = now() - told;
    if (Math.abs(error) > TOLERANCE_MS) offsetMs -= error;
  };
  return {
    transport: {
      async request(request) {
        const sentAtMs = clock.monotonic();
        const response = await transport.request(request);
        learn(response, sentAtMs);
        return response;
      },
      close: () => transport.close(),
    },
    wallOffsetMs: () => Math.round(offsetMs),
    clock: { now, monotonic: () => clock.monotonic(), after: (ms, fn) => clock.after(ms, fn) },
  };
}

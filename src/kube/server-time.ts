/**
 * The API server's time, for a process whose own clock may be wrong: what is compared with times in objects, or stored for
 * another process to compare, has to be one clock's.
 *
 * Promise: `now` is the wall clock as long as it agrees with the server's `Date` header to within a few seconds, which
 * is all that the header can tell, and the server's time otherwise. Lacks on purpose: any influence on `monotonic`.
 */
import type { Clock } from './clock.ts';
import type { KubeResponse, Transport } from './transport.ts';

/** The header counts whole seconds and is as old as the answer's way here; less than this is no error of a clock. */
const TOLERANCE_MS = 5000;
/** An answer that took longer says too little about now. */
const MAX_AGE_MS = 2000;

export function onServerTime(
  transport: Transport,
  clock: Clock,
): { readonly transport: Transport; readonly clock: Clock } {
  let errorMs = 0;
  const learn = ({ status, headers }: KubeResponse, sentAtMs: number) => {
    const told = Date.parse(headers.get('date') ?? '');
    if (status >= 300 || Number.isNaN(told) || clock.monotonic() - sentAtMs > MAX_AGE_MS) return;
    const error = clock.now() - told;
    // Kept as it is while it explains what the server says: one moment always reads the same.
    if (Math.abs(error - errorMs) > TOLERANCE_MS) errorMs = Math.abs(error) > TOLERANCE_MS ? error : 0;
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
    clock: {
      now: () => clock.now() - errorMs,
      monotonic: () => clock.monotonic(),
      after: (ms, fn) => clock.after(ms, fn),
    },
  };
}

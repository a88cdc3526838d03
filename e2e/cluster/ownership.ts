// Who ends a cluster: its owner by `stop`, a watchdog when the owner is gone, whoever likes once it is detached, and nobody
// else when its start fails, since then it has ended already.
import type { Prepared } from './control-plane.ts';
import { guard } from './guard.ts';
import { tearDown } from './teardown.ts';

export interface Owned {
  readonly prepared: Prepared;
  /** Ends every process and deletes the folder. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/** Starts the cluster in `dir`. Rejects, with nothing left behind, when that fails. */
export async function startOwned(dir: string, detach: boolean, start: () => Promise<Prepared>): Promise<Owned> {
  const watchdog = guard(dir);
  const stop = async () => {
    await tearDown(dir);
    watchdog.release();
  };
  try {
    const prepared = await start();
    if (detach) {
      prepared.runtime.disown();
      watchdog.release();
    }
    return { prepared, stop };
  } catch (error) {
    await stop().catch((also: Error) => {
      throw new Error(`${(error as Error).message}\nThen its end failed too: ${also.message}`, { cause: error });
    });
    throw error;
  }
}

// Many seeds on all cores: each worker thread takes the next seed as soon as it has finished one.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Result } from './run.ts';

/** A run's result, as it comes from a worker; the seed whose run itself broke down carries the reason. */
export type Finished = Result | { readonly seed: number; readonly crashed: string };

export interface PoolOptions {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly workers?: number | undefined;
  /** Returns false to let no more seeds begin. */
  readonly finished: (result: Finished) => boolean;
}

export async function runSeeds({
  from,
  to,
  steps,
  finished,
  workers = availableParallelism(),
}: PoolOptions): Promise<void> {
  let next = from;
  let goesOn = true;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      let seed = next;
      const take = () => {
        seed = next;
        next += 1;
        if (goesOn && seed <= to) worker.postMessage({ seed, steps });
        else void worker.terminate().then(() => resolve());
      };
      worker.on('message', (result: Finished) => {
        if (!finished(result)) goesOn = false;
        take();
      });
      worker.on('error', (error) => {
        finished({ seed, crashed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        reject(error);
      });
      take();
    });
  await Promise.all(Array.from({ length: Math.min(workers, to - from + 1) }, work));
}

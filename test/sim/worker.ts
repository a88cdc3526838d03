// A thread that runs seeds, one after the other.

import { parentPort } from 'node:worker_threads';
import { run } from './run.ts';

parentPort?.on('message', ({ seed, steps }: { readonly seed: number; readonly steps: number }) => {
  run({ seed, steps }).then(
    (result) => parentPort?.postMessage(result),
    (error: unknown) =>
      parentPort?.postMessage({ seed, crashed: error instanceof Error ? error.stack : String(error) }),
  );
});

// Our operator: one bundled file, as users have it, under an ordinary user with the chart's rights.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { operatorKubeconfig } from '../../e2e/operator/install.ts';
import { APPS } from '../../src/operator/resources.ts';
import { type Child, startChild } from './child.ts';
import { memoryLimit } from './memory-limit.ts';
import type { Place, Side, SideProcess, StartOptions } from './side.ts';

const LEADING_MS = 60_000;

let starts = 0;

export const OURS: Side = {
  name: 'ours',
  title: 'StatefulApp operator',
  resource: APPS,
  start: async (place, options = {}) => {
    starts += 1;
    const { instance = '1', lease = `bench-${process.pid}-${starts}` } = options;
    const user = `statefulapp-operator-bench-${instance}`;
    const kubeconfig = await operatorKubeconfig(place.cluster, user);
    const logFile = join(place.logs, `operator-${starts}.log`);
    const command = commandOf(place, options, [`--lease-namespace=default`, `--lease-name=${lease}`]);
    const child = startChild({ command, logFile, env: { KUBECONFIG: kubeconfig, NODE_ENV: 'production' } });
    return { ...child, ...endOf(child, place), user, leading: () => leading(child, logFile) };
  },
};

function commandOf(
  { bundle, profiles }: Place,
  { limitMiB }: StartOptions,
  flags: readonly string[],
): readonly string[] {
  const profiling =
    profiles === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${profiles}`];
  const limit = limitMiB === undefined ? [] : memoryLimit(limitMiB);
  return [...limit, process.execPath, ...profiling, join(bundle, 'operator.js'), '--address=127.0.0.1:0', ...flags];
}

/** A heap snapshot is asked for before the end, and a CPU profile is written at an orderly one. */
function endOf(child: Child, { profiles }: Place): Pick<SideProcess, 'end'> {
  return {
    end: async (signal) => {
      if (profiles !== undefined && signal === 'SIGTERM' && child.ended() === undefined)
        process.kill(child.pid, 'SIGUSR2');
      await child.end(signal);
    },
  };
}

/** From its log, whose lines say when they were written. */
async function leading(child: Child, logFile: string): Promise<number> {
  const deadline = performance.now() + LEADING_MS;
  for (;;) {
    const line = readFileSync(logFile, 'utf8')
      .split('\n')
      .find((text) => text.includes('"msg":"leading"'));
    if (line !== undefined) {
      const { time } = JSON.parse(line) as { readonly time: string };
      return Date.parse(time) - performance.timeOrigin;
    }
    if (child.ended() !== undefined)
      throw new Error(`The operator ended (${child.ended()}) before it led. See ${logFile}.`);
    if (performance.now() > deadline)
      throw new Error(`The operator does not lead ${LEADING_MS / 1000} s after this was awaited. See ${logFile}.`);
    await pause(20); // a log file tells nobody that it has grown
  }
}

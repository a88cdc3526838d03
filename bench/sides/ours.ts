// Our operator: one bundled file, as users have it, under an ordinary user with the chart's rights.
import { join } from 'node:path';
import { operatorKubeconfig } from '../../e2e/operator/install.ts';
import { APPS, FOLLOWED } from '../../src/operator/resources.ts';
import { type Child, startChild } from './child.ts';
import { memoryLimit } from './memory-limit.ts';
import type { Place, Side, SideProcess, StartOptions } from './side.ts';

let starts = 0;

/** What it says in its log, and how often, when it leads, has seen all there is, or was deposed. */
export const SAYS = {
  leading: ['"msg":"leading"', 1],
  synced: ['"msg":"watch has synced"', FOLLOWED.length],
  deposed: ['"msg":"not leading', 1],
} as const;

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
    return { ...child, ...endOf(child, place), user };
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

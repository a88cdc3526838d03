// B12: an operator in the memory that the chart gives to it, and more and more pods, until it no longer comes to an end with them. At
// each plateau it is also killed and has to start there.
import { usageOf } from '../measure/proc.ts';
import type { Run } from '../run.ts';
import { CHART_LIMIT_MIB } from '../sides/memory-limit.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';
import { APP_SIZE, DUE, fill, orDeath, restart } from './fill.ts';

interface Size extends Scale {
  readonly appsPerStep: number;
  readonly steps: number;
}

const RAMP: Case<Size> = {
  name: 'ramp',
  sizes: {
    full: { appsPerStep: 20, steps: 12, repeats: { ours: 1 } },
    quick: { appsPerStep: 1, steps: 2, repeats: { ours: 1 } },
  },
  isWarm: false,
  figures: ({ appsPerStep, steps }) => {
    const most = appsPerStep * steps * APP_SIZE;
    const limit = `in ${CHART_LIMIT_MIB} MiB`;
    return [
      { benchmark: 'B12', id: 'ramp.pods', what: `pods that converge ${limit}, tried up to ${most}`, unit: '' },
      {
        benchmark: 'B12',
        id: 'ramp.restart',
        what: `start to the due write at the last of these plateaus, ${limit}`,
        unit: 's',
      },
      { benchmark: 'B12', id: 'ramp.peak', what: `largest memory (RSS) in that start, ${limit}`, unit: 'MiB' },
    ];
  },
  run: async (run, size) => {
    await run.start({ limitMiB: CHART_LIMIT_MIB });
    await run.create({ name: DUE, replicas: 1 }, run.spare);
    await run.spare.until('the app to grow', () => run.spare.readyOf(DUE) === 1);
    let reached: Results = { 'ramp.pods': 0 };
    for (let step = 0; step < size.steps; step += 1) {
      try {
        reached = await plateau(run, step, size);
      } catch (error) {
        const why = run.process.ended() ?? (error instanceof Error ? error.message : String(error));
        run.say(`no further than ${reached['ramp.pods']} pods: ${why}`);
        break;
      }
    }
    return reached;
  },
};

async function plateau(run: Run, step: number, { appsPerStep }: Size): Promise<Results> {
  await orDeath(run.process, fill(run, step * appsPerStep, appsPerStep));
  checkPeak(run);
  const { seconds } = await restart(run, { limitMiB: CHART_LIMIT_MIB });
  await run.site.audit.quiet([run.process.user]);
  const { peakMiB } = checkPeak(run);
  const pods = (step + 1) * appsPerStep * APP_SIZE;
  run.say(`${pods} pods; a restart took ${seconds.toFixed(2)} s and at most ${peakMiB.toFixed(0)} MiB`);
  return { 'ramp.pods': pods, 'ramp.restart': seconds, 'ramp.peak': peakMiB };
}

/** Where there is no cgroup to enforce the limit, the peak tells that it would have been the end. */
function checkPeak({ process }: Run): { readonly peakMiB: number } {
  const { peakMiB } = usageOf(process.pid) ?? { peakMiB: Number.NaN };
  if (peakMiB > CHART_LIMIT_MIB)
    throw new Error(`the operator took ${peakMiB.toFixed(0)} MiB, more than ${CHART_LIMIT_MIB}`);
  return { peakMiB };
}

export const ramp = sized(RAMP);

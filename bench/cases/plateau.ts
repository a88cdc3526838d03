// B6, B7, B8: a cluster full of pods in which nothing happens, and a controller that is killed and started anew in it while one more
// member is due elsewhere.
import { setTimeout as pause } from 'node:timers/promises';
import { usageOf } from '../measure/proc.ts';
import { isWrite, tallyOf } from '../measure/tally.ts';
import { summarize } from '../report/statistics.ts';
import type { Run } from '../run.ts';
import { CHART_LIMIT_MIB } from '../sides/memory-limit.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';
import { APP_SIZE, DUE, fill, restart } from './fill.ts';

interface Size extends Scale {
  readonly apps: number;
  readonly idleSeconds: number;
  readonly restarts: number;
}

/** Ours as the chart runs it: how much a process keeps depends on how much it may. */
const LIMIT = { limitMiB: CHART_LIMIT_MIB };

const PLATEAU: Case<Size> = {
  name: 'plateau',
  sizes: {
    full: { apps: 100, idleSeconds: 60, restarts: 5, repeats: { ours: 1, unthrottled: 1 } },
    quick: { apps: 2, idleSeconds: 10, restarts: 2, repeats: { ours: 1, unthrottled: 1 } },
  },
  isWarm: false,
  figures: ({ apps, idleSeconds, restarts }) => {
    const pods = `${apps * APP_SIZE} pods`;
    const idle = `${pods}, idle for ${idleSeconds} s`;
    return [
      { benchmark: 'B6', id: 'idle.writes', what: `writes, ${idle}`, unit: '' },
      { benchmark: 'B6', id: 'idle.lists', what: `reads and lists, ${idle}`, unit: '' },
      { benchmark: 'B6', id: 'idle.cpu', what: `share of a core, ${idle}`, unit: '%' },
      {
        benchmark: 'B7',
        id: 'idle.rss',
        what: `memory (RSS) after a restart, ${pods} and as many claims`,
        unit: 'MiB',
      },
      {
        benchmark: 'B7',
        id: 'idle.rss-grown',
        what: `memory (RSS) of the process that made them, ${pods}`,
        unit: 'MiB',
      },
      { benchmark: 'B7', id: 'idle.peak', what: `largest memory (RSS) in a restart, ${pods}`, unit: 'MiB' },
      {
        benchmark: 'B8',
        id: 'restart.time',
        what: `start to the due write, ${pods}, median of ${restarts}`,
        unit: 's',
      },
      {
        benchmark: 'B8',
        id: 'restart.others',
        what: `writes that were not due, ${restarts} restarts, ${pods}`,
        unit: '',
      },
    ];
  },
  run: measure,
};

async function measure(run: Run, { apps, idleSeconds, restarts }: Size): Promise<Results> {
  const { site, scene, spare } = run;
  await run.start(LIMIT);
  await run.create({ name: DUE, replicas: 1 }, spare);
  await spare.until('the app to grow', () => spare.readyOf(DUE) === 1);
  await fill(run, 0, apps);
  const { user } = run.process;
  await site.audit.quiet([user]);
  const idle = await idling(run, idleSeconds);
  const grown = usageOf(run.process.pid);

  const from = await site.audit.mark();
  const seconds: number[] = [];
  for (let turn = 0; turn < restarts; turn += 1) {
    const again = await restart(run, LIMIT);
    await site.audit.quiet([user]);
    run.say(`restart ${turn + 1}: the due write after ${again.seconds.toFixed(2)} s`);
    seconds.push(again.seconds);
  }
  const entries = await site.audit.between(from, await site.audit.mark(), [user]);
  const others = entries.filter((entry) => isWrite(entry) && entry.namespace === scene.namespace);
  if (others.length > 0) run.say(`not due: ${JSON.stringify(tallyOf(others).by)}`);
  const { rssMiB = Number.NaN, peakMiB = Number.NaN } = usageOf(run.process.pid) ?? {};
  return {
    ...idle,
    'idle.rss': rssMiB,
    'idle.rss-grown': grown?.rssMiB ?? Number.NaN,
    'idle.peak': peakMiB,
    'restart.time': summarize(seconds)?.median ?? Number.NaN,
    'restart.others': others.length,
  };
}

/** Here time itself is what is awaited: nothing may happen in it. */
async function idling(run: Run, seconds: number): Promise<Results> {
  const meter = await run.meter();
  await pause(1000 * seconds);
  const { tally, cpu, seconds: real } = await meter.read();
  run.say(
    `idle for ${real.toFixed(0)} s: ${JSON.stringify(tally.by)}, ${cpu.controller.toFixed(2)} s of processor time`,
  );
  return {
    'idle.writes': tally.writes,
    'idle.lists': tally.lists + tally.reads,
    'idle.cpu': (100 * cpu.controller) / real,
  };
}

export const plateau = sized(PLATEAU);

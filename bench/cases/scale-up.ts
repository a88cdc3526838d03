// B1, B2 and what each replica costs (B5): one new app, from the request that creates it until all of its pods are Ready.
import type { Run } from '../run.ts';
import { type Case, type Figure, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  readonly replicas: number;
}

const ALL_SIDES = (repeats: number) => ({ ours: repeats, unthrottled: repeats, default: repeats });

interface Kind {
  readonly name: string;
  readonly benchmark: string;
  readonly policy: 'Parallel' | 'OrderedReady';
  readonly full: number;
  readonly quick: number;
}

function scaleUp({ name, benchmark, policy, full, quick }: Kind): Case<Size> {
  return {
    name,
    sizes: {
      full: { replicas: full, repeats: ALL_SIDES(5) },
      quick: { replicas: quick, repeats: ALL_SIDES(1) },
    },
    bindsClaims: false,
    figures: ({ replicas }): readonly Figure[] => [
      { benchmark, id: `${name}.time`, what: `${replicas} ${policy}, until all are Ready`, unit: 's' },
      { benchmark: 'B5', id: `${name}.writes`, what: `writes per replica, ${replicas} ${policy}`, unit: '' },
      { benchmark: 'B5', id: `${name}.reads`, what: `reads per replica, ${replicas} ${policy}`, unit: '' },
      { benchmark: 'B5', id: `${name}.events`, what: `Events per replica, ${replicas} ${policy}`, unit: '' },
      {
        benchmark: 'B5',
        id: `${name}.conflicts`,
        what: `share of writes that conflict, ${replicas} ${policy}`,
        unit: '%',
      },
    ],
    run: (run, { replicas }) => measure(run, { name, replicas, isParallel: policy === 'Parallel' }),
  };
}

async function measure(run: Run, { name, replicas, isParallel }: Shape): Promise<Results> {
  const meter = await run.meter();
  const startedAtMs = performance.now();
  await run.create({ name: 'web', replicas, isParallel });
  const seconds = ((await run.allReady(replicas)) - startedAtMs) / 1000;
  const { tally } = await meter.settled();
  run.record(tally, replicas);
  run.say(`${seconds.toFixed(2)} s, ${tally.writes} writes`);
  return {
    [`${name}.time`]: seconds,
    [`${name}.writes`]: tally.writes / replicas,
    [`${name}.reads`]: (tally.reads + tally.lists) / replicas,
    [`${name}.events`]: tally.events / replicas,
    [`${name}.conflicts`]: (100 * tally.conflicts) / tally.writes,
  };
}

interface Shape {
  readonly name: string;
  readonly replicas: number;
  readonly isParallel: boolean;
}

export const SCALE_UP = [
  sized(scaleUp({ name: 'parallel', benchmark: 'B1', policy: 'Parallel', full: 200, quick: 50 })),
  sized(scaleUp({ name: 'ordered-50', benchmark: 'B2', policy: 'OrderedReady', full: 50, quick: 10 })),
  sized(scaleUp({ name: 'ordered-200', benchmark: 'B2', policy: 'OrderedReady', full: 200, quick: 30 })),
];

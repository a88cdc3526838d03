// B10: every app gets another image at once, until all pods that are Ready have it.
import type { Run } from '../run.ts';
import { IMAGE, manifestOf, NEXT_IMAGE } from '../sides/manifest.ts';
import { NODES } from '../site.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  readonly apps: number;
}

const MEMBERS = 3;

const ROLLING: Case<Size> = {
  name: 'rolling',
  sizes: {
    full: { apps: 100, repeats: { ours: 5, unthrottled: 5, default: 1 } },
    quick: { apps: 10, repeats: { ours: 1, unthrottled: 1, default: 1 } },
  },
  figures: ({ apps }) => {
    const what = `rolling update of ${apps} x ${MEMBERS}`;
    return [
      { benchmark: 'B10', id: 'rolling.time', what: `${what}, until all are Ready with the new image`, unit: 's' },
      { benchmark: 'B10', id: 'rolling.writes', what: `writes per replica, ${what}`, unit: '' },
      { benchmark: 'B10', id: 'rolling.reads', what: `reads per replica, ${what}`, unit: '' },
      { benchmark: 'B10', id: 'rolling.dry-runs', what: `dry runs per replica, ${what}`, unit: '' },
    ];
  },
  run: measure,
};

async function measure(run: Run, { apps }: Size): Promise<Results> {
  const { scene, site } = run;
  const shapes = Array.from({ length: apps }, (_, index) => ({
    name: `app-${index}`,
    replicas: MEMBERS,
    isParallel: false,
    image: IMAGE,
    node: index % NODES,
  }));
  const replicas = apps * MEMBERS;
  await run.createAll(shapes);
  await run.allReady(replicas);
  await site.audit.quiet([run.process.user]);
  const { containers } = manifestOf({ name: '', replicas, image: NEXT_IMAGE }).spec.template.spec;
  const meter = await run.meter();
  const startedAtMs = performance.now();
  const names = shapes.map(({ name }) => name);
  await run.patchAll(names, { spec: { template: { spec: { containers } } } });
  const endedAtMs = await scene.until('all pods to have the new image', () => scene.readyWith(NEXT_IMAGE) === replicas);
  const seconds = (endedAtMs - startedAtMs) / 1000;
  const { tally } = await meter.settled();
  run.record(tally, replicas);
  run.say(`${seconds.toFixed(2)} s, ${tally.writes} writes`);
  return {
    'rolling.time': seconds,
    'rolling.writes': tally.writes / replicas,
    'rolling.reads': (tally.reads + tally.lists) / replicas,
    'rolling.dry-runs': tally.dryRuns / replicas,
  };
}

export const rolling = sized(ROLLING);

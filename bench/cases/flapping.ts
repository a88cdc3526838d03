// Whether one app that never comes to rest starves the others: its number of members changes ten times a second, while pods of the others
// are deleted one after another. How long those take to be whole again is compared with the same before it began.
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../report/statistics.ts';
import type { Run } from '../run.ts';
import { NODES } from '../site.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  readonly apps: number;
  readonly replacements: number;
}

const MEMBERS = 3;
const FLAPPER = 'flapper';
const PERIOD_MS = 100;

const FLAPPING: Case<Size> = {
  name: 'flapping',
  sizes: {
    full: { apps: 300, replacements: 200, repeats: { ours: 2, unthrottled: 2 } },
    quick: { apps: 10, replacements: 20, repeats: { ours: 1, unthrottled: 1 } },
  },
  figures: ({ apps, replacements }) => {
    const what = `${replacements} replacements in ${apps} apps beside one that flaps`;
    return [
      { benchmark: 'F2', id: 'flapping.p50', what: `${what}, gone to Ready, p50`, unit: 'ms' },
      { benchmark: 'F2', id: 'flapping.p99', what: `${what}, gone to Ready, p99`, unit: 'ms' },
      { benchmark: 'F2', id: 'flapping.slower', what: `${what}, p50 by that without it`, unit: '' },
    ];
  },
  run: measure,
};

async function measure(run: Run, { apps, replacements }: Size): Promise<Results> {
  const shapes = Array.from({ length: apps }, (_, index) => ({
    name: `app-${index}`,
    replicas: MEMBERS,
    node: index % NODES,
  }));
  await run.createAll(shapes);
  await run.create({ name: FLAPPER, replicas: 1, isParallel: true }, run.spare);
  await run.allReady(apps * MEMBERS);
  await run.site.audit.quiet([run.process.user]);
  const names = shapes.map(({ name }) => name);
  const before = await replaceAll(run, names, replacements);
  const flaps = flap(run);
  const beside = await replaceAll(run, names, replacements);
  const changes = await flaps.end();
  const [p50, p99] = [percentile(beside, 50), percentile(beside, 99)];
  run.say(`p50 ${percentile(before, 50).toFixed(1)} ms before, ${p50.toFixed(1)} ms beside ${changes} changes`);
  return { 'flapping.p50': p50, 'flapping.p99': p99, 'flapping.slower': p50 / percentile(before, 50) };
}

/** Milliseconds from each pod's end until its successor is Ready, pods of different apps, one after the other. */
async function replaceAll(run: Run, apps: readonly string[], count: number): Promise<readonly number[]> {
  const { scene } = run;
  const total = apps.length * MEMBERS;
  const times: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const name = `${apps[turn % apps.length]}-${turn % MEMBERS}`;
    const old = scene.uid(name);
    let goneAtMs = Number.NaN;
    const stop = scene.listen((event) => {
      if (event.name === name && event.type === 'deleted') goneAtMs = event.atMs;
    });
    await run.deletePod(name);
    const readyAtMs = await scene.until(`${name} to be back`, () => scene.uid(name) !== old && scene.ready === total);
    stop();
    times.push(readyAtMs - goneAtMs);
  }
  return times;
}

/** One member, two, one, two … until it is ended; resolves then with how many changes there were. */
function flap(run: Run): { readonly end: () => Promise<number> } {
  let changes = 0;
  let isOver = false;
  const going = (async () => {
    while (!isOver) {
      changes += 1;
      await run.patch(FLAPPER, { spec: { replicas: 1 + (changes % 2) } }, run.spare);
      await pause(PERIOD_MS);
    }
  })();
  going.catch(() => {}); // told at the end
  return {
    end: async () => {
      isOver = true;
      await going;
      return changes;
    },
  };
}

export const flapping = sized(FLAPPING);

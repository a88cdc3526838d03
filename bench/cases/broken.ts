// Whether apps that cannot start slow the others: the same number of sound apps, first alone, then with broken ones among them, whose
// image cannot be pulled. One process does both, so that it is as warm for the second as for the first.
import { percentile } from '../report/statistics.ts';
import type { Run } from '../run.ts';
import { type AppShape, IMAGE } from '../sides/manifest.ts';
import { NODES } from '../site.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  /** Of each half, broken ones included. */
  readonly apps: number;
}

const MEMBERS = 3;
/** Every tenth. */
const ONE_IN = 10;
/** What fake kubelets cannot pull. */
const BROKEN_IMAGE = 'does-not-exist:1';

const BROKEN: Case<Size> = {
  name: 'broken',
  sizes: {
    full: { apps: 1000, repeats: { ours: 2, unthrottled: 2 } },
    quick: { apps: 20, repeats: { ours: 1, unthrottled: 1 } },
  },
  bindsClaims: false,
  figures: ({ apps }) => {
    const what = `${apps} x ${MEMBERS} at once, one in ${ONE_IN} broken`;
    return [
      { benchmark: 'F1', id: 'broken.time', what: `${what}, until the sound ones are Ready`, unit: 's' },
      { benchmark: 'F1', id: 'broken.p99', what: `${what}, a sound app's own time, p99`, unit: 's' },
      { benchmark: 'F1', id: 'broken.slower', what: `${what}, by the time of the sound ones alone`, unit: '' },
    ];
  },
  run: measure,
};

async function measure(run: Run, { apps }: Size): Promise<Results> {
  const isBroken = (index: number) => index % ONE_IN === ONE_IN - 1;
  const shapes = (half: string) =>
    Array.from({ length: apps }, (_, index) => ({
      name: `${half}-${index}`,
      replicas: MEMBERS,
      node: index % NODES,
      image: isBroken(index) ? BROKEN_IMAGE : IMAGE,
    }));
  const isSound = ({ image }: AppShape) => image === IMAGE;
  const alone = await half(run, shapes('alone').filter(isSound), isSound);
  await run.site.audit.quiet([run.process.user]);
  const among = await half(run, shapes('among'), isSound);
  const [aloneP99, p99] = [percentile(alone, 99), percentile(among, 99)];
  const [before, time] = [Math.max(...alone), Math.max(...among)];
  run.say(
    `alone ${before.toFixed(2)} s (p99 ${aloneP99.toFixed(2)}), with broken ones ${time.toFixed(2)} s (p99 ${p99.toFixed(2)})`,
  );
  return { 'broken.time': time, 'broken.p99': p99, 'broken.slower': time / before };
}

/** Seconds of each sound app from the first request of all on. */
async function half(
  run: Run,
  shapes: readonly AppShape[],
  isSound: (shape: AppShape) => boolean,
): Promise<readonly number[]> {
  const { scene } = run;
  const waiting = new Set(shapes.filter(isSound).map(({ name }) => name));
  const seconds: number[] = [];
  const startedAtMs = performance.now();
  const stop = scene.listen(({ app, atMs }) => {
    if (scene.readyOf(app) === MEMBERS && waiting.delete(app)) seconds.push((atMs - startedAtMs) / 1000);
  });
  await run.createAll(shapes);
  await scene.until('all sound apps to be Ready', () => waiting.size === 0);
  stop();
  return seconds;
}

export const broken = sized(BROKEN);

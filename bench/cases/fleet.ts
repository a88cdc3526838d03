// B3, B11 and what each replica costs (B5) where there are many small apps: all created at once, from the first request until
// the last pod is Ready. Fair is who lets the slowest apps wait hardly longer than the others.
import { percentile } from '../report/statistics.ts';
import type { Run } from '../run.ts';
import { NODES } from '../site.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  readonly apps: number;
}

const MEMBERS = 3;
const THOUSAND = 1000;

const FLEET: Case<Size> = {
  name: 'fleet',
  sizes: {
    full: { apps: 1000, repeats: { ours: 5, unthrottled: 5, default: 1 } },
    quick: { apps: 30, repeats: { ours: 1, unthrottled: 1, default: 1 } },
  },
  bindsClaims: false,
  figures: ({ apps }) => {
    const what = `${apps} x ${MEMBERS} OrderedReady`;
    return [
      { benchmark: 'B3', id: 'fleet.time', what: `${what}, until all are Ready`, unit: 's' },
      { benchmark: 'B3', id: 'fleet.p50', what: `${what}, an app's own time, p50`, unit: 's' },
      { benchmark: 'B3', id: 'fleet.p99', what: `${what}, an app's own time, p99`, unit: 's' },
      { benchmark: 'B3', id: 'fleet.fairness', what: `${what}, p99 of apps divided by p50`, unit: '' },
      { benchmark: 'B5', id: 'fleet.writes', what: `writes per replica, ${what}`, unit: '' },
      { benchmark: 'B5', id: 'fleet.reads', what: `reads per replica, ${what}`, unit: '' },
      { benchmark: 'B5', id: 'fleet.events', what: `Events per replica, ${what}`, unit: '' },
      { benchmark: 'B5', id: 'fleet.conflicts', what: `share of writes that conflict, ${what}`, unit: '%' },
      {
        benchmark: 'B11',
        id: 'fleet.cpu',
        what: `processor time of the controller per 1,000 replicas, ${what}`,
        unit: 's',
      },
      { benchmark: 'B11', id: 'fleet.cpu-api', what: `of the API server per 1,000 replicas, ${what}`, unit: 's' },
      { benchmark: 'B11', id: 'fleet.cpu-etcd', what: `of etcd per 1,000 replicas, ${what}`, unit: 's' },
    ];
  },
  run: measure,
};

async function measure(run: Run, { apps }: Size): Promise<Results> {
  const shapes = Array.from({ length: apps }, (_, index) => ({
    name: `app-${index}`,
    replicas: MEMBERS,
    node: index % NODES,
  }));
  const { scene } = run;
  const [askedAt, readyAt] = [new Map<string, number>(), new Map<string, number>()];
  const stop = scene.listen(({ app, atMs }) => {
    if (!readyAt.has(app) && scene.readyOf(app) === MEMBERS) readyAt.set(app, atMs);
  });
  const meter = await run.meter();
  const startedAtMs = performance.now();
  await run.createAll(shapes, ({ name }) => askedAt.set(name, performance.now()));
  const seconds = ((await run.allReady(apps * MEMBERS)) - startedAtMs) / 1000;
  stop();
  const { tally, cpu } = await meter.settled();
  const own = [...readyAt].map(([app, atMs]) => (atMs - (askedAt.get(app) ?? startedAtMs)) / 1000);
  const [p50, p99] = [percentile(own, 50), percentile(own, 99)];
  const replicas = apps * MEMBERS;
  run.record(tally, replicas);
  run.say(`${seconds.toFixed(2)} s, ${tally.writes} writes, processor time ${JSON.stringify(cpu)}`);
  return {
    'fleet.time': seconds,
    'fleet.p50': p50,
    'fleet.p99': p99,
    'fleet.fairness': p99 / p50,
    'fleet.writes': tally.writes / replicas,
    'fleet.reads': (tally.reads + tally.lists) / replicas,
    'fleet.events': tally.events / replicas,
    'fleet.conflicts': (100 * tally.conflicts) / tally.writes,
    'fleet.cpu': (THOUSAND * cpu.controller) / replicas,
    'fleet.cpu-api': (THOUSAND * cpu.apiServer) / replicas,
    'fleet.cpu-etcd': (THOUSAND * cpu.etcd) / replicas,
  };
}

export const fleet = sized(FLEET);

// Crashes and faults on a real API server. The operator runs in this process, behind a proxy that loses, cuts and slows what
// it says: it dies at every write of every workflow, in three ways, and always comes to the end that it would have come to;
// and it lives through two minutes in which three in ten of its requests go wrong.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { wordsOf } from '../../e2e/faults/requests.ts';
import { type Upstream, upstreamOf } from '../../e2e/faults/upstream.ts';
import { OPERATOR_USER, operatorKubeconfig } from '../../e2e/operator/install.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';
import { type AuditEntry, operatorRequests, tally } from './audit.ts';
import { type Baseline, baselineOf, enumerateCrashes } from './faults/enumeration.ts';
import { POINTS } from './faults/instance.ts';
import { crashTwice } from './faults/pairs.ts';
import { Pool } from './faults/pool.ts';
import { afterMs, type Ground, perform } from './faults/run.ts';
import { groundless, weatherStorm } from './faults/storm.ts';
import { endedUnseen, silentWatches } from './faults/unseen.ts';
import { VOLUME_WORKFLOWS } from './faults/volume-workflows.ts';
import { CREATE_FIVE, DELETE, WORKFLOWS, type Workflow } from './faults/workflows.ts';
import { openStage } from './stage.ts';

// A bound on what hangs: all runs wait for places in one pool, so the last test takes as long as all together.
vi.setConfig({ maxConcurrency: 32, testTimeout: 900_000 });

const ALL = [...WORKFLOWS, ...VOLUME_WORKFLOWS];
const SEED = Number(process.env['STATEFULAPP_SEED'] ?? 1);
const STORM_USER = `${OPERATOR_USER}-storm`;

let ground: Ground;
let stormy: Upstream;
/** Many of them wait most of the time, for a pod's end that nobody saw. */
const pool = new Pool(14);
const baselines = new Map<Workflow, Baseline>();

beforeAll(async () => {
  const stage = await openStage({ name: 'faults' });
  const upstream = await upstreamOf(await operatorKubeconfig(stage.cluster));
  stormy = await upstreamOf(await operatorKubeconfig(stage.cluster, STORM_USER));
  ground = { stage, upstream, telemetry: new Telemetry(1) };
});
afterAll(async () => {
  await ground?.stage.end();
  ground?.upstream.agent.destroy();
  stormy?.agent.destroy();
});

function baseline(workflow: Workflow): Baseline {
  const known = baselines.get(workflow);
  if (known === undefined) throw new Error(`${workflow.name} has not been run without a crash yet`);
  return known;
}

const isDeletion = ({ verb }: AuditEntry): boolean => verb.startsWith('delete');
/** One by one, by UID: pods; and as they were when that was decided, revisions and claims that nobody needs any more. */
const isUnsafe = ({ verb, resource, body }: AuditEntry): boolean => {
  const { uid, resourceVersion } = body?.preconditions ?? {};
  const asSeen = ['controllerrevisions', 'persistentvolumeclaims'].includes(resource);
  const names = resource === 'pods' ? [uid] : asSeen ? [uid, resourceVersion] : [undefined];
  return verb !== 'delete' || names.includes(undefined);
};

test('without a crash each workflow ends, and always alike', async () => {
  const few = new Pool(3);
  const all = [CREATE_FIVE, ...ALL];
  for (const one of await Promise.all(all.map((workflow) => baselineOf(ground, few, workflow)))) {
    baselines.set(one.workflow, one);
  }
});

/** Alone: the lives are so short that on a busy machine they would come to nothing. */
test('an operator that dies every 200 ms for 20 s, while 5 members are to be created, leads to the same end', async () => {
  const { state } = baseline(CREATE_FIVE);
  const ends = Array.from({ length: 100 }, () => afterMs(200));
  const run = await perform(ground, { workflow: CREATE_FIVE, ends, expected: state });
  expect(run.faults).toEqual([]);
  expect(run.crashes).toBe(100);
  const writers = run.acts.slice(0, -1).filter((acts) => acts.length > 0).length;
  console.log(
    `crash loop: ${writers} of 100 lives wrote something, ${run.acts.at(-1)?.length} writes were left to the last`,
  );
  expect(writers).toBeGreaterThan(0);
});

describe.concurrent('a crash at every write,', () => {
  test.each(ALL)('$name: the end is the one without a crash', async (workflow) => {
    const plan = baseline(workflow);
    const { writes, hits, missed, faults } = await enumerateCrashes(ground, pool, plan);
    console.log(`${workflow.name}: ${writes} writes, ${hits} crashes; not met: ${JSON.stringify(missed)}`);
    expect(faults).toEqual([]);
    expect(hits + missed.length).toBe(POINTS.length * writes);
    expect(hits).toBeGreaterThanOrEqual(POINTS.length * plan.cuts.filter(({ certain }) => certain).length);
  });

  test('and a second one in the recovery: the end is the same', async () => {
    const known = ALL.map(baseline);
    const { pairs, runs, faults } = await crashTwice(ground, pool, { baselines: known, seed: SEED, pairs: 30 });
    console.log(`${pairs} pairs of crashes in ${runs} runs, seed ${SEED}`);
    expect(faults).toEqual([]);
    expect(pairs).toBeGreaterThanOrEqual(30);
  });

  test.each([0, 50, 200])(
    'an operator that dies %i ms after its app was deleted has nothing to do in its next life',
    async (ms) => {
      const ends = [afterMs(ms)];
      const run = await pool.run(() => perform(ground, { workflow: DELETE, ends, expected: baseline(DELETE).state }));
      expect(run.faults).toEqual([]);
      // One that was on its way as the app went may still come, and finds nothing.
      expect(run.acts.flatMap((acts) => acts.filter(({ status = 0 }) => status < 300)).map(wordsOf)).toEqual([]);
    },
  );

  test('a pod that ended while no operator was there is not made again before it can have stopped', () =>
    endedUnseen(ground));

  test('watches that fall silent with their connections open are noticed', () => silentWatches(ground));

  test('three in ten requests go wrong for two minutes: then it converges, nothing is lost, and it is silent', async () => {
    const aftermath = await weatherStorm(ground, stormy, SEED);
    const { scene, requests, harmed, convergedAfterMs, late } = aftermath;
    const asked = operatorRequests(ground.stage.cluster.auditLog).filter(({ user }) => user === STORM_USER);
    const deletions = asked.filter(isDeletion);
    console.log(
      `storm, seed ${SEED}: ${harmed} of ${requests} requests harmed, converged after ${Math.round(convergedAfterMs)} ms`,
    );
    console.log(JSON.stringify(tally(asked)));
    expect(harmed / requests).toBeGreaterThan(0.2);
    expect(late).toEqual([]);
    expect(scene.gone('claims')).toEqual([]);
    expect(scene.claims()).toHaveLength(5 + 4 + 2 + 5);
    expect(deletions.length).toBeGreaterThanOrEqual(3);
    expect(deletions.filter(isUnsafe)).toEqual([]);
    expect(deletions.filter(({ resource }) => resource === 'persistentvolumeclaims')).toEqual([]);
    expect(groundless(aftermath, deletions)).toEqual([]);
  });
});

describe('over all of that', () => {
  test('no plan broke a rule, and every deletion named its UID', async () => {
    expect(await ground.telemetry.registry.getSingleMetricAsString('statefulapp_assertions_total')).toMatch(
      /_total 0$/m,
    );
    const deletions = operatorRequests(ground.stage.cluster.auditLog).filter(isDeletion);
    expect(deletions.length).toBeGreaterThan(100);
    for (const kind of ['controllerrevisions', 'persistentvolumeclaims'])
      expect(deletions.filter(({ resource }) => resource === kind).length).toBeGreaterThan(0);
    expect(deletions.filter(isUnsafe)).toEqual([]);
  });
});

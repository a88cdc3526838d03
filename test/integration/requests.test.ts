// What the operator asks of the API server for its main work, from the audit log: creation of members, a replacement, a change
// that changes nothing. Counts are exact, and a new request is a decision: whoever adds one changes a number here. Only the
// number of status patches depends on time, since what happens within a moment is told together: they are bounded by it.
// Times are measured in bench/.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { APPS } from '../../src/operator/resources.ts';
import { isRenewal, operatorRequests, tally } from './audit.ts';
import { app, isReady, openStage, type Scene, type Stage } from './stage.ts';
import { specOf } from './volumes/disks.ts';

let stage: Stage;
let operator: OperatorProcess;

beforeAll(async () => {
  stage = await openStage({ name: 'requests' });
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGTERM');
  await stage?.end();
});

const PATCH = 'patch statefulapps/status';
/** An app's status is written at most so often (STATUS_EVERY_MS of src/operator/status-pace.ts). */
const STATUS_EVERY_MS = 100;

/** Once per app: nobody else works on it, its template is tried, what a selector of its own might find is looked for. */
const PER_APP = {
  'get statefulapps': 1,
  'get statefulsets': 1,
  'create podtemplates': 1,
  'list pods': 1,
  'list persistentvolumeclaims': 1,
  'create controllerrevisions': 1,
  'create services': 1,
};

test.each([
  ['Parallel', 100],
  ['OrderedReady', 50],
])(
  '%s: a claim, a pod and a look at the volume for each of %i members',
  async (podManagementPolicy, replicas) => {
    const scene = await stage.namespace();
    const requests = await during(scene, async () => {
      await scene.create(APPS, app({ spec: { replicas, podManagementPolicy } }));
      await scene.ready('web', 120);
      await disksRecorded(scene, replicas);
    });
    const { [PATCH]: patches = 0, ...others } = requests.counts;
    expect(others).toEqual({
      ...PER_APP,
      'create persistentvolumeclaims': replicas,
      'create pods': replicas,
      'get persistentvolumes': replicas,
    });
    expect(patches).toBeLessThanOrEqual(requests.ms / STATUS_EVERY_MS);
    console.log(`${podManagementPolicy}: ${(patches / replicas).toFixed(2)} status patches a member`);
  },
  180_000,
);

test('a replacement: a look at its volume, and one creation', async () => {
  const scene = await stage.namespace();
  await scene.start(app());
  await disksRecorded(scene, 3);
  for (const name of ['web-0', 'web-1', 'web-2']) {
    const former = scene.pod(name)?.metadata.uid;
    const { counts, ms } = await during(scene, async () => {
      await scene.deletePod(name);
      await scene.until(
        `${name} to be replaced`,
        () => scene.pod(name)?.metadata.uid !== former && isReady(scene.pod(name)),
      );
      await scene.ready('web');
    });
    const { [PATCH]: patches = 0, ...others } = counts;
    expect(others).toEqual({ 'get persistentvolumes': 1, 'create pods': 1 });
    expect(patches).toBeLessThanOrEqual(ms / STATUS_EVERY_MS);
  }
}, 90_000);

test('what changes nothing costs nothing', async () => {
  const scene = await stage.namespace();
  await scene.start(app());
  await disksRecorded(scene, 3);
  const { counts } = await during(scene, async () => {
    await scene.kubectl('label', 'statefulapp', 'web', 'mine=yes');
    await scene.kubectl('annotate', 'pod', 'web-1', 'mine=yes');
    await scene.kubectl('annotate', 'pvc', 'data-web-1', 'mine=yes');
    await scene.kubectl('annotate', 'service', 'web', 'mine=yes');
  });
  expect(counts).toEqual({});
}, 90_000);

interface Requests {
  /** Without Events, whose number depends on what is told together; "create pods" … -> how many. */
  readonly counts: Readonly<Record<string, number>>;
  readonly ms: number;
}

/** All that the operator asks for about this namespace until nothing is left to do after `act`. */
async function during(scene: Scene, act: () => Promise<void>): Promise<Requests> {
  const from = Date.now();
  await act();
  await settled();
  const volumes = new Set(scene.claims().map((claim) => specOf(claim).volumeName));
  const seen = operatorRequests(stage.cluster.auditLog).filter(
    ({ atMs, verb, namespace, resource, name }) =>
      atMs >= from &&
      verb !== 'watch' &&
      resource !== 'events' &&
      (namespace === scene.name || (resource === 'persistentvolumes' && volumes.has(name))),
  );
  return { counts: tally(seen), ms: Date.now() - from };
}

/** Renewals of the Lease come every two seconds: what was due at once is in the audit log before the second one. */
async function settled(): Promise<void> {
  const from = Date.now();
  const renewals = () =>
    operatorRequests(stage.cluster.auditLog).filter((entry) => isRenewal(entry) && entry.atMs >= from).length;
  while (renewals() < 2) await pause(100); // a log file tells nobody that it has grown
}

async function disksRecorded(scene: Scene, replicas: number): Promise<void> {
  await scene.until('all disks to be recorded', () => {
    const claims = scene.app('web')?.status?.members?.flatMap((member) => member.claims ?? []) ?? [];
    return claims.length === replicas && claims.every(({ disk }) => disk !== undefined);
  });
}

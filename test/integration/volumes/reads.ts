// What looking at volumes costs, from the API server's audit log: no watch shows them, so each look is a request (docs/adr/0012).
// Also an operator that may not read them: then volumes are told apart by their names, and where a disk is recorded nothing is
// made on it (R7).

import { describe, expect, test } from 'vitest';
import { until } from '../../../e2e/cluster/requests.ts';
import { OPERATOR_USER } from '../../../e2e/operator/install.ts';
import type { ApiResource } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { operatorRequests } from '../audit.ts';
import { A, B, isOfWeb, updated } from '../semantics/rolling.ts';
import { app, condition, isReady, type Scene } from '../stage.ts';
import {
  atRisk,
  claimStatus,
  claimTemplate,
  dropClaim,
  handleOf,
  onDisks,
  record,
  specOf,
  swapDisk,
  templates,
  volumeOf,
} from './disks.ts';

/** When the operator asked for this volume. */
const timesOfReads = (scene: Scene, volume: string | undefined): readonly number[] =>
  operatorRequests(scene.cluster.auditLog)
    .filter(({ verb, resource, name }) => verb === 'get' && resource === 'persistentvolumes' && name === volume)
    .map(({ atMs }) => atMs);
/** How often the volume behind each claim was asked for. */
function reads(scene: Scene): Readonly<Record<string, number>> {
  const names = Object.keys(scene.uids('claims'));
  const count = (claim: string) => timesOfReads(scene, specOf(scene.claim(claim)).volumeName).length;
  return Object.fromEntries(names.map((name) => [name, count(name)]));
}
/** The log is a moment behind the answers. Too many are too many for good. */
const counted = (scene: Scene, expected: Readonly<Record<string, number | undefined>>): Promise<void> =>
  until(
    async () => JSON.stringify(reads(scene)) === JSON.stringify(expected),
    20_000,
    () => `volumes were read ${JSON.stringify(reads(scene))} times, not ${JSON.stringify(expected)}`,
  );
const all = (...[data0, data1, wal0, wal1]: readonly number[]) => ({
  'data-web-0': data0,
  'data-web-1': data1,
  'wal-web-0': wal0,
  'wal-web-1': wal1,
});

export function aboutReads(open: () => Promise<Scene>): void {
  describe.concurrent('reads of volumes:', () => {
    test('one for each claim that is bound, one before its pod is made again, two where we take the pod away', async () => {
      const scene = await open();
      const claims = templates(claimTemplate('data'), claimTemplate('wal'));
      await scene.start(app({ spec: { replicas: 2, ...A, ...claims } }), 90);
      await Promise.all(Object.keys(scene.uids('claims')).map((name) => record(scene, name)));
      await counted(scene, all(1, 1, 1, 1));
      await scene.deletePod('web-1');
      await scene.until(
        'web-1 to be back',
        () => scene.made('pods', 'web-1').length === 2 && isReady(scene.pod('web-1')),
      );
      await scene.ready('web');
      await counted(scene, all(1, 2, 1, 2));
      await scene.edit('web', B);
      await updated(scene, 90);
      await counted(scene, all(3, 4, 3, 4));
      await scene.twoRounds('web');
      await counted(scene, all(3, 4, 3, 4));
    });

    test('of one that is another than the recorded: ever more rarely', async () => {
      const scene = await open();
      await scene.start(await onDisks(scene, { replicas: 1 }), 90);
      await record(scene, 'data-web-0');
      const old = await swapDisk(scene, 'data-web-0', { handle: 'another' });
      await scene.deletePod('web-0');
      await atRisk(scene, 0, 'was made anew');
      // One as it was bound, one before its pod was to be made; from then on after 1, 2 and 4 s at the earliest.
      const { name } = old.metadata;
      const times = () => timesOfReads(scene, name).slice(1);
      await until(
        async () => times().length > 3,
        60_000,
        () => `the volume was read ${times().length} times in 60 s`,
      );
      const [first = 0, second = 0, third = 0, fourth = 0] = times();
      expect(second - first).toBeGreaterThan(900);
      expect(third - second).toBeGreaterThan(1_900);
      expect(fourth - third).toBeGreaterThan(3_900);
      await swapDisk(scene, 'data-web-0', { handle: handleOf(old) });
      await scene.until('web-0 to be back', () => isReady(scene.pod('web-0')), 90);
    });
  });
}

const CLUSTER_ROLES: ApiResource = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
};
const ROLE = { name: 'statefulapp-operator' };

interface Rule {
  readonly resources: readonly string[];
}

/** For all operators of the cluster: to be used while nothing else goes on. Resolves once the API server goes by it. */
async function mayRead(scene: Scene, allowed: boolean, rules: readonly Rule[]): Promise<void> {
  const kept = rules.filter(({ resources }) => allowed || !resources.includes('persistentvolumes'));
  await scene.client.patch(CLUSTER_ROLES, ROLE, { type: 'merge', body: { rules: kept } });
  const expected = allowed ? 'yes' : 'no';
  const asked = [
    'auth',
    'can-i',
    'get',
    'persistentvolumes',
    `--as=${OPERATOR_USER}`,
    '--as-group=statefulapp-operators',
  ];
  const isSo = async () => (await scene.cluster.kubectl(...asked).catch(() => 'no')).trim() === expected;
  await until(isSo, 30_000, () => `the operator may ${allowed ? 'not ' : ''}read volumes after 30 s`);
}

/** One after the other, and after all else: the operator of the whole cluster loses a right. */
export function aboutNoRightToRead(open: () => Promise<Scene>): void {
  describe('without the right to read volumes', () => {
    test('names tell volumes apart, and all else works; with a disk recorded nothing is made on it until the right is back', async () => {
      const scene = await open();
      const role = await scene.client.get(CLUSTER_ROLES, ROLE);
      const rules = (role?.['rules'] ?? []) as readonly Rule[];
      const known = await open();
      await known.start(await onDisks(known), 90);
      await record(known, 'data-web-1');
      await mayRead(scene, false, rules);
      try {
        await worksByNames(scene);
        await known.deletePod('web-1');
        const { message } = await known.reason('web', 'Ready', 'Refused');
        expect(message).toContain('persistentvolumes');
        expect(message).toContain('forbidden');
        await known.twoRounds('web');
        expect(known.podNames().filter((name) => name.startsWith('web-'))).toEqual(['web-0']);
      } finally {
        await mayRead(scene, true, rules);
      }
      await known.ready('web', 90);
    });
  });
}

async function worksByNames(scene: Scene): Promise<void> {
  const wish = await onDisks(scene, A);
  await scene.start(wish, 90);
  const before = scene.uids('claims');
  for (const name of Object.keys(before)) {
    const entry = await record(scene, name, ({ volume }) => volume !== undefined);
    expect(entry).toEqual({ name, uid: before[name], volume: volumeOf(scene, name).metadata.name });
  }
  await scene.deletePod('web-1');
  await scene.until('web-1 to be back', () => scene.made('pods', 'web-1').length === 2);
  await scene.ready('web');
  await scene.edit('web', B);
  await updated(scene, 90);
  const [template] = (
    wish as unknown as { spec: { volumeClaimTemplates: readonly ReturnType<typeof claimTemplate>[] } }
  ).spec.volumeClaimTemplates;
  const grown = { ...template?.spec, resources: { requests: { storage: '2Gi' } } };
  await scene.edit('web', templates({ metadata: { name: 'data' }, spec: grown }));
  await scene.until('both to grow', () =>
    scene.claims().every((claim) => claimStatus(claim).capacity?.storage === '2Gi'),
  );
  await scene.edit('web', { replicas: 3 });
  await scene.ready('web', 90);
  // Another disk under the same name cannot be told apart: it is used, as the table of the ADR says.
  await swapDisk(scene, 'data-web-2', { handle: 'another' });
  await scene.deletePod('web-2');
  await scene.until('web-2 to be back', () => scene.made('pods', 'web-2').length === 2);
  await scene.ready('web', 90);
  // A claim that is gone is missed by its name.
  await scene.edit('web', { paused: true });
  await scene.deletePod('web-2');
  await scene.until('web-2 to be gone', () => scene.pod('web-2') === undefined);
  await dropClaim(scene, 'data-web-2');
  await scene.edit('web', { paused: false });
  await atRisk(scene, 2, 'the claim that held its data is gone');
  await scene.patch(APPS, 'web', { spec: { replicas: 2 } });
  await scene.ready('web', 90);
  expect(scene.made('pods').filter(isOfWeb).length).toBe(7);
  expect(condition(scene.app('web'), 'AsSpecified')?.status).toBe('True');
}

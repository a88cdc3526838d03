// Bad input about updates: budgets that allow nothing, revision objects that people edit or delete (what one holds is
// immutable: the API server sees to that). A clear answer, and nobody is restarted for it. What was stored before a rule
// existed is in semantics-input.test.ts; revisions touched in the middle of an update are in preflight.ts.

import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, type Scene } from '../stage.ts';
import { A, B, goneOf, hashOf, madeFor, mostAway, revisionsOf, rolling, updated } from './rolling.ts';

const REVISIONS = RESOURCES.controllerrevisions;
const BUDGET = 'must be a number of members from 1 or a percentage from 1% to 100%';

export function aboutBadUpdates(open: () => Promise<Scene>): void {
  describe.concurrent('bad input about updates', () => {
    test.each([
      [{ maxUnavailable: 0 }, BUDGET],
      [{ maxUnavailable: -1 }, BUDGET],
      [{ maxUnavailable: '0%' }, BUDGET],
      [{ maxUnavailable: '-5%' }, BUDGET],
      [{ maxUnavailable: '101%' }, BUDGET],
      [{ partition: -1 }, 'should be greater than or equal to 0'],
    ])('%j is refused with the reason, together with the template beside it', async (rollingUpdate, words) => {
      const scene = await open();
      const { metadata } = await scene.start(app({ spec: { replicas: 2, ...A }, claims: [] }));
      const edit = scene.patch(APPS, 'web', { spec: { ...B, ...rolling(rollingUpdate) } });
      const [field] = Object.keys(rollingUpdate);
      await expect(edit).rejects.toThrow(`spec.updateStrategy.rollingUpdate.${field}: Invalid value`);
      await expect(edit).rejects.toThrow(words);
      await scene.twoRounds('web');
      expect(scene.app('web')?.metadata.generation).toBe(metadata.generation);
      expect([goneOf(scene), revisionsOf(scene).length]).toEqual([[], 1]);
    });

    test('a partition beyond all ordinals in the middle of an update: it stops, and nobody is brought back', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, ...rolling({ partition: 2 }) }, claims: [] }));
      await scene.edit('web', B);
      await scene.until('web-2 to be updated', () => scene.made('pods', 'web-2').length === 2);
      await scene.edit('web', rolling({ partition: 2_147_483_647 }));
      await scene.ready('web');
      await scene.twoRounds('web');
      expect(madeFor(scene)).toEqual(['web-0 a:1', 'web-1 a:1', 'web-2 a:1', 'web-2 b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('revisions deleted by hand: that of the members is recorded again, and nobody is restarted', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A }, claims: [] }));
      await scene.edit('web', B);
      await updated(scene);
      const before = scene.uids('pods');
      const name = `web-${hashOf(scene.pod('web-0'))}`;
      await scene.kubectl('delete', 'controllerrevisions', '--all');
      await scene.until('it to be recorded again', () => scene.made('revisions', name).length === 2);
      await scene.twoRounds('web');
      await scene.ready('web');
      expect(revisionsOf(scene).map(({ metadata }) => metadata.name)).toEqual([name]);
      expect(scene.uids('pods')).toMatchObject(before);
      // The template of before is a new one now.
      await scene.edit('web', A);
      await updated(scene);
      expect([revisionsOf(scene).length, mostAway(scene)]).toEqual([2, 1]);
    });

    test('a revision with the highest number there is does not hold the next one up', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A }, claims: [] }));
      const [old] = revisionsOf(scene);
      const body = '{"revision":9223372036854775807}';
      await scene.kubectl('patch', 'controllerrevision', old?.metadata.name ?? '', '--type=merge', '-p', body);
      await scene.edit('web', B);
      await updated(scene);
      expect([revisionsOf(scene).length, mostAway(scene)]).toEqual([2, 1]);
    });

    test('a revision without owner, labels and with nonsense in its annotations is put right, and nobody is restarted', async () => {
      const scene = await open();
      const { metadata } = await scene.start(app({ spec: { replicas: 2, ...A }, claims: [] }));
      const before = scene.uids('pods');
      const [revision] = revisionsOf(scene);
      const { name = '', uid, labels = {} } = revision?.metadata ?? {};
      const none = Object.fromEntries(Object.keys(labels).map((key) => [key, null]));
      const annotations = { 'statefulapp.dev/aliases': 'nonsense,{' };
      const stripped = await scene.patch(REVISIONS, name, {
        metadata: { ownerReferences: null, labels: none, annotations },
        revision: 7,
      });
      await scene.told('revisions', stripped);
      await scene.until('it to be adopted', () => {
        const [found] = revisionsOf(scene);
        const isOwned = found?.metadata.ownerReferences?.[0]?.uid === metadata.uid;
        return isOwned && Object.entries(labels).every(([key, value]) => found?.metadata.labels?.[key] === value);
      });
      await scene.twoRounds('web');
      await scene.ready('web');
      expect(revisionsOf(scene).map((one) => one.metadata.uid)).toEqual([uid]);
      expect(scene.uids('pods')).toMatchObject(before);
      await scene.edit('web', B);
      await updated(scene);
      await scene.edit('web', A);
      const { status } = await updated(scene);
      expect([status?.['currentRevision'], revisionsOf(scene).length]).toEqual([name, 2]);
      expect(goneOf(scene)).toEqual(['web-1', 'web-0', 'web-1', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });
  });
}

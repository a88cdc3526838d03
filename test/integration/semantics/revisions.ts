// Templates are recorded; who comes back comes back as it was (semantics.md, Rolling update, Revisions). And the app's own
// life: deletion, recreation, pause.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, condition, isReady, type Scene } from '../stage.ts';
import { A, B, goneOf, hashOf, imageOf, mostAway, revisionsOf, rolling, template, updated } from './rolling.ts';

const claimsOf = (pod: KubeObject | undefined) =>
  ((pod?.['spec'] ?? {}) as { volumes?: readonly { persistentVolumeClaim?: { claimName: string } }[] }).volumes
    ?.flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [claim.claimName]))
    .sort();
/** With what an API server writes otherwise than JavaScript (src/kube/body.ts): its revision is patched like any other. */
const SHELL = template('a:1', { container: { command: ['sh', '-c', 'a <b && c >d'] } });
const PAUSED = rolling({ paused: true });
const numbers = (scene: Scene) =>
  Object.fromEntries(revisionsOf(scene).map((revision) => [revision.metadata.name, revision['revision']]));

async function replaced(scene: Scene, name: string): Promise<KubeObject> {
  const count = scene.made('pods', name).length;
  await scene.deletePod(name);
  return scene.until(`${name} to be back`, () => {
    const pod = scene.made('pods', name).length > count ? scene.pod(name) : undefined;
    return isReady(pod) && pod;
  });
}

export function aboutRevisions(open: () => Promise<Scene>): void {
  describe.concurrent('revisions', () => {
    test('paused: a new template is recorded and restarts nobody; a member that goes comes back at the revision it had', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A, ...PAUSED } }));
      const [first] = scene.revisions();
      const before = scene.uids('pods');
      const changed = await scene.edit('web', B);
      await scene.until('a second revision', () => revisionsOf(scene).length === 2);
      const { message } = await scene.reason('web', 'AsSpecified', 'UpdatePaused');
      expect(message).toContain('web-0 and 1 more run another revision');
      await scene.twoRounds('web');
      expect(scene.uids('pods')).toMatchObject(before);
      expect(first?.metadata.name).toBe(`web-${hashOf(scene.pod('web-0'))}`);
      const back = await replaced(scene, 'web-1');
      expect([imageOf(back), hashOf(back)]).toEqual(['a:1', hashOf(scene.pod('web-0'))]);
      const status = scene.app('web')?.status;
      expect(status).toMatchObject({ currentRevision: first?.metadata.name });
      expect(status?.['updateRevision']).not.toBe(first?.metadata.name);
      expect(Object.values(numbers(scene)).sort()).toEqual([1, 2]);
      expect(changed.status?.members).toHaveLength(2);
    });

    test('back to an earlier template: its revision is used again, with the highest number', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1, ...SHELL, ...PAUSED } }));
      const first = scene.revisions()[0]?.metadata;
      await scene.edit('web', B);
      await scene.until('a second revision', () => revisionsOf(scene).length === 2);
      await scene.edit('web', SHELL);
      await scene.until('the first revision to be the newest', () => numbers(scene)[first?.name ?? ''] === 3);
      const { status } = await scene.ready('web');
      expect(scene.revisions()).toHaveLength(2);
      expect(scene.revisions().map(({ metadata }) => metadata.uid)).toContain(first?.uid);
      expect(status).toMatchObject({ currentRevision: first?.name, updateRevision: first?.name, updatedReplicas: 1 });
      expect(scene.made('pods')).toHaveLength(1);
    });

    test('a revision whose label was taken off by hand is found by its name, and labelled again', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1, ...A } }));
      const { name = '', uid } = scene.revisions()[0]?.metadata ?? {};
      await scene.kubectl('label', 'controllerrevision', name, 'statefulapp.dev/name-');
      await scene.until('the label to be back', () => {
        const [revision] = scene.revisions();
        return (
          scene.firstState(uid ?? '', ({ metadata }) => metadata.labels?.['statefulapp.dev/name'] === undefined) &&
          revision?.metadata.labels?.['statefulapp.dev/name'] === 'web'
        );
      });
      await scene.deletePod('web-0');
      await scene.until('web-0 to be back', () => scene.made('pods', 'web-0').length === 2);
      await scene.ready('web');
      expect(scene.revisions().map(({ metadata }) => metadata.uid)).toEqual([uid]);
      expect(hashOf(scene.made('pods', 'web-0')[1])).toBe(hashOf(scene.made('pods', 'web-0')[0]));
    });

    test('OnDelete: nothing is deleted for a new template, and who is deleted comes back at it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, updateStrategy: { type: 'OnDelete' }, ...A } }));
      const old = hashOf(scene.pod('web-0'));
      await scene.edit('web', B);
      await scene.ready('web');
      await scene.twoRounds('web');
      expect(scene.gone('pods').filter(({ metadata }) => metadata.name.startsWith('web'))).toEqual([]);
      const back = await replaced(scene, 'web-1');
      expect(imageOf(back)).toBe('b:2');
      expect(hashOf(back)).not.toBe(old);
      expect([imageOf(scene.pod('web-0')), hashOf(scene.pod('web-0'))]).toEqual(['a:1', old]);
    });

    test('a new member comes at the new template, below the partition at the current one', async () => {
      const scene = await open();
      const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
      await scene.start(app({ spec: { replicas: 1, updateStrategy, ...A }, claims: [] }));
      await scene.edit('web', { ...B, replicas: 3 });
      await scene.until('three members', () => isReady(scene.pod('web-2')));
      expect(['web-0', 'web-1', 'web-2'].map((name) => imageOf(scene.pod(name)))).toEqual(['a:1', 'a:1', 'b:2']);
    });

    test('a larger disk in the claim template rolls nothing and is no new revision', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1 } }));
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } };
      await scene.edit('web', { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }] });
      // What becomes of the claim is volumes/growth.ts.
      await scene.until('the claim to ask for it', () =>
        JSON.stringify(scene.claim('data-web-0')?.['spec']).includes('"2Gi"'),
      );
      await scene.ready('web');
      expect(scene.revisions()).toHaveLength(1);
      expect(scene.made('pods')).toHaveLength(1);
    });

    test('a claim template that is added comes with an update, and goes with one; the claims stay', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A } }));
      const { data, wal } = { data: scene.uids('claims'), wal: ['wal-web-0', 'wal-web-1'] };
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
      const claims = (...names: readonly string[]) => names.map((name) => ({ metadata: { name }, spec }));
      await scene.edit('web', { volumeClaimTemplates: claims('data', 'wal') });
      await updated(scene);
      expect(claimsOf(scene.pod('web-1'))).toEqual(['data-web-1', 'wal-web-1']);
      await scene.edit('web', { volumeClaimTemplates: claims('data') });
      await updated(scene);
      expect(claimsOf(scene.pod('web-1'))).toEqual(['data-web-1']);
      expect(goneOf(scene)).toEqual(['web-1', 'web-0', 'web-1', 'web-0']);
      expect(scene.uids('claims')).toMatchObject(data);
      expect(Object.keys(scene.uids('claims'))).toEqual([...Object.keys(data), ...wal]);
      expect(mostAway(scene)).toBe(1);
    });
  });

  describe.concurrent('the life of an app', () => {
    test('deleted: pods and Service are collected, claims are kept; made again: the same claims', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2 } }));
      const claims = scene.uids('claims');
      await scene.kubectl('delete', 'sapp', 'web', '--wait=false');
      await scene.until(
        'all to be collected',
        () => scene.pods().length === 0 && scene.service('web') === undefined && scene.revisions().length === 0,
      );
      expect(scene.gone('claims')).toEqual([]);
      await scene.start(app({ spec: { replicas: 2 } }));
      expect(scene.uids('claims')).toEqual(claims);
      expect(scene.made('claims')).toHaveLength(2);
    });

    test('on its way out, but held by a finalizer: only its status is written, and no member comes back', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2 } }));
      await scene.patch(APPS, 'web', { metadata: { finalizers: ['test/hold'] } });
      await scene.kubectl('delete', 'sapp', 'web', '--wait=false');
      await scene.reason('web', 'Ready', 'Deleting');
      await scene.deletePod('web-1');
      await scene.until('the count of one', () => scene.app('web')?.status?.['replicas'] === 1);
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-1')).toHaveLength(1);
      await scene.patch(APPS, 'web', { metadata: { finalizers: null } });
      await scene.until('web-0 to be collected', () => scene.pod('web-0') === undefined);
      expect(Object.keys(scene.uids('claims'))).toEqual(['data-web-0', 'data-web-1']);
    });

    test('deleted in the foreground: it ends, and its members with it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2 } }));
      await scene.kubectl('delete', 'sapp', 'web', '--cascade=foreground', '--timeout=60s');
      await scene.until('all to be collected', () => scene.pods().length === 0);
      await scene.start(app({ name: 'other', spec: { replicas: 1 } }));
      expect(scene.made('pods').filter(({ metadata }) => metadata.name.startsWith('web'))).toHaveLength(2);
    });

    test('paused: nothing is changed but the status, until it goes on', async () => {
      const scene = await open();
      await scene.start(app());
      await scene.edit('web', { paused: true, replicas: 5, ...B });
      await scene.reason('web', 'Ready', 'Paused');
      await scene.deletePod('web-1');
      await scene.kubectl('delete', 'service', 'web');
      await scene.until('the count of two', () => scene.app('web')?.status?.['readyReplicas'] === 2);
      await scene.twoRounds('web');
      expect(scene.podNames().filter((name) => name.startsWith('web'))).toEqual(['web-0', 'web-2']);
      expect(scene.made('services', 'web')).toHaveLength(1);
      expect(scene.revisions().filter(({ metadata }) => metadata.name.startsWith('web'))).toHaveLength(1);
      expect(condition(scene.app('web'), 'Ready')?.status).toBe('False');
      await scene.edit('web', { paused: false });
      await scene.until('five members', () => scene.podNames().filter((name) => name.startsWith('web')).length === 5);
      expect(scene.made('services', 'web')).toHaveLength(2);
    });
  });
}

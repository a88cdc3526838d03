// Claims that are not simply a member's, under retention on a real API server: those that another owner has, or one that is
// gone, and those that have no pod to go with (semantics.md, Claims; safety.md R2, R5).

import { describe, expect, test } from 'vitest';
import { APPS } from '../../../src/operator/resources.ts';
import { operatorRequests } from '../audit.ts';
import { app, type Scene, version } from '../stage.ts';
import {
  announced,
  appOwner,
  CLAIMS,
  CONFIG_MAPS,
  claimsGone,
  expectAnew,
  given,
  letGo,
  namesOf,
  owned,
  ownersOf,
  podOwner,
  policy,
  three,
} from './owners.ts';
import { limitPods } from './status.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

export function aboutRetentionOfOthers(open: () => Promise<Scene>): void {
  describe.concurrent('retention, claims of others', () => {
    test('that a pod of before owns are waited for, whatever its name: garbage collection takes them', async () => {
      const scene = await open();
      const metadata = {
        name: 'data-web-0',
        finalizers: ['test/hold'],
        ownerReferences: [podOwner('web-0', NOBODY)],
      };
      const old = await scene.create(CLAIMS, { metadata, spec: SPEC });
      await scene.create(APPS, app({ spec: { replicas: 1, ...policy('Retain', 'Delete') } }));
      await scene.until('it to be collected', () => scene.claim('data-web-0')?.metadata.deletionTimestamp, 90);
      await scene.reason('web', 'Ready', 'ClaimTerminating');
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toEqual([]);
      expect(ownersOf(scene.claim('data-web-0'))).toEqual([podOwner('web-0', NOBODY)]);
      await letGo(scene, 'data-web-0');
      await scene.ready('web', 90);
      expectAnew(scene, { claim: 'data-web-0', pod: 'web-0', old: old.metadata.uid });
    });

    // Of a group that this cluster does not know garbage collection cannot say whether the owner is gone: it waits, too.
    const unknown = { ...podOwner('web-0', NOBODY), apiVersion: 'unknown.test/v1' };

    test('that are doomed and not collected yet are waited for; with the owner taken off they are used', async () => {
      const scene = await open();
      const old = await scene.create(CLAIMS, {
        metadata: { name: 'data-web-0', ownerReferences: [unknown] },
        spec: SPEC,
      });
      await scene.create(APPS, app({ spec: { replicas: 1, ...policy('Delete', 'Delete') } }));
      const { message } = await scene.reason('web', 'Ready', 'ClaimTerminating');
      expect(message).toContain(`it belongs to Pod web-0 (UID ${NOBODY}), which is gone`);
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toEqual([]);
      expect(ownersOf(scene.claim('data-web-0'))).toEqual([unknown]);
      await given(scene, 'data-web-0', []);
      const web = await scene.ready('web', 90);
      expect(scene.claim('data-web-0')?.metadata.uid).toBe(old.metadata.uid);
      await owned(scene, 'data-web-0', [appOwner(web)]);
    });

    test('references of others on a claim survive ours', async () => {
      const scene = await open();
      const web = await scene.start(three('Retain', 'Retain'));
      const { metadata } = await scene.create(CONFIG_MAPS, { metadata: { name: 'backup' } });
      const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'backup', uid: metadata.uid };
      await given(scene, 'data-web-0', [other]);
      await scene.edit('web', policy('Delete', 'Retain'));
      await owned(scene, 'data-web-0', [other, appOwner(web)]);
      await scene.edit('web', policy('Retain', 'Retain'));
      await owned(scene, 'data-web-0', [other]);
    });
  });

  describe.concurrent('retention, claims without a pod', () => {
    test('that were made ahead are deleted by the operator itself, by UID and version, after the status has said so', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...policy('Retain', 'Delete') } }));
      await limitPods(scene, 2);
      await scene.edit('web', { replicas: 3 });
      await scene.member(
        'web',
        2,
        ({ reason, claims = [] }) => reason === 'Refused' && claims[0]?.volume !== undefined,
      );
      const ahead = scene.claim('data-web-2');
      await scene.edit('web', { replicas: 2 });
      await claimsGone(scene, 'data-web-2');
      await scene.ready('web');
      expect(scene.made('pods', 'web-2')).toEqual([]);
      expect(namesOf(scene)).toEqual(['data-web-0', 'data-web-1']);
      const deleted = operatorRequests(scene.cluster.auditLog).filter(
        ({ verb, resource, namespace }) =>
          verb === 'delete' && resource === 'persistentvolumeclaims' && namespace === scene.name,
      );
      const { uid = '', resourceVersion } = ahead?.metadata ?? {};
      expect(deleted).toMatchObject([
        { name: 'data-web-2', code: 200, body: { preconditions: { uid, resourceVersion } } },
      ]);
      const asked = scene.firstState(uid, ({ metadata }) => metadata.deletionTimestamp !== undefined);
      expect(announced(scene, 'data-web-2')).toBeLessThan(version(asked ?? scene.gone('claims', 'data-web-2')[0]));
    });

    test('that were made ahead are kept under Retain', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...policy('Delete', 'Retain') } }));
      await limitPods(scene, 3);
      await scene.edit('web', { replicas: 4 });
      await scene.member(
        'web',
        3,
        ({ reason, claims = [] }) => reason === 'Refused' && claims[0]?.volume !== undefined,
      );
      const before = scene.uids('claims');
      await scene.edit('web', { replicas: 2 });
      await scene.until('the ledger to know two', () => scene.app('web')?.status?.members?.length === 2, 90);
      await scene.twoRounds('web');
      expect(scene.uids('claims')).toEqual(before);
    });
  });
}

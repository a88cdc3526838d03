// A member that is lost comes back as itself (semantics.md, At most one, and backoff of failed pods; safety.md R1).

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, isReady, madeAt, phaseOf, type Scene, statusOf, version } from '../stage.ts';

const PLAY = 'kwok.statefulapp.dev/play';

/** Everything that makes a member the one it is. */
function identityOf(scene: Scene, pod: KubeObject | undefined) {
  const spec = (pod?.['spec'] ?? {}) as {
    readonly hostname?: string;
    readonly subdomain?: string;
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  const claims = (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []));
  return {
    name: pod?.metadata.name,
    hostname: spec.hostname,
    subdomain: spec.subdomain,
    // Where a pod runs is no part of what it is.
    labels: { ...pod?.metadata.labels, 'topology.kubernetes.io/zone': undefined },
    annotations: pod?.metadata.annotations,
    claims: claims.map((claim) => [claim, scene.claim(claim)?.metadata.uid]),
  };
}

/** Resolves with the pod that follows this one under its name, once it is Ready; checks that they never overlapped. */
async function successor(scene: Scene, before: KubeObject | undefined): Promise<KubeObject> {
  const { name, uid } = before?.metadata ?? { name: '', uid: '' };
  const next = await scene.until(`the successor of ${name}`, () => {
    const pod = scene.pod(name);
    return isReady(pod) && pod?.metadata.uid !== uid && pod;
  });
  const [gone] = scene.gone('pods', name);
  expect(gone?.metadata.uid).toBe(uid);
  expect(version(gone)).toBeLessThan(version(scene.made('pods', name).at(-1)));
  return next;
}

export function aboutReplacement(open: () => Promise<Scene>): void {
  describe.concurrent('replacement', () => {
    test('a deleted member comes back as its exact copy, and nobody else is touched', async () => {
      const scene = await open();
      await scene.start(app({ claims: ['data', 'wal'] }));
      const before = scene.pod('web-1');
      const identity = identityOf(scene, before);
      expect(identity.claims.map(([claim]) => claim)).toEqual(['data-web-1', 'wal-web-1']);
      expect(identity).toMatchObject({ hostname: 'web-1', subdomain: 'web' });
      const uids = scene.uids('pods');
      await scene.deletePod('web-1');
      const after = await successor(scene, before);
      expect(identityOf(scene, after)).toEqual(identity);
      expect(scene.uids('pods')).toEqual({ ...uids, 'web-1': after.metadata.uid });
      expect(scene.made('claims')).toHaveLength(6);
    });

    test.each(['failed', 'succeeded', 'evicted'])(
      'a member that %s is replaced by its exact copy, at once',
      async (what) => {
        const scene = await open();
        await scene.start(app({ spec: { replicas: 2 } }));
        const before = scene.pod('web-0');
        const identity = identityOf(scene, before);
        const uids = scene.uids('pods');
        await scene.play('web-0', what);
        const after = await successor(scene, before);
        const { uid } = before?.metadata ?? { uid: '' };
        const ended = scene.firstState(uid, (pod) => ['Failed', 'Succeeded'].includes(phaseOf(pod)));
        expect(statusOf(ended).reason).toBe(what === 'evicted' ? 'Evicted' : undefined);
        expect(identityOf(scene, after)).toEqual(identity);
        expect(madeAt(after) - madeAt(before)).toBeLessThan(60);
        expect(scene.uids('pods')).toEqual({ ...uids, 'web-0': after.metadata.uid });
      },
    );

    test('members that failed together are replaced one by one, lowest first, each after the one below is Ready', async () => {
      const scene = await open();
      await scene.start(app());
      await Promise.all(['web-0', 'web-1', 'web-2'].map((name) => scene.play(name, 'failed')));
      await scene.until('three second pods', () => scene.made('pods').length === 6);
      const second = scene.made('pods').slice(3);
      expect(second.map(({ metadata }) => metadata.name)).toEqual(['web-0', 'web-1', 'web-2']);
      for (const [index, pod] of second.slice(1).entries()) {
        const lower = scene.firstState(second[index]?.metadata.uid ?? '', isReady);
        expect(version(lower)).toBeLessThan(version(pod));
      }
    });

    test('a member that keeps failing is replaced at once, then after 10 s, then after 20 s: no hot loop', async () => {
      const scene = await open();
      await scene.create(APPS, app({ spec: { replicas: 1 }, annotations: { [PLAY]: 'failed' }, claims: [] }));
      const backoff = await scene.member('web', 0, ({ reason }) => reason === 'PodBackOff');
      expect(backoff).toMatchObject({ failures: 2, state: 'Failed' });
      expect(backoff.message).toContain('and it failed before');
      const third = await scene.until('a third pod', () => scene.made('pods', 'web-0')[2]);
      const second = scene.firstState(
        scene.made('pods', 'web-0')[1]?.metadata.uid ?? '',
        (pod) => phaseOf(pod) === 'Failed',
      );
      expect(madeAt(third) - madeAt(second)).toBeGreaterThanOrEqual(10);
      const again = await scene.member('web', 0, ({ reason, failures }) => reason === 'PodBackOff' && failures === 3);
      await scene.twoRounds('web');
      expect(again.podUID).toBe(third.metadata.uid);
      expect(scene.made('pods', 'web-0')).toHaveLength(3);
      expect(scene.gone('pods', 'web-0')).toHaveLength(2);
    });

    test('a running pod that is force-deleted is made again only when its kubelet must have stopped it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2 }, podSpec: { terminationGracePeriodSeconds: 1 } }));
      const before = scene.pod('web-0');
      await scene.kubectl('delete', 'pod', 'web-0', '--force', '--grace-period=0');
      const wait = await scene.member('web', 0, ({ reason }) => reason === 'PodVanished');
      expect(wait.message).toContain('nobody saw its containers stop');
      const deletedAt = Date.now() / 1000;
      const after = await successor(scene, before);
      // 1 s of grace and 10 s; a second is lost in timestamps, and the wait was read a moment after the deletion.
      expect(madeAt(after) - deletedAt).toBeGreaterThan(11 - 2);
      expect(scene.made('pods', 'web-1')).toHaveLength(1);
    });

    test('a pod that no node ever had is made again at once', async () => {
      const scene = await open();
      const podSpec = { nodeSelector: { nobody: 'has-this' }, terminationGracePeriodSeconds: 30 };
      await scene.create(APPS, app({ spec: { replicas: 1 }, podSpec, claims: [] }));
      const before = await scene.until('web-0', () => scene.pod('web-0'));
      await scene.member('web', 0, ({ reason }) => reason === 'PodPending');
      await scene.kubectl('delete', 'pod', 'web-0', '--force', '--grace-period=0');
      const after = await scene.until('another', () => scene.made('pods', 'web-0')[1], 20);
      expect(after.metadata.uid).not.toBe(before.metadata.uid);
      expect(JSON.stringify(scene.history.filter(({ kind }) => kind === 'apps'))).not.toContain('PodVanished');
    });

    test('nodeFailurePolicy.unreachableSeconds is how long a pod stays bound to a node that is not there', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1, nodeFailurePolicy: { unreachableSeconds: 7 } }, claims: [] }));
      const { tolerations } = (scene.pod('web-0')?.['spec'] ?? {}) as { tolerations?: readonly object[] };
      for (const taint of ['not-ready', 'unreachable']) {
        const key = `node.kubernetes.io/${taint}`;
        const found = tolerations?.filter((one) => (one as { key?: string }).key === key);
        expect(found).toEqual([{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 7 }]);
      }
    });

    test('a pod that does not end is waited for, and never doubled', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1 } }));
      const before = scene.pod('web-0');
      await scene.play('web-0', 'stuck-terminating');
      await scene.deletePod('web-0');
      const { message } = await scene.reason('web', 'Ready', 'PodTerminating');
      expect(message).toContain('web-0 waits for pod web-0 to be stopped by the kubelet of node');
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toHaveLength(1);
      await scene.play('web-0', null);
      await successor(scene, before);
    });

    test('a pod held by a finalizer is waited for, and the status says whose turn it is', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1 } }));
      const before = scene.pod('web-0');
      await scene.kubectl('patch', 'pod', 'web-0', '--type=merge', '-p', '{"metadata":{"finalizers":["test/hold"]}}');
      await scene.deletePod('web-0');
      const wait = await scene.member('web', 0, ({ message }) => message?.includes('test/hold') === true);
      expect(wait.message).toContain('held by finalizers test/hold');
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toHaveLength(1);
      await scene.kubectl('patch', 'pod', 'web-0', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
      await successor(scene, before);
    });
  });
}

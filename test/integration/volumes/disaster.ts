// After a disaster, on a real API server: app, pods and claims are gone, their volumes were retained. The app comes back before
// or after its claims (volumeLossPolicy Require), over claims that a former app of its name left (Block), and beside a claim
// that was restored with another app's stamp. Every member has its own volume again, or waits.

import { describe, expect, test } from 'vitest';
import type { KubeObject, KubeObjectInput } from '../../../src/kube/objects.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { isOfWeb } from '../semantics/rolling.ts';
import { type Scene, version } from '../stage.ts';
import { atRisk, CLAIMS, dropClaim, onDisks, record, restoreClaim, runPrinted, specOf, volumeOf } from './disks.ts';

const BOTH = ['data-web-0', 'data-web-1'];

interface Ruins {
  readonly wish: KubeObjectInput;
  /** By the name of the claim that each was bound to. */
  readonly volumes: ReadonlyMap<string, KubeObject>;
  /** How many pods and claims there had been. */
  readonly before: number;
  readonly appUid: string;
}

/** An app that ran, and was deleted with its pods; resolves once they are gone. */
async function former(scene: Scene, options?: { readonly claims: readonly string[] }): Promise<Ruins> {
  const wish = await onDisks(scene, {}, options);
  const { metadata } = await scene.start(wish, 90);
  const names = Object.keys(scene.uids('claims'));
  await Promise.all(names.map((name) => record(scene, name)));
  const volumes = new Map(names.map((name) => [name, volumeOf(scene, name)]));
  await scene.kubectl('delete', 'sapp', 'web');
  await scene.until('all to be collected', () => scene.pods().length + scene.revisions().length === 0, 90);
  return { wish, volumes, before: scene.made('pods').length, appUid: metadata.uid };
}

/** The claims are gone as well. */
async function disaster(scene: Scene): Promise<Ruins> {
  const ruins = await former(scene);
  for (const name of ruins.volumes.keys()) await dropClaim(scene, name);
  return ruins;
}

const withPolicy = ({ spec, ...wish }: KubeObjectInput, volumeLossPolicy: string): KubeObjectInput => ({
  ...wish,
  spec: { ...(spec as object), volumeLossPolicy },
});
const volumesOf = (scene: Scene) => new Map(BOTH.map((name) => [name, specOf(scene.claim(name)).volumeName]));
const expected = ({ volumes }: Ruins) => new Map([...volumes].map(([name, { metadata }]) => [name, metadata.name]));
async function restore(scene: Scene, { volumes }: Ruins, names: readonly string[] = BOTH): Promise<void> {
  for (const name of names) {
    const volume = volumes.get(name);
    if (volume !== undefined) await restoreClaim(scene, volume);
  }
}
const podsOf = (scene: Scene) => scene.made('pods').filter(isOfWeb).length;

export function aboutDisasters(open: () => Promise<Scene>): void {
  describe.concurrent('disaster recovery:', () => {
    test('under Require the app comes first and waits; as claims come back, in whatever order, so do their members', async () => {
      const scene = await open();
      const ruins = await disaster(scene);
      const claims = scene.made('claims').length;
      await scene.create(APPS, withPolicy(ruins.wish, 'Require'));
      await scene.reason('web', 'Ready', 'ClaimMissing');
      await scene.twoRounds('web');
      await restore(scene, ruins, ['data-web-1']);
      await scene.twoRounds('web');
      expect([podsOf(scene), scene.made('claims').length]).toEqual([ruins.before, claims + 1]);
      await restore(scene, ruins, ['data-web-0']);
      await scene.ready('web', 90);
      expect(volumesOf(scene)).toEqual(expected(ruins));
      expect(scene.made('claims')).toHaveLength(claims + 2);
      for (const name of BOTH) expect((await record(scene, name)).volume).toBe(expected(ruins).get(name));
      // Set back, it protects what it has, and nothing moves.
      const pods = scene.uids('pods');
      await scene.edit('web', { volumeLossPolicy: 'Block' });
      await scene.ready('web');
      await scene.twoRounds('web');
      expect(scene.uids('pods')).toMatchObject(pods);
    });

    test('under Require the claims come first: the app takes them, and makes none', async () => {
      const scene = await open();
      const ruins = await disaster(scene);
      await restore(scene, ruins);
      const claims = scene.uids('claims');
      await scene.create(APPS, withPolicy(ruins.wish, 'Require'));
      await scene.ready('web', 90);
      expect(scene.uids('claims')).toEqual(claims);
      expect(volumesOf(scene)).toEqual(expected(ruins));
    });

    test('under Block claims that a former app of the name left are used: same claims, same volumes, stamped anew', async () => {
      const scene = await open();
      const ruins = await former(scene);
      const claims = scene.uids('claims');
      await scene.create(APPS, ruins.wish);
      const { metadata } = await scene.ready('web', 90);
      expect(metadata.uid).not.toBe(ruins.appUid);
      expect(scene.uids('claims')).toEqual(claims);
      expect(volumesOf(scene)).toEqual(expected(ruins));
      for (const name of BOTH)
        expect(scene.claim(name)?.metadata.annotations?.['statefulapp.dev/app-uid']).toBe(metadata.uid);
      expect(scene.gone('claims')).toEqual([]);
    });

    test('under Block a member of which one claim of two is left waits, and nothing empty is put beside it', async () => {
      const scene = await open();
      const ruins = await former(scene, { claims: ['data', 'wal'] });
      await dropClaim(scene, 'wal-web-1');
      await scene.create(APPS, ruins.wish);
      const { message } = await atRisk(scene, 1, 'data-web-1, which is there, was made together with it');
      await scene.twoRounds('web');
      expect(scene.made('claims', 'wal-web-1')).toHaveLength(1);
      expect(scene.podNames().filter((name) => name.startsWith('web-'))).toEqual(['web-0']);
      const volume = ruins.volumes.get('wal-web-1');
      expect(message).toContain('kubectl annotate statefulapp web');
      if (volume !== undefined) await restoreClaim(scene, volume);
      await scene.ready('web', 90);
      expect(specOf(scene.claim('wal-web-1')).volumeName).toBe(volume?.metadata.name);
    });

    test('the same, given up as printed: a new claim is made', async () => {
      const scene = await open();
      const ruins = await former(scene, { claims: ['data', 'wal'] });
      await dropClaim(scene, 'wal-web-1');
      await scene.create(APPS, ruins.wish);
      const { message } = await atRisk(scene, 1, 'was made together with it');
      await runPrinted(scene, message);
      await scene.ready('web', 90);
      expect(scene.made('claims', 'wal-web-1')).toHaveLength(2);
      expect(scene.made('claims', 'data-web-1')).toHaveLength(1);
    });

    test('a claim that was restored with the stamp of another app is not touched; the member waits until it is free', async () => {
      const scene = await open();
      const ruins = await disaster(scene);
      await restore(scene, ruins, ['data-web-0']);
      const other = {
        labels: { 'statefulapp.dev/name': 'other' },
        annotations: { 'statefulapp.dev/app-uid': 'another', 'statefulapp.dev/ordinal': '1' },
      };
      const volume = ruins.volumes.get('data-web-1');
      if (volume === undefined) throw new Error('there was no volume of data-web-1');
      const stamped = await restoreClaim(scene, volume, other);
      await scene.create(APPS, ruins.wish);
      const { message } = await scene.reason('web', 'Ready', 'ClaimTaken', 90);
      expect(message).toContain('it is stamped as ordinal 1 of StatefulApp other. It is not touched');
      await scene.twoRounds('web');
      expect(scene.claim('data-web-1')).toEqual(stamped);
      expect(scene.podNames().filter((name) => name.startsWith('web-'))).toEqual(['web-0']);
      const free = {
        labels: { 'statefulapp.dev/name': null },
        annotations: { 'statefulapp.dev/app-uid': null, 'statefulapp.dev/ordinal': null },
      };
      const freed = await scene.patch(CLAIMS, 'data-web-1', { metadata: free });
      const ready = await scene.ready('web', 90);
      // Watches of different kinds are not told in step.
      const made = await scene.until('another web-1', () => scene.made('pods', 'web-1')[1]);
      const order = [version(freed), version(made), version(ready)];
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(volumesOf(scene)).toEqual(expected(ruins));
    });
  });
}

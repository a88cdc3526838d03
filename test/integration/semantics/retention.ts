// persistentVolumeClaimRetentionPolicy on a real API server, with its garbage collector, claim protection and volume binder:
// whose claims are under each policy, and what becomes of them when the app is deleted or members are not wanted any more
// (semantics.md, Claims; safety.md R5). Lacks changes on the way (retention-changes.ts) and what Kubernetes' own specs
// describe beyond this (retention-specs.ts).

import { describe, expect, test } from 'vitest';
import { app, type Scene, version } from '../stage.ts';
import {
  ALL,
  announced,
  appOwner,
  claimsGone,
  namesOf,
  owned,
  ownersOf,
  podOwner,
  policy,
  sticky,
  stopping,
  three,
  wordsOf,
} from './owners.ts';

const volumeOf = (scene: Scene, claim: string) =>
  (scene.claim(claim)?.['spec'] as { readonly volumeName?: string } | undefined)?.volumeName;
const ordinalOf = (scene: Scene, claim: string) =>
  scene.claim(claim)?.metadata.annotations?.['statefulapp.dev/ordinal'];

export function aboutRetention(open: () => Promise<Scene>): void {
  describe.concurrent('retention, whose claims are', () => {
    test.each([
      ['Retain', 'Retain', 'nobody', 'nobody'],
      ['Retain', 'Delete', 'nobody', 'pod'],
      ['Delete', 'Retain', 'app', 'app'],
      ['Delete', 'Delete', 'app', 'pod'],
    ] as const)('under %s, %s: of wanted members %s, of others %s, to the letter', async (...row) => {
      const [whenDeleted, whenScaled, wanted, condemned] = row;
      const scene = await open();
      const spec = { replicas: 2, ...policy(whenDeleted, whenScaled) };
      const web = await scene.start(app({ claims: ['data', 'wal'], spec }));
      const uid = scene.pod('web-1')?.metadata.uid;
      const owners = { nobody: [], app: [appOwner(web)], pod: [podOwner('web-1', uid)] };
      const [lower, upper] = [
        ['data-web-0', 'wal-web-0'],
        ['data-web-1', 'wal-web-1'],
      ];
      // Made so: no crash in between leaves one to the wrong owner.
      expect(scene.made('claims').map(ownersOf)).toEqual(Array(4).fill(owners[wanted]));
      expect(scene.claims().map(ownersOf)).toEqual(Array(4).fill(owners[wanted]));
      await sticky(scene, 'web-1');
      await scene.edit('web', { replicas: 1 });
      await stopping(scene, 'web-1');
      await Promise.all(upper.map((claim) => owned(scene, claim, owners[condemned])));
      expect(lower.map((claim) => ownersOf(scene.claim(claim)))).toEqual(Array(2).fill(owners[wanted]));
      const before = scene.uids('claims');
      await scene.play('web-1', null);
      await scene.until('web-1 to go', () => scene.pod('web-1') === undefined, 90);
      if (condemned === 'pod') await claimsGone(scene, ...upper);
      await scene.ready('web');
      await scene.twoRounds('web');
      const { [`${upper[0]}`]: _data, [`${upper[1]}`]: _wal, ...kept } = before;
      expect(scene.uids('claims')).toEqual(condemned === 'pod' ? kept : before);
      for (const { metadata } of scene.claims()) expect(metadata.deletionTimestamp).toBeUndefined();
    });
  });

  describe.concurrent('retention, an app that is deleted', () => {
    test.each(['background', 'foreground'])('deletes claims with a WhenDeleted policy: %s', async (how) => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      await scene.kubectl('delete', 'sapp', 'web', `--cascade=${how}`);
      await claimsGone(scene, ...ALL);
      expect(scene.pods()).toEqual([]);
    });

    test.each(['background', 'foreground'])('keeps claims without one: %s', async (how) => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const before = scene.uids('claims');
      await scene.kubectl('delete', 'sapp', 'web', `--cascade=${how}`);
      await scene.until('all to be collected', () => scene.pods().length + scene.revisions().length === 0, 90);
      // With the app its pods are not wanted any more, and yet nobody was scaled away.
      expect(scene.uids('claims')).toEqual(before);
      expect(scene.claims().map(({ metadata }) => metadata.deletionTimestamp)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });

    test.each(['Delete', 'Retain'] as const)('leaves all to nobody with --cascade=orphan: %s', async (whenDeleted) => {
      const scene = await open();
      await scene.start(three(whenDeleted, 'Delete'));
      const before = { ...scene.uids('claims'), ...scene.uids('pods') };
      await scene.kubectl('delete', 'sapp', 'web', '--cascade=orphan');
      await scene.until('nobody to own anything', () =>
        [...scene.claims(), ...scene.pods()].every((one) => ownersOf(one).length === 0),
      );
      await scene.start(app({ name: 'other', claims: [], spec: { replicas: 1 } }));
      expect({ ...scene.uids('claims'), ...scene.uids('pods') }).toMatchObject(before);
      for (const claim of ALL) expect(ownersOf(scene.claim(claim))).toEqual([]);
    });

    test('and made again at once waits for the claims that go with the former one, and has new ones', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      const before = scene.uids('claims');
      await scene.kubectl('delete', 'sapp', 'web');
      const again = await scene.start(three('Delete', 'Retain'), 90);
      for (const claim of ALL) {
        const [gone] = scene.gone('claims', claim);
        const [, made] = scene.made('claims', claim);
        expect(gone?.metadata.uid).toBe(before[claim]);
        expect(version(made)).toBeGreaterThan(version(gone));
        expect(ownersOf(scene.claim(claim))).toEqual([appOwner(again)]);
      }
    });
  });

  describe.concurrent('retention, members that are not wanted any more', () => {
    test('deletes claims with an OnScaledown policy, which the status says before anything is done', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      await scene.edit('web', { replicas: 1 });
      await claimsGone(scene, 'data-web-1', 'data-web-2');
      await scene.ready('web');
      for (const ordinal of [2, 1]) expectTold(scene, ordinal);
      await scene.edit('web', { replicas: 3 });
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(ALL);
      expect(scene.made('claims', 'data-web-2')).toHaveLength(2);
    });

    test('scaled to 0 with Delete: said of each, and done', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const said = scene.reason('web', 'Ready', 'ClaimsDeleted');
      await scene.edit('web', { replicas: 0 });
      const { message } = await said;
      expect(message).toContain(
        'data-web-2 are deleted with it (persistentVolumeClaimRetentionPolicy.whenScaled: Delete)',
      );
      await claimsGone(scene, ...ALL);
      for (const ordinal of [2, 1, 0]) expectTold(scene, ordinal);
    });

    test('scaled to 0 with Retain, and back: the same claims', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      const before = scene.uids('claims');
      await scene.edit('web', { replicas: 0 });
      await scene.until('all to be gone', () => scene.pods().length === 0, 90);
      await scene.edit('web', { replicas: 3 });
      await scene.ready('web');
      expect(scene.uids('claims')).toEqual(before);
    });

    test('those left out by ordinals.excluded or ordinals.start take their claims along, and nobody else’s', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const before = scene.uids('claims');
      await scene.edit('web', { replicas: 2, ordinals: { excluded: [1] } });
      await claimsGone(scene, 'data-web-1');
      await scene.ready('web');
      const { 'data-web-1': _, ...others } = before;
      expect(scene.uids('claims')).toEqual(others);
      await scene.edit('web', { ordinals: { excluded: null, start: 2 } });
      await claimsGone(scene, 'data-web-0');
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(['data-web-2', 'data-web-3']);
      expect(scene.claim('data-web-2')?.metadata.uid).toBe(before['data-web-2']);
      await scene.edit('web', { ordinals: { start: 1 } });
      await claimsGone(scene, 'data-web-3');
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(['data-web-1', 'data-web-2']);
      expect(scene.claim('data-web-2')?.metadata.uid).toBe(before['data-web-2']);
      expect(scene.claim('data-web-1')?.metadata.uid).not.toBe(before['data-web-1']);
      for (const name of namesOf(scene)) expect(ordinalOf(scene, name)).toBe(name.slice(-1));
      for (const ordinal of [1, 0, 3]) expectTold(scene, ordinal);
    });

    test('an ordinal that was excluded comes back with its retained claim: same claim, same volume', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      const before = scene.uids('claims');
      const volume = volumeOf(scene, 'data-web-1');
      expect(volume).toMatch(/./);
      await scene.edit('web', { ordinals: { excluded: [1] } });
      await scene.ready('web');
      expect(scene.podNames()).toEqual(['web-0', 'web-2', 'web-3']);
      expect(scene.uids('claims')).toMatchObject(before);
      await scene.edit('web', { replicas: 4, ordinals: { excluded: null } });
      await scene.ready('web');
      expect(scene.podNames()).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
      expect(scene.uids('claims')).toMatchObject(before);
      expect(volumeOf(scene, 'data-web-1')).toBe(volume);
      expect(ordinalOf(scene, 'data-web-1')).toBe('1');
      const entry = await scene.member('web', 1, ({ claims = [] }) => claims.length > 0);
      const disk = expect.stringMatching(/^[0-9a-f]{10}$/);
      expect(entry.claims).toEqual([{ name: 'data-web-1', uid: before['data-web-1'], volume, disk }]);
      expect(scene.made('claims', 'data-web-1')).toHaveLength(1);
    });
  });
}

/** First the status says that the claim goes, then its pod owns it, then that goes. */
function expectTold(scene: Scene, ordinal: number): void {
  const [gone] = scene.gone('claims', `data-web-${ordinal}`);
  const given = scene.firstState(gone?.metadata.uid ?? '', (one) => wordsOf(one).join() === `Pod web-${ordinal}`);
  const [pod] = scene.gone('pods', `web-${ordinal}`);
  const asked = scene.firstState(pod?.metadata.uid ?? '', ({ metadata }) => metadata.deletionTimestamp !== undefined);
  const order = [announced(scene, `data-web-${ordinal}`), version(given), version(asked), version(gone)];
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order.some(Number.isNaN)).toBe(false);
}

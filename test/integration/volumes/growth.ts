// Claims grow with their template on a real API server, whatever their pods do, and no pod is touched (docs/adr/0012). The
// resizer is an actor of the tests (resizer.ts); that a class cannot expand is the API server's own word.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { A, B, BAD, rolling, waitsForImage } from '../semantics/rolling.ts';
import { app, condition, isReady, type MemberClaim, type Scene } from '../stage.ts';
import {
  alwaysReady,
  BY_CLUSTER,
  changeClass,
  claimStatus,
  claimTemplate,
  record,
  requestOf,
  storageClass,
  templates,
} from './disks.ts';
import { BY_ACTOR, beginResize, failResize, finishResize, growVolume, resizer } from './resizer.ts';

const ALL = ['data-web-0', 'data-web-1', 'data-web-2'];
const three = (spec: object = {}) => app({ spec: { ...A, ...sized('1Gi'), ...spec } });
const sized = (size: string, spec: object = {}) => templates(claimTemplate('data', { size, metadata: BY_ACTOR, spec }));
const grown = (scene: Scene, size: string) =>
  scene.until(
    `all claims to have ${size}`,
    () => ALL.every((name) => claimStatus(scene.claim(name)).capacity?.storage === size),
    90,
  );
const requests = (scene: Scene) => ALL.map((name) => requestOf(scene.claim(name)));
const told = (scene: Scene, resize: string) =>
  Promise.all(ALL.map((name) => record(scene, name, (one) => one.resize === resize)));
/** What the ledger ever said about the growth of a claim. */
const resizes = (scene: Scene, claim: string): readonly (string | undefined)[] => {
  const said = scene.history.flatMap(({ kind, object }) => (kind === 'apps' ? [recordIn(object, claim)?.resize] : []));
  return said.filter((words, index) => index === 0 || words !== said[index - 1]);
};
const recordIn = (object: KubeObject, claim: string): MemberClaim | undefined => {
  const { members = [] } = (object['status'] ?? {}) as {
    readonly members?: readonly { readonly claims?: readonly MemberClaim[] }[];
  };
  return members.flatMap(({ claims = [] }) => claims).find(({ name }) => name === claim);
};
/** Which pods and revisions there are, to the letter for revisions. */
const identity = (scene: Scene) => ({ pods: scene.uids('pods'), revisions: scene.revisions() });

interface Situation {
  readonly it: string;
  readonly spec?: object;
  /** Resolves when it is so; the pods that are there then are to stay. */
  readonly prepare: (scene: Scene) => Promise<unknown>;
}

const SITUATIONS: readonly Situation[] = [
  {
    it: 'with a broken image',
    prepare: async (scene) => {
      await scene.edit('web', BAD);
      await scene.until('web-2 to wait for its image', () => waitsForImage(scene, 'web-2'));
      await scene.reason('web', 'Ready', 'UpdateFailed');
    },
  },
  {
    it: 'with a paused rollout',
    spec: rolling({ paused: true }),
    prepare: async (scene) => {
      await scene.edit('web', B);
      await scene.reason('web', 'AsSpecified', 'UpdatePaused');
    },
  },
  {
    it: 'under OnDelete',
    spec: { updateStrategy: { type: 'OnDelete' } },
    prepare: (scene) => scene.edit('web', B),
  },
  {
    it: 'with a member that is not Ready',
    prepare: async (scene) => {
      await scene.play('web-0', 'not-ready');
      await scene.reason('web', 'Ready', 'PodNotReady');
    },
  },
  {
    it: 'while a pod is missing',
    prepare: async (scene) => {
      await scene.play('web-0', 'not-ready');
      await scene.reason('web', 'Ready', 'PodNotReady');
      await scene.deletePod('web-2');
      await scene.member('web', 2, ({ state }) => state === 'Waiting');
      expect(scene.podNames()).toEqual(['web-0', 'web-1']);
    },
  },
];

export function aboutGrowth(open: () => Promise<Scene>): void {
  describe.concurrent('growth', () => {
    test.each(SITUATIONS)('$it: every claim grows, no pod is touched, no revision made', async ({ spec, prepare }) => {
      const scene = await open();
      await scene.start(three(spec));
      await prepare(scene);
      const before = identity(scene);
      const end = resizer(scene);
      await scene.edit('web', sized('2Gi'));
      await grown(scene, '2Gi');
      await Promise.all(ALL.map((name) => record(scene, name, ({ resize }) => resize === undefined)));
      await scene.twoRounds('web');
      end();
      const { pods, revisions } = identity(scene);
      expect(pods).toMatchObject(before.pods);
      expect(Object.keys(pods).filter((name) => name.startsWith('web-'))).toEqual(Object.keys(before.pods));
      expect(revisions.filter(({ metadata }) => metadata.name.startsWith('web-'))).toEqual(before.revisions);
      expect(requests(scene)).toEqual(['2Gi', '2Gi', '2Gi']);
    });

    test('a member whose pod was missing meanwhile comes back on the grown claim', async () => {
      const scene = await open();
      await scene.start(three());
      const claims = scene.uids('claims');
      await scene.play('web-0', 'not-ready');
      await scene.reason('web', 'Ready', 'PodNotReady');
      await scene.deletePod('web-2');
      await scene.member('web', 2, ({ state }) => state === 'Waiting');
      const end = resizer(scene);
      await scene.edit('web', sized('3Gi'));
      await grown(scene, '3Gi');
      await scene.play('web-0', null);
      await scene.until('web-2 to be back', () => isReady(scene.pod('web-2')));
      end();
      expect(scene.uids('claims')).toEqual(claims);
      await scene.ready('web');
    });

    test('is told step by step for each member, and the app stays Ready; then nothing is told any more', async () => {
      const scene = await open();
      await scene.start(three());
      const ready = await scene.edit('web', sized('2Gi'));
      await told(scene, '1Gi to 2Gi');
      await scene.reason('web', 'AsSpecified', 'ClaimGrows');
      for (const [step, words] of [
        [beginResize, '1Gi to 2Gi, ControllerResizeInProgress, Resizing: disks.test grows it'],
        [growVolume, '1Gi to 2Gi, NodeResizePending, FileSystemResizePending: waits for a pod to be started'],
      ] as const) {
        await Promise.all(ALL.map((name) => step(scene, name)));
        await told(scene, words);
      }
      expect(condition(scene.app('web'), 'AsSpecified')?.message).toContain(
        'Claim data-web-0 (and 2 more): it grows from 1Gi to 2Gi, NodeResizePending',
      );
      await Promise.all(ALL.map((name) => finishResize(scene, name)));
      await scene.reason('web', 'AsSpecified', 'AsSpecified');
      expect(condition(scene.app('web'), 'AsSpecified')?.status).toBe('True');
      for (const name of ALL) expect((await record(scene, name)).resize).toBeUndefined();
      expect(resizes(scene, 'data-web-1')).toEqual([
        undefined,
        '1Gi to 2Gi',
        '1Gi to 2Gi, ControllerResizeInProgress, Resizing: disks.test grows it',
        expect.stringContaining('1Gi to 2Gi, NodeResizePending'),
        undefined,
      ]);
      expect(alwaysReady(scene, ready)).toBe(true);
      expect(scene.made('pods')).toHaveLength(3);
    });

    test('refused by a class that cannot expand is told in its words, holds nothing up, and is done once it can', async () => {
      const scene = await open();
      const storageClassName = await storageClass(scene, BY_CLUSTER, { allowVolumeExpansion: false });
      const of = (size: string) => sized(size, { storageClassName });
      await scene.start(three(of('1Gi')));
      const edited = await scene.edit('web', of('2Gi'));
      const { message } = await scene.reason('web', 'AsSpecified', 'ClaimRefused');
      const words = 'only dynamically provisioned pvc can be resized';
      expect(message).toContain('Claim data-web-0');
      expect(message).toContain(words);
      for (const name of ALL) {
        const { resize } = await record(scene, name, (one) => one.resize !== undefined);
        expect(resize).toMatch(/^refused: .*only dynamically provisioned pvc can be resized/);
      }
      expect(alwaysReady(scene, edited)).toBe(true);
      // A rollout goes through meanwhile: what cannot grow is no reason to wait.
      await scene.edit('web', B);
      await scene.until('all to be updated', () => scene.made('pods').length === 6 && scene.pods().every(isReady));
      await scene.ready('web');
      expect(requests(scene)).toEqual(['1Gi', '1Gi', '1Gi']);
      const end = resizer(scene);
      await changeClass(scene, storageClassName, { allowVolumeExpansion: true });
      await grown(scene, '2Gi');
      await scene.reason('web', 'AsSpecified', 'AsSpecified');
      end();
      expect(scene.made('pods')).toHaveLength(6);
      expect(scene.app('web')?.metadata.generation).toBe(3);
    });

    test('that the provider cannot give is told; a smaller size above the capacity takes it back', async () => {
      const scene = await open();
      await scene.start(three());
      await scene.edit('web', sized('9Gi'));
      await scene.until('all to ask for it', () => requests(scene).join() === '9Gi,9Gi,9Gi');
      await Promise.all(ALL.map((name) => failResize(scene, name)));
      await told(
        scene,
        '1Gi to 9Gi, ControllerResizeInfeasible, ControllerResizeError: disks.test has no disk of that size',
      );
      await scene.edit('web', sized('2Gi'));
      await scene.until('all to ask for less', () => requests(scene).join() === '2Gi,2Gi,2Gi');
      const end = resizer(scene);
      await grown(scene, '2Gi');
      await scene.reason('web', 'AsSpecified', 'AsSpecified');
      end();
    });
  });
}

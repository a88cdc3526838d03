// Workflows in which claims are changed, made anew or taken over (docs/adr/0012): every write of a claim that is neither a
// creation with its member nor the policy's (workflows.ts) is in one of these. Lacks a resizer: the cluster's fake kubelet
// grants what a claim asks for.

import type { KubeObject } from '../../../src/kube/objects.ts';
import { APPS } from '../../../src/operator/resources.ts';
import type { Scene } from '../stage.ts';
import { annotate, CLAIMS, claimStatus, claimTemplate, dropClaim, record, templates } from '../volumes/disks.ts';
import { fast, has, vacated, type Workflow } from './workflows.ts';

const CLAIM = 'data-web-1';
const uidOf = (scene: Scene) => scene.claim(CLAIM)?.metadata.uid ?? '';
const recorded = (scene: Scene) => Promise.all(['data-web-0', CLAIM].map((claim) => record(scene, claim)));
const started = async (scene: Scene) => {
  await scene.start(fast(2));
  await recorded(scene);
};
const hasSize = (claim: KubeObject, size: string) => claimStatus(claim).capacity?.storage === size;
/** The ledger knows the volumes of all claims that there are. */
const isRecorded = (scene: Scene) => {
  const told = (scene.app('web')?.status?.members ?? []).flatMap(({ claims = [] }) => claims);
  const known = new Map(told.map((claim) => [claim.name, claim]));
  return scene.claims().every(({ metadata }) => {
    const { uid, disk, resize } = known.get(metadata.name) ?? {};
    return uid === metadata.uid && disk !== undefined && resize === undefined;
  });
};
const siblings = (claim: KubeObject) => claim.metadata.annotations?.['statefulapp.dev/claims'];

export const VOLUME_WORKFLOWS: readonly Workflow[] = [
  {
    name: 'grow and label the claims of 2 members',
    prepare: started,
    trigger: (scene) =>
      scene.patch(APPS, 'web', {
        spec: templates(claimTemplate('data', { size: '2Gi', metadata: { labels: { tier: 'db' } } })),
      }),
    isOver: (scene) => has(2)(scene) && scene.claims().every((claim) => hasSize(claim, '2Gi')) && isRecorded(scene),
    removes: [],
    ends: [],
  },
  {
    name: 'rebuild one member of 2',
    prepare: started,
    trigger: (scene) => annotate(scene, 'rebuild', `${CLAIM}=${uidOf(scene)}`),
    isOver: (scene) => has(2)(scene) && scene.gone('claims', CLAIM).length > 0 && isRecorded(scene),
    removes: ['web-1'],
    ends: ['web-1'],
    losesClaims: [CLAIM],
    deletesClaims: [CLAIM],
  },
  {
    name: 'add a claim template to 2 members',
    prepare: started,
    trigger: (scene) => scene.patch(APPS, 'web', { spec: templates(claimTemplate('data'), claimTemplate('wal')) }),
    isOver: (scene) =>
      has(2)(scene) &&
      scene.claims().length === 4 &&
      scene.claims().every((claim) => siblings(claim) === 'data,wal') &&
      scene.gone('pods', 'web-0').length > 0 &&
      isRecorded(scene),
    removes: ['web-1', 'web-0'],
    ends: ['web-1', 'web-0'],
  },
  {
    name: 'take over 2 claims that were restored',
    prepare: async (scene) => {
      const { spec } = claimTemplate('data');
      for (const name of ['data-web-0', CLAIM]) await scene.create(CLAIMS, { metadata: { name }, spec });
      await scene.until('both to be bound', () => scene.claims().every((claim) => hasSize(claim, '1Gi')));
    },
    trigger: (scene) => scene.create(APPS, fast(2)),
    isOver: (scene) => has(2)(scene) && isRecorded(scene),
    removes: [],
    ends: [],
  },
  {
    name: 'make a claim anew whose loss is accepted',
    prepare: async (scene) => {
      await started(scene);
      const lost = uidOf(scene);
      await vacated(scene, 'web-1');
      await dropClaim(scene, CLAIM);
      await annotate(scene, 'accept-volume-loss', `${CLAIM}=${lost}`);
    },
    trigger: (scene) => scene.patch(APPS, 'web', { spec: { paused: false } }),
    isOver: (scene) => has(2)(scene) && isRecorded(scene),
    removes: [],
    ends: ['web-1'],
    losesClaims: [CLAIM],
  },
];

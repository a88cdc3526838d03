// Plays the resizer: a CSI driver's external-resizer and the kubelet's part of it. For a bound claim whose request is above
// its status.capacity it tells that it works, grows the volume, waits for the file system, and writes the new capacity, each
// a write of its own, with states and conditions as KEP-1790 has them. The local cluster has none: its fake kubelet only
// writes the new capacity on the claim after a moment, and claims of these tests ask it not to (`BY_ACTOR`). What the API
// server admits and refuses is real; nothing is stored, so nothing really grows.

import { PLAY } from '../../../e2e/cluster/plays.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Scene } from '../stage.ts';
import { CLAIMS, claimStatus, isBound, requestOf, specOf, VOLUMES } from './disks.ts';

/** Of a claim template: the fake kubelet leaves its claims as they are. */
export const BY_ACTOR = { annotations: { [PLAY]: 'never-resize' } };

const gibibytes = (size = '0'): number => Number.parseInt(size, 10);

const status = (scene: Scene, claim: string, body: object): Promise<KubeObject> => {
  const ref = { namespace: scene.name, name: claim };
  return scene.client.patch(CLAIMS, ref, { type: 'merge', subresource: 'status', body: { status: body } });
};
const told = (type: string, message: string) => ({
  type,
  status: 'True',
  message,
  lastTransitionTime: new Date().toISOString(),
});

/** The controller's part: told as under way. */
export async function beginResize(scene: Scene, claim: string): Promise<void> {
  await status(scene, claim, {
    allocatedResources: { storage: requestOf(scene.claim(claim)) },
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    conditions: [told('Resizing', 'disks.test grows it')],
  });
}

/** The volume is as large as the claim asks for, and its file system is not yet. */
export async function growVolume(scene: Scene, claim: string): Promise<void> {
  const found = scene.claim(claim);
  const body = { spec: { capacity: { storage: requestOf(found) } } };
  await scene.client.patch(VOLUMES, { name: specOf(found).volumeName ?? '' }, { type: 'merge', body });
  await status(scene, claim, {
    allocatedResourceStatuses: { storage: 'NodeResizePending' },
    conditions: [told('FileSystemResizePending', 'waits for a pod to be started')],
  });
}

/** The kubelet's part. */
export async function finishResize(scene: Scene, claim: string): Promise<void> {
  await status(scene, claim, {
    capacity: { storage: requestOf(scene.claim(claim)) },
    allocatedResourceStatuses: null,
    conditions: [],
  });
}

/** It is more than the provider has. */
export async function failResize(scene: Scene, claim: string): Promise<void> {
  await status(scene, claim, {
    allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' },
    conditions: [told('ControllerResizeError', 'disks.test has no disk of that size')],
  });
}

/** From now on every claim that asks for more gets it; the result ends that. */
export function resizer(scene: Scene): () => void {
  const busy = new Set<string>();
  return scene.listen(() => {
    for (const claim of scene.claims()) {
      const { name, uid, deletionTimestamp } = claim.metadata;
      const has = gibibytes(claimStatus(claim).capacity?.storage);
      const isDue = isBound(claim) && deletionTimestamp === undefined && gibibytes(requestOf(claim)) > has;
      if (!isDue || busy.has(uid)) continue;
      busy.add(uid);
      void resize(scene, name).finally(() => busy.delete(uid));
    }
  });
}

async function resize(scene: Scene, claim: string): Promise<void> {
  await beginResize(scene, claim);
  await growVolume(scene, claim);
  await finishResize(scene, claim);
  const size = requestOf(scene.claim(claim));
  await scene.until(`${claim} to have ${size}`, () => claimStatus(scene.claim(claim)).capacity?.storage === size);
}

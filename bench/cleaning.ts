// The end of what a run has made, quickly: no controller of either side and no binder runs by now, so all of it can go at once. Namespaces stay,
// empty: their controller would begin with their removal five seconds later, in the midst of the next run. Volumes are of a class that retains
// them, so that they go when this says so; the folders that their provisioner makes, with them.
import { rmdirSync } from 'node:fs';
import { expectOk } from '../e2e/cluster/requests.ts';
import { type ClusterState, readState } from '../e2e/cluster/state.ts';
import { RESOURCES } from '../src/kube/resources.ts';
import type { Scene } from './measure/scene.ts';
import type { Site } from './site.ts';

const REQUEST_MS = 600_000;
const CONTENTS = [
  'api/v1/namespaces/NAMESPACE/persistentvolumeclaims',
  'api/v1/namespaces/NAMESPACE/services',
  'api/v1/namespaces/NAMESPACE/events',
  'apis/apps/v1/namespaces/NAMESPACE/controllerrevisions',
];
// The provisioner compiled into kube-controller-manager has this place built in.
const VOLUME_FOLDER = /^\/tmp\/hostpath_pv\/[0-9a-f-]{36}$/;

export async function clean(site: Site, scenes: readonly Scene[]): Promise<void> {
  const state = readState(site.cluster.dir);
  if (state === undefined) return; // the cluster has ended
  await Promise.all(scenes.map((scene) => empty(state, scene)));
  await removeVolumes(site, state);
  for (const scene of scenes) site.observer.forget(scene);
}

async function empty(state: ClusterState, scene: Scene): Promise<void> {
  const of = (path: string) => path.replace('NAMESPACE', scene.namespace);
  await remove(state, of('apis/apps/v1/namespaces/NAMESPACE/statefulsets?propagationPolicy=Background'));
  await remove(
    state,
    of('apis/statefulapp.dev/v1alpha1/namespaces/NAMESPACE/statefulapps?propagationPolicy=Background'),
  );
  await remove(state, of('api/v1/namespaces/NAMESPACE/pods?gracePeriodSeconds=0'));
  for (const path of CONTENTS) await remove(state, of(path));
  await scene.until('the pods of the last run to be gone', () => scene.pods === 0);
}

interface RawVolume {
  readonly spec?: { readonly hostPath?: { readonly path?: string } };
}

async function removeVolumes({ client }: Site, state: ClusterState): Promise<void> {
  const { items } = await client.list(RESOURCES.persistentvolumes);
  await remove(state, 'api/v1/persistentvolumes');
  for (const volume of items as readonly RawVolume[]) {
    const path = volume.spec?.hostPath?.path ?? '';
    if (VOLUME_FOLDER.test(path)) removeFolder(path);
  }
}

/** Fake nodes put nothing into volumes, so they are empty, and only empty ones are removed. */
function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // gone already, or not ours
  }
}

function remove({ url, admin: tls }: ClusterState, path: string): Promise<unknown> {
  return expectOk({ url: `${url}/${path}`, method: 'DELETE', tls, timeoutMs: REQUEST_MS });
}

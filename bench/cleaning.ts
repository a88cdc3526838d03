// The end of what a run has made, quickly: no controller of either side and no binder runs by now, so all of it can go at once. Namespaces stay,
// empty: their controller would begin with their removal five seconds later, in the midst of the next run. Volumes retain themselves, and
// go when this says so.
import { expectOk } from '../e2e/cluster/requests.ts';
import { type ClusterState, readState } from '../e2e/cluster/state.ts';
import type { Scene } from './measure/scene.ts';
import type { Site } from './site.ts';

const REQUEST_MS = 600_000;
const CONTENTS = [
  'api/v1/namespaces/NAMESPACE/persistentvolumeclaims',
  'api/v1/namespaces/NAMESPACE/services',
  'api/v1/namespaces/NAMESPACE/events',
  'apis/apps/v1/namespaces/NAMESPACE/controllerrevisions',
];

export async function clean(site: Site, scenes: readonly Scene[]): Promise<void> {
  const state = readState(site.cluster.dir);
  if (state === undefined) return; // the cluster has ended
  await Promise.all(scenes.map((scene) => empty(state, scene)));
  await remove(state, 'api/v1/persistentvolumes');
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

function remove({ url, admin: tls }: ClusterState, path: string): Promise<unknown> {
  return expectOk({ url: `${url}/${path}`, method: 'DELETE', tls, timeoutMs: REQUEST_MS });
}

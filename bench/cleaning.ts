// The end of namespaces, quickly: no controller of either side runs by now, so all of it can go at once. Resolves when nothing
// is left, volumes included, so that no run pays for the cleaning up after the one before it.
import { setTimeout as pause } from 'node:timers/promises';
import { expectOk } from '../e2e/cluster/requests.ts';
import { type ClusterState, readState } from '../e2e/cluster/state.ts';
import type { Scene } from './measure/scene.ts';
import type { Site } from './site.ts';

const LIMIT_MS = 600_000;
const REQUEST_MS = 300_000;

export async function clean({ cluster, observer }: Site, scenes: readonly Scene[]): Promise<void> {
  const state = readState(cluster.dir);
  if (state === undefined) return; // the cluster has ended
  await Promise.all(scenes.map((scene) => empty(state, scene)));
  for (const path of [...scenes.map(({ namespace }) => `/api/v1/namespaces/${namespace}`), VOLUMES])
    await gone(state, path);
  for (const scene of scenes) observer.forget(scene);
}

const VOLUMES = '/api/v1/persistentvolumes?limit=1';

async function empty({ url, admin: tls }: ClusterState, scene: Scene): Promise<void> {
  const { namespace } = scene;
  const remove = (path: string) =>
    expectOk({ url: `${url}${path}`, method: 'DELETE', tls, timeoutMs: REQUEST_MS }, [404]);
  await remove(`/apis/apps/v1/namespaces/${namespace}/statefulsets?propagationPolicy=Background`);
  await remove(`/apis/statefulapp.dev/v1alpha1/namespaces/${namespace}/statefulapps?propagationPolicy=Background`);
  await remove(`/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`);
  await remove(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`);
  await remove(`/api/v1/namespaces/${namespace}`);
  await scene.until('the pods of the last run to be gone', () => scene.pods === 0);
}

/** The namespace's end is written by a controller, that of volumes too; asked for, since this happens once in a run. */
async function gone({ url, admin: tls }: ClusterState, path: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const { status, body } = await expectOk({ url: `${url}${path}`, tls }, [404]);
    if (status === 404 || (JSON.parse(body) as { items?: readonly unknown[] }).items?.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`${path} is still there after ${LIMIT_MS / 1000} s. See the log of kube-controller-manager.`);
    await pause(100);
  }
}

// The end of a cluster: its processes, the folders its volumes got, its own folder. Used by whoever is there to do it:
// Cluster.stop, `down`, or the watchdog when the owner died. Safe to repeat.
import { rmdirSync, rmSync } from 'node:fs';
import { killAll, type ProcessId } from './processes.ts';
import { readRealState } from './real/state.ts';
import { endNodes, leftovers } from './real/teardown.ts';
import { call } from './requests.ts';
import { type ClusterState, readState } from './state.ts';

// The provisioner compiled into kube-controller-manager has this place built in.
const VOLUME_FOLDER = /^\/tmp\/hostpath_pv\/[0-9a-f-]{36}$/;

export async function tearDown(dir: string): Promise<void> {
  const state = readState(dir);
  const real = readRealState(dir);
  if (state !== undefined) {
    if (real === undefined) await removeVolumeFolders(state);
    await killAll(Object.values(state.components) as ProcessId[]);
  }
  if (real !== undefined) await endNodes(dir, real);
  rmSync(dir, { recursive: true, force: true });
  const left = real === undefined ? [] : await leftovers(dir, real);
  if (left.length > 0) {
    throw new Error(`The cluster in ${dir} has ended, but these are left of it:\n  - ${left.join('\n  - ')}`);
  }
}

// Fake nodes put nothing into volumes, so the folders are empty, and only empty ones are removed. When the API server
// no longer answers they stay, empty; that is the price of not guessing whose they are.
async function removeVolumeFolders({ url, admin }: ClusterState): Promise<void> {
  let volumes: readonly { spec?: { hostPath?: { path?: string } } }[];
  try {
    const answer = await call({ url: `${url}/api/v1/persistentvolumes`, tls: admin, timeoutMs: 1_500 });
    volumes = (JSON.parse(answer.body) as { items?: typeof volumes }).items ?? [];
  } catch {
    return;
  }
  for (const { spec } of volumes) {
    const path = spec?.hostPath?.path ?? '';
    if (!VOLUME_FOLDER.test(path)) continue;
    try {
      rmdirSync(path);
    } catch {
      // not empty, or gone already
    }
  }
}

// Where this machine has what a member wrote: past all nodes, so that a volume of a cut-off node can be read too.

import type { RealCluster } from './cluster.ts';
import { PROVISIONER_FOLDER, volumesFolder } from './files.ts';

export interface ClaimPlace {
  readonly claim: string;
  /** Default: default. */
  readonly namespace?: string;
}

/** The folder of the volume that a claim is bound to. */
export async function volumeFolder(
  cluster: RealCluster,
  { claim, namespace = 'default' }: ClaimPlace,
): Promise<string> {
  const { kubectl, dir } = cluster;
  const volume = await kubectl('get', `pvc/${claim}`, '--namespace', namespace, '-o', 'jsonpath={.spec.volumeName}');
  const path = await kubectl('get', `pv/${volume}`, '-o', 'jsonpath={.spec.hostPath.path}');
  return path.replace(PROVISIONER_FOLDER, volumesFolder(dir));
}

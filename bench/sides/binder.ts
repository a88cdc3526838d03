// Who makes volumes and binds claims to them, for the cases that run with bound claims: provisioner.ts, a process of its own under a user of
// its own. It works for all sides alike and is none of them.
import { join } from 'node:path';
import type { ControlPlane } from '../../e2e/cluster/control-plane.ts';
import { startChild } from './child.ts';
import { grant } from './controller-manager.ts';
import type { Place, SideProcess } from './side.ts';

/** Its user, as the audit log has it. */
export const BINDER = 'bench-persistent-volume-binder';
/** What it says in its log when it has seen all there is: from then on a claim that comes is work of its own at once. */
export const BINDS = 'claims are bound from now on';

const PROGRAM = join(import.meta.dirname, '../provisioner.ts');

export function installBinder(cluster: ControlPlane): Promise<void> {
  return grant(cluster, { kind: 'User', name: BINDER }, ['system:controller:persistent-volume-binder']);
}

let starts = 0;

export async function startBinder({ cluster, logs }: Place): Promise<SideProcess> {
  starts += 1;
  const child = startChild({
    command: [process.execPath, PROGRAM],
    logFile: join(logs, `binder-${starts}.log`),
    env: { KUBECONFIG: await cluster.kubeconfigFor(BINDER) },
  });
  return { ...child, user: BINDER };
}

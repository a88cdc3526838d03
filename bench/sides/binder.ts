// The controller that makes volumes and binds claims to them, for the cases that run with bound claims. It works for all sides alike and
// is none of them.
import type { ControlPlane } from '../../e2e/cluster/control-plane.ts';
import { grant, startController, UNLIMITED } from './controller-manager.ts';
import type { Place, SideProcess } from './side.ts';

/** Its user, as the audit log has it. */
export const BINDER = 'bench-persistent-volume-binder';
/** What it says in its log when it has seen all there is: from then on a claim that comes is work of its own at once. */
export const BINDS = '"Caches are synced"';

export function installBinder(cluster: ControlPlane): Promise<void> {
  return grant(cluster, { kind: 'User', name: BINDER }, ['system:controller:persistent-volume-binder']);
}

let starts = 0;

export function startBinder(place: Place): Promise<SideProcess> {
  starts += 1;
  return startController(place, {
    name: 'persistentvolume-binder-controller',
    user: BINDER,
    flags: ['--enable-hostpath-provisioner=true', ...UNLIMITED],
    log: `binder-${starts}`,
  });
}

// The StatefulSet controller of kube-controller-manager.
import type { ControlPlane } from '../../e2e/cluster/control-plane.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { grant, NO_LIMIT, startController, UNLIMITED } from './controller-manager.ts';
import type { Side, SideName } from './side.ts';

export const UNTHROTTLED = peer('unthrottled', `StatefulSet controller, --kube-api-qps=${NO_LIMIT}`, UNLIMITED);
export const DEFAULT = peer('default', 'StatefulSet controller, default flags (20 requests a second)', []);

const ROLES = ['system:controller:statefulset-controller', 'system:kube-controller-manager'];
const GROUP = 'bench-statefulset-controllers';

/** What the peer needs to work in a cluster: the built-in roles, for the users of this benchmark. */
export function installPeer(cluster: ControlPlane): Promise<void> {
  return grant(cluster, { kind: 'Group', name: GROUP }, ROLES);
}

let starts = 0;

function peer(name: SideName, title: string, limits: readonly string[]): Side {
  return {
    name,
    title,
    resource: RESOURCES.statefulsets,
    start: (place) => {
      starts += 1;
      return startController(place, {
        name: 'statefulset-controller',
        user: `bench-statefulset-controller-${name}`,
        groups: [GROUP],
        flags: limits,
        log: `peer-${starts}`,
      });
    },
  };
}

// Our own kind, and the watches of the daemon: which objects it follows, and how they are selected.

import { GROUP, KIND, LABEL, PLURAL, VERSION } from '../api/names.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import type { Kind } from './views.ts';

export const APPS: ApiResource = { group: GROUP, version: VERSION, kind: KIND, plural: PLURAL, namespaced: true };

export interface Followed {
  readonly kind: Kind;
  readonly resource: ApiResource;
  /** Only objects that carry our label: the rest of the cluster is none of our memory. */
  readonly labelSelector?: string;
}

export const FOLLOWED: readonly Followed[] = [
  { kind: 'StatefulApp', resource: APPS },
  { kind: 'Pod', resource: RESOURCES.pods, labelSelector: LABEL.app },
  { kind: 'PersistentVolumeClaim', resource: RESOURCES.persistentvolumeclaims, labelSelector: LABEL.app },
  { kind: 'Service', resource: RESOURCES.services, labelSelector: LABEL.app },
  { kind: 'ControllerRevision', resource: RESOURCES.controllerrevisions, labelSelector: LABEL.app },
];

// The headless Service: made first, kept fit, and left alone when it is somebody else's. Only clusterIP, selector and
// publishNotReadyAddresses are ours; the rest belongs to users.

import { LABEL } from '../api/names.ts';
import type { StatefulAppSpec } from '../api/spec.ts';
import { canonicalJson } from '../identity/json.ts';
import { controllerRef } from '../identity/owner.ts';
import { buildService, serviceEssentials } from '../identity/service.ts';
import type { Action, Note, Observed, ServiceView } from './types.ts';

export interface ServicePlan {
  readonly actions: readonly Action[];
  readonly notes: readonly Note[];
}

export function planService(observed: Observed, spec: StatefulAppSpec): ServicePlan {
  const { app, service } = observed;
  if (service === null) {
    const object = buildService(app, spec.serviceName, spec);
    return { actions: [{ type: 'createService', object, reason: 'members are looked up under it' }], notes: [] };
  }
  if (service.controllerUid === app.uid && service.managedElsewhere) return release(service);
  if (service.controllerUid === app.uid) return keepFit(observed, spec, service);
  if (service.readoptable && !service.managedElsewhere && selectsAsOurs(observed, spec, service))
    return readopt(observed, service);
  return { actions: [], notes: unfitness(observed, spec, service) };
}

function selectsAsOurs({ app }: Pick<Observed, 'app'>, spec: StatefulAppSpec, service: ServiceView): boolean {
  return canonicalJson(service.selector) === canonicalJson(serviceEssentials(spec.selector, app.name).selector);
}

function keepFit({ app }: Observed, spec: StatefulAppSpec, service: ServiceView): ServicePlan {
  if (service.publishNotReadyAddresses && selectsAsOurs({ app }, spec, service)) return { actions: [], notes: [] };
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: service.name,
      namespace: app.namespace,
      // With its version another Service of this name is a Conflict; with the UID alone it would be Invalid (seen on 1.36.3).
      uid: service.uid,
      resourceVersion: service.resourceVersion,
      labels: { [LABEL.app]: app.name },
      ownerReferences: [controllerRef(app)],
    },
    spec: serviceEssentials(spec.selector, app.name),
  };
  const reason = 'its selector or publishNotReadyAddresses is not what the members need';
  return { actions: [{ type: 'applyService', uid: service.uid, object, reason }], notes: [] };
}

const existing = ({ name, uid, resourceVersion }: ServiceView) => ({ name, uid, resourceVersion });
const identity = ({ uid, resourceVersion }: ServiceView) => ({ uid, resourceVersion });

function release(service: ServiceView): ServicePlan {
  const patch = { metadata: { ...identity(service), ownerReferences: [] } };
  const reason = 'another tool manages it; from now on it is used and not changed';
  return { actions: [{ type: 'releaseService', ...existing(service), patch, reason }], notes: [] };
}

function readopt({ app }: Observed, service: ServiceView): ServicePlan {
  const patch = { metadata: { ...identity(service), ownerReferences: [controllerRef(app)] } };
  return {
    actions: [
      { type: 'adoptService', ...existing(service), patch, reason: 'it has no owner, our label and our selector' },
    ],
    notes: [],
  };
}

/** A foreign Service is used as it is; what makes it unfit is said, and does not hold the members back. */
function unfitness({ app }: Observed, spec: StatefulAppSpec, service: ServiceView): readonly Note[] {
  const labels = spec.template.metadata?.labels ?? {};
  const selected: Readonly<Record<string, unknown>> = { ...labels, [LABEL.app]: app.name };
  const faults = [
    ...(service.clusterIP === 'None'
      ? []
      : ['it is not headless (clusterIP is not None), so members get no DNS names']),
    ...(service.publishNotReadyAddresses
      ? []
      : ['publishNotReadyAddresses is not true, so peers are found only once Ready']),
    ...(Object.entries(service.selector).every(([key, value]) => selected[key] === value) &&
    Object.keys(service.selector).length > 0
      ? []
      : ['its selector does not select the members']),
  ];
  if (faults.length === 0) return [];
  const message =
    `Service ${service.name} is not ours and is used as it is, but ${faults.join('; ')}. ` +
    'Change it, or name another one in spec.serviceName of a new app.';
  return [{ reason: 'ServiceUnfit', message }];
}

// How it ends: the faults stop by themselves (heal), and people put right what only they can (mend).

import { ANNOTATION } from '../../../src/api/names.ts';
import { NAMESPACE } from '../apps.ts';
import { appOf, controllerOf } from '../checks/facts.ts';
import { calmTemper } from '../control/temper.ts';
import { CALM } from '../weather.ts';
import { type Stage, specOf, taintsOf } from './stage.ts';

/** Networks, nodes, rights and quotas are as they should be, and an operator runs. */
export function heal(stage: Stage): void {
  for (const undo of [...stage.undoings]) undo();
  for (const name of stage.nodes) {
    stage.plane.node(name).heal();
    stage.plane.node(name).powerOn();
    const node = stage.server.find('nodes', undefined, name);
    if (node === undefined) continue;
    const taints = taintsOf(node).filter(({ key }) => key !== 'node.kubernetes.io/out-of-service');
    stage.user.edit('nodes', node, (now) => ({ ...now, spec: { ...specOf(now), taints, unschedulable: false } }));
  }
  Object.assign(stage.plane.temper, calmTemper());
  stage.crew.blow(CALM);
  for (const host of stage.crew.hosts) host.skew(0);
  if (stage.crew.hosts.length === 0) stage.crew.start();
}

/** Every request that a status can make of people is answered. */
export function mend(stage: Stage): void {
  const { server, user } = stage;
  for (const app of server.all('statefulapps', NAMESPACE)) {
    if (appOf(app) === null) continue;
    user.edit('statefulapps', app, (now) => ({
      ...now,
      metadata: { ...now.metadata, annotations: withoutRequests(now.metadata.annotations) },
      spec: { ...specOf(now), paused: false, volumeLossPolicy: 'Recreate' },
    }));
  }
  for (const set of server.all('statefulsets', NAMESPACE)) user.remove('statefulsets', set, { policy: 'Orphan' });
  const uids = new Set(server.all('statefulapps', NAMESPACE).map(({ metadata }) => metadata.uid));
  for (const pod of server.all('pods', NAMESPACE)) {
    if (!uids.has(controllerOf(pod)?.uid ?? '')) user.remove('pods', pod);
  }
  for (const claim of server.all('persistentvolumeclaims', NAMESPACE)) {
    if (claim.metadata.labels?.['statefulapp.dev/name'] === 'another') user.remove('persistentvolumeclaims', claim);
  }
}

function withoutRequests(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== ANNOTATION.ignoreStatefulSet));
}

// How it ends: the faults stop by themselves (heal), and people put right what only they can (mend).

import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { NAMESPACE } from '../apps.ts';
import { appOf, controllerOf, fieldOf, isDeleting, phaseOf } from '../checks/facts.ts';
import { conditionOf } from '../checks/settled.ts';
import { claimsOf } from '../control/reading.ts';
import { calmTemper } from '../control/temper.ts';
import type { Raw, Stored } from '../server/types.ts';
import { CALM } from '../weather.ts';
import { withTemplate } from './rollouts.ts';
import { OTHER_OWNER } from './saboteur.ts';
import { type Stage, specOf, taintsOf } from './stage.ts';

/** Networks, nodes, rights and quotas are as they should be, and an operator runs. */
export function heal(stage: Stage): void {
  for (const cancel of stage.coming) cancel();
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
    user.edit('statefulapps', app, (now) => {
      const good = { ...now, ...goodTemplate(now) };
      return {
        ...good,
        metadata: { ...now.metadata, annotations: withoutRequests(now.metadata.annotations) },
        spec: { ...specOf(good), paused: false, volumeLossPolicy: 'Recreate', ...wayOn(stage, now) },
      };
    });
  }
  for (const set of server.all('statefulsets', NAMESPACE)) user.remove('statefulsets', set, { policy: 'Orphan' });
  // Of two apps whose claims have the same names, only one can live.
  const rival = server.find('statefulapps', NAMESPACE, 'x-y');
  if (rival !== undefined && server.find('statefulapps', NAMESPACE, 'y') !== undefined)
    user.remove('statefulapps', rival);
  freeClaims(stage);
  const names = server.all('statefulapps', NAMESPACE).map(({ metadata }) => metadata.name);
  const uids = new Set(server.all('statefulapps', NAMESPACE).map(({ metadata }) => metadata.uid));
  const doomed = new Set<string>();
  for (const claim of server.all('persistentvolumeclaims', NAMESPACE)) {
    const label = claim.metadata.labels?.[LABEL.app] ?? '';
    const isAnothers = label !== '' && !names.includes(label);
    const stale = isAnothers && names.some((name) => claim.metadata.name.includes(`-${name}-`));
    // Its volume may be gone although the claim does not say so yet.
    const volume = specOf(claim)['volumeName'];
    const lost = typeof volume === 'string' && server.find('persistentvolumes', undefined, volume) === undefined;
    if (!isDeleting(claim) && phaseOf(claim) !== 'Lost' && !lost && !stale) continue;
    doomed.add(claim.metadata.name);
    user.remove('persistentvolumeclaims', claim);
  }
  for (const pod of server.all('pods', NAMESPACE)) {
    const isOurs = uids.has(controllerOf(pod)?.uid ?? '') && pod.metadata.labels?.[LABEL.revision] !== undefined;
    if (!isOurs || isStuck(stage, pod) || claimsOf(pod).some((name) => doomed.has(name))) user.remove('pods', pod);
  }
}

/** A controller that nobody knows keeps a claim from its member, and from garbage collection. */
function freeClaims({ server, user }: Stage): void {
  for (const claim of server.all('persistentvolumeclaims', NAMESPACE)) {
    const owners = claim.metadata.ownerReferences ?? [];
    const ownerReferences = owners.filter(({ kind }) => kind !== OTHER_OWNER.kind);
    if (ownerReferences.length < owners.length)
      user.edit('persistentvolumeclaims', claim, (now) => ({ ...now, metadata: { ...now.metadata, ownerReferences } }));
  }
}

/** Under OnDelete only people replace what cannot run. */
function isStuck({ server }: Stage, pod: Stored): boolean {
  const owner = server.all('statefulapps', NAMESPACE).find(({ metadata }) => metadata.uid === controllerOf(pod)?.uid);
  return !canRun(pod) && fieldOf(owner, 'spec', 'updateStrategy', 'type') === 'OnDelete';
}

/**
 * As the status says: a revision that is stored nowhere cannot come back, so the present template is taken. Members that
 * keep a revision which cannot run, below the partition, are let go.
 */
function wayOn({ server }: Stage, app: Stored): Raw {
  if (conditionOf(app, 'Ready')?.reason === 'RevisionLost') return { updateStrategy: { type: 'OnDelete' } };
  const strategy = (specOf(app)['updateStrategy'] ?? {}) as Raw;
  const isOurs = (one: Stored) => controllerOf(one)?.uid === app.metadata.uid;
  const stored = server.all('controllerrevisions', NAMESPACE).filter(isOurs);
  const names = new Set(stored.map(({ metadata }) => metadata.name));
  // Somebody may have deleted the revision of a pod that is there, or of a member whose turn is yet to come (seed 397).
  const isBad =
    stored.some((one) => !canRun(fieldOf(one, 'data', 'spec', 'template'))) ||
    server.all('pods', NAMESPACE).some((pod) => isOurs(pod) && !canRun(pod)) ||
    listAt(app['status'], 'members')
      .map((member) => stringAt(member, 'revision'))
      .some((hash) => hash !== undefined && !names.has(`${app.metadata.name}-${hash}`));
  const rollingUpdate = { ...(strategy['rollingUpdate'] as Raw), paused: false, ...(isBad ? { partition: 0 } : {}) };
  return { updateStrategy: { ...strategy, rollingUpdate } };
}

/** Whether pods of this template come to run well. */
function canRun(template: unknown): boolean {
  const spec = objectAt(template, 'spec');
  const [container] = listAt(spec, 'containers');
  const asks = objectAt(container, 'resources')['requests'] !== undefined;
  return !asks && spec['nodeSelector'] === undefined && /^store:v\d$/.test(stringAt(container, 'image') ?? '');
}

/** One that can run; and another one than an update that has failed, which is not tried again. */
function goodTemplate(app: Stored): Raw {
  const hasFailed = fieldOf(app, 'status', 'failedRevision') !== undefined;
  const annotations = { 'kubectl.kubernetes.io/restartedAt': String(app.metadata.generation) };
  const [container] = listAt(objectAt(objectAt(specOf(app), 'template'), 'spec'), 'containers');
  const image = stringAt(container, 'image') ?? '';
  return withTemplate(
    app,
    { image: /^store:v\d$/.test(image) ? image : 'store:v1' },
    hasFailed ? annotations : undefined,
  );
}

function withoutRequests(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== ANNOTATION.ignoreStatefulSet));
}

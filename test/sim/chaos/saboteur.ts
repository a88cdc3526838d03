// What hands do to an app's objects behind the operator's back.

import { LABEL } from '../../../src/api/names.ts';
import { NAMESPACE } from '../apps.ts';
import type { Random } from '../random.ts';
import type { Meta, Raw, Stored } from '../server/types.ts';
import {
  type Act,
  aClaim,
  anApp,
  aPod,
  forAWhile,
  type Intervention,
  later,
  one,
  type Stage,
  sabotage,
  specOf,
  withMeta,
} from './stage.ts';

function onPod(change: (stage: Stage, pod: Stored, random: Random) => string | undefined): Act {
  return (stage, random) => {
    const pod = aPod(stage, random);
    return pod === undefined ? undefined : change(stage, pod, random);
  };
}

const withoutOurs = ({ labels }: Meta) =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => key !== LABEL.app));

const stripLabel = onPod((stage, pod) => withMeta(stage, 'pods', pod, (meta) => ({ labels: withoutOurs(meta) })));
const stripAllLabels = onPod((stage, pod) => withMeta(stage, 'pods', pod, () => ({ labels: {} })));
const stripOwner = onPod((stage, pod) => withMeta(stage, 'pods', pod, () => ({ ownerReferences: [] })));

const block = onPod((stage, pod, random) => {
  const finalizer = 'example.com/backup';
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  const done = withMeta(stage, 'pods', pod, (meta) => ({ finalizers: [...(meta.finalizers ?? []), finalizer] }));
  const undo = () => {
    const now = stage.server.find('pods', NAMESPACE, pod.metadata.name);
    if (now?.metadata.uid !== pod.metadata.uid) return;
    withMeta(stage, 'pods', now, (meta) => ({
      finalizers: (meta.finalizers ?? []).filter((name) => name !== finalizer),
    }));
  };
  forAWhile(stage, { ms: random.delay(5_000, 600_000), undo });
  return done;
});

/** Somebody else's object under a name that a member will want, or has just left. */
function take(plural: 'pods' | 'persistentvolumeclaims'): Act {
  return (stage, random) => {
    const app = anApp(stage, random);
    if (app === undefined) return undefined;
    const pod = `${app.metadata.name}-${random.between(0, 5)}`;
    const idea = stage.ideas.find(({ name }) => name === app.metadata.name);
    const volume = one(idea?.volumes ?? [], random);
    if (plural === 'persistentvolumeclaims' && volume === undefined) return undefined;
    const name = plural === 'pods' ? pod : `${volume}-${pod}`;
    if (stage.server.find(plural, NAMESPACE, name) !== undefined) return undefined;
    stage.user.create(plural, plural === 'pods' ? foreignPod(name, random) : foreignClaim(name, random));
    return `${plural} ${name}`;
  };
}

/** The collector does not know this kind, and leaves its objects alone. */
export const OTHER_OWNER = {
  apiVersion: 'example.com/v1',
  kind: 'Database',
  name: 'other',
  uid: 'other-uid',
  controller: true,
};

function foreignPod(name: string, random: Random): Raw {
  const labels = random.pick<Raw>([{}, { app: name.replace(/-\d+$/, '') }]);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels, ...(random.chance(0.5) ? { ownerReferences: [OTHER_OWNER] } : {}) },
    spec: { terminationGracePeriodSeconds: 5, containers: [{ name: 'main', image: 'other:v1' }] },
  };
}

export function foreignClaim(name: string, random: Random): Raw {
  const stamped = random.chance(0.5) ? { labels: { [LABEL.app]: 'another' } } : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE, ...stamped },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  };
}

const deleteClaim: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  if (claim === undefined) return undefined;
  stage.user.remove('persistentvolumeclaims', claim);
  return claim.metadata.name;
};

/** A claim and its pod are deleted, and another claim is restored under the name, as soon as that is free. */
const replaceClaim: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  if (claim === undefined) return undefined;
  const { name } = claim.metadata;
  stage.user.remove('persistentvolumeclaims', claim);
  for (const pod of stage.server.all('pods', NAMESPACE))
    if (name.endsWith(`-${pod.metadata.name}`)) stage.user.remove('pods', pod, { graceSeconds: 0 });
  const raw = foreignClaim(name, random);
  for (let turn = 1; turn <= 40; turn += 1)
    later(stage, turn * 20, 'user: restores a claim', () => {
      if (stage.server.find('persistentvolumeclaims', NAMESPACE, name) === undefined)
        stage.user.create('persistentvolumeclaims', { ...raw, metadata: { name, namespace: NAMESPACE } });
    });
  return name;
};

/** While an app is scaled down, its highest pod is taken away from it. */
const stripVictim: Act = (stage, random) => {
  const pod = aPod(stage, random);
  const owner = pod?.metadata.ownerReferences?.[0]?.name ?? '';
  const app = stage.server.find('statefulapps', NAMESPACE, owner);
  if (pod === undefined || app === undefined) return undefined;
  stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), replicas: 0 } }));
  later(stage, random.between(5, 80), 'user: strips the owner', () => {
    const now = stage.server.find('pods', NAMESPACE, pod.metadata.name);
    if (now !== undefined) withMeta(stage, 'pods', now, () => ({ ownerReferences: [] }));
  });
  return pod.metadata.name;
};

/** A pod that ends as soon as it is there, again and again. */
const keepsFailing: Act = (stage, random) => {
  const pod = aPod(stage, random);
  if (pod === undefined) return undefined;
  for (let turn = 0; turn < 60; turn += 1)
    later(stage, turn * 1_000, 'kubelet: evicts it again', () => {
      const now = stage.server.find('pods', NAMESPACE, pod.metadata.name);
      const node = now === undefined ? undefined : specOf(now)['nodeName'];
      if (now !== undefined && typeof node === 'string') stage.plane.node(node).evict(now.metadata.uid);
    });
  return pod.metadata.name;
};

const stripClaim: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  if (claim === undefined) return undefined;
  return withMeta(stage, 'persistentvolumeclaims', claim, (meta) => ({ labels: withoutOurs(meta), annotations: {} }));
};

const loseVolume: Act = (stage, random) => {
  const volume = one(stage.server.all('persistentvolumes'), random);
  if (volume === undefined) return undefined;
  stage.user.remove('persistentvolumes', volume);
  const now = stage.server.find('persistentvolumes', undefined, volume.metadata.name);
  if (now !== undefined)
    stage.user.edit('persistentvolumes', now, (it) => ({ ...it, metadata: { ...it.metadata, finalizers: [] } }));
  return volume.metadata.name;
};

const meddleWithService: Act = (stage, random) => {
  const service = one(stage.server.all('services', NAMESPACE), random);
  if (service === undefined) return undefined;
  const { name } = service.metadata;
  switch (random.between(0, 3)) {
    case 0:
      stage.user.remove('services', service);
      return `${name} is deleted`;
    case 1:
      stage.user.edit('services', service, (now) => ({
        ...now,
        spec: { ...specOf(now), selector: { app: 'elsewhere' } },
      }));
      return `${name} selects others`;
    case 2:
      return withMeta(stage, 'services', service, (meta) => ({ labels: withoutOurs(meta) }));
    default:
      return withMeta(stage, 'services', service, () => ({ ownerReferences: [] }));
  }
};

const meddleWithRevision: Act = (stage, random) => {
  const revision = one(stage.server.all('controllerrevisions', NAMESPACE), random);
  if (revision === undefined) return undefined;
  return random.chance(0.5)
    ? withMeta(stage, 'controllerrevisions', revision, (meta) => ({ labels: withoutOurs(meta) }))
    : withMeta(stage, 'controllerrevisions', revision, () => ({ ownerReferences: [] }));
};

/** Somebody tidies up. */
const deleteRevision: Act = (stage, random) => {
  const revision = one(stage.server.all('controllerrevisions', NAMESPACE), random);
  if (revision === undefined) return undefined;
  stage.user.remove('controllerrevisions', revision);
  return revision.metadata.name;
};

/** A backup tool that restores objects leaves the status behind, or brings an old one. */
const loseStatus: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  stage.user.editStatus('statefulapps', app, (now) => ({ ...now, status: {} }));
  return app.metadata.name;
};

export const SABOTEUR: readonly Intervention[] = [
  sabotage('strip label', 2, stripLabel),
  sabotage('strip all labels', 1, stripAllLabels),
  sabotage('strip owner', 2, stripOwner),
  sabotage('strip victim', 1, stripVictim),
  sabotage('pod finalizer', 1, block),
  sabotage('keeps failing', 1, keepsFailing),
  sabotage('take pod name', 2, take('pods')),
  sabotage('take claim name', 1, take('persistentvolumeclaims')),
  sabotage('delete claim', 2, deleteClaim),
  sabotage('replace claim', 1, replaceClaim),
  sabotage('strip claim', 1, stripClaim),
  sabotage('lose volume', 1, loseVolume),
  sabotage('service', 2, meddleWithService),
  sabotage('revision', 1, meddleWithRevision),
  sabotage('delete revision', 1, deleteRevision),
  sabotage('lose status', 1, loseStatus),
];

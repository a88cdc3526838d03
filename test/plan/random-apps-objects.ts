// The objects around a random app, and its ledger: each nearly as it should be, for changes to start from.

import { API_VERSION, KIND, LABEL } from '../../src/api/names.ts';
import type { Random } from '../sim/random.ts';
import { ago, at, NOW } from './objects.ts';
import { type Fields, isFields, mangled } from './random-apps-values.ts';

/** Who is spoken of: names and versions that objects of one app share. */
export interface Cast {
  readonly app: string;
  readonly uid: string;
  readonly claims: readonly string[];
  readonly hashes: readonly string[];
}

const ORDINALS = [0, 0, 0, 1, 1, 2, 3, 7, 2147483000, 2147483647];
export const ordinal = (random: Random) => random.pick(ORDINALS);

const time = (random: Random) =>
  random.chance(0.9) ? ago(random.pick([-30, 0, 1, 9, 30, 100, 3600])) : at(NOW - random.between(-1e9, 1e9));

function owners(random: Random, { app, uid }: Cast): readonly Fields[] {
  const controller = { apiVersion: API_VERSION, kind: KIND, name: app, uid, controller: true };
  switch (random.between(0, 7)) {
    case 0:
      return [];
    case 1:
      return [{ ...controller, uid: 'former-uid' }];
    case 2:
      return [
        { ...controller, kind: 'ReplicaSet', name: 'other', uid: 'other-uid' },
        { ...controller, controller: false },
      ];
    default:
      return [controller];
  }
}

/** An object of the API has a name, a uid and a resourceVersion, whatever else is wrong with it. */
export function sound(value: unknown, metadata: Fields): Fields {
  const fields = isFields(value) ? value : { value };
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...fields,
    metadata: { ...(isFields(fields['metadata']) ? fields['metadata'] : {}), name, namespace, uid, resourceVersion },
  };
}

function metadataOf(random: Random, cast: Cast, name: string): Fields {
  const leaving = random.chance(0.2) ? { deletionTimestamp: time(random), deletionGracePeriodSeconds: 30 } : {};
  const labels = {
    [LABEL.app]: cast.app,
    app: 'web',
    [LABEL.revision]: random.pick(cast.hashes),
    [LABEL.podName]: name,
  };
  return {
    name,
    namespace: 'prod',
    uid: `${name}-${random.pick(['uid', 'uid', 'other'])}`,
    resourceVersion: String(random.between(1, 99)),
    creationTimestamp: time(random),
    labels: random.chance(0.8) ? labels : { app: 'web' },
    annotations: {
      'statefulapp.dev/app-uid': cast.uid,
      'statefulapp.dev/ordinal': random.pick(['0', '0', '1', '00', '-1']),
      'statefulapp.dev/claims': 'data',
    },
    ownerReferences: owners(random, cast),
    ...leaving,
    ...(random.chance(0.1) ? { finalizers: ['example.com/slow'] } : {}),
  };
}

function container(random: Random): Fields {
  const ended = { terminated: { exitCode: random.pick([0, 1, 137]), finishedAt: time(random), reason: 'Error' } };
  const waiting = { waiting: { reason: random.pick(['CrashLoopBackOff', 'ContainerCreating']), message: 'back-off.' } };
  const state = random.pick([{ running: { startedAt: time(random) } }, ended, waiting, {}]);
  return { name: 'main', restartCount: random.pick([0, 1, 3]), state, lastState: random.pick([{}, ended]) };
}

export function randomPod(random: Random, cast: Cast, name: string): Fields {
  const metadata = metadataOf(random, cast, name);
  const ready = { type: 'Ready', status: random.pick(['True', 'True', 'False']), lastTransitionTime: time(random) };
  const others = [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes.' },
    { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' },
  ];
  const pod = {
    metadata,
    spec: { ...(random.chance(0.8) ? { nodeName: 'node-a' } : {}), terminationGracePeriodSeconds: 30 },
    status: {
      phase: random.pick(['Running', 'Running', 'Running', 'Pending', 'Failed', 'Succeeded', 'Unknown']),
      conditions: random.chance(0.8) ? [ready] : [random.pick(others), ready],
      containerStatuses: [container(random)],
      initContainerStatuses: random.chance(0.1) ? [container(random)] : [],
    },
  };
  return sound(mangled(random, pod), metadata);
}

export function randomClaim(random: Random, cast: Cast, name: string): Fields {
  const { ownerReferences, ...metadata } = metadataOf(random, cast, name);
  const claim = {
    metadata: random.chance(0.9) ? metadata : { ...metadata, ownerReferences },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: random.pick(['1Gi', '1024Mi', '2Gi', 'much']) } },
      ...(random.chance(0.8) ? { volumeName: `pv-${name}` } : {}),
    },
    status: { phase: random.pick(['Bound', 'Bound', 'Bound', 'Pending', 'Lost']) },
  };
  return sound(mangled(random, claim), metadata);
}

export function randomService(random: Random, cast: Cast, name: string): Fields {
  const metadata = metadataOf(random, cast, name);
  const spec = {
    clusterIP: random.pick(['None', '10.0.0.1']),
    publishNotReadyAddresses: random.chance(0.7),
    selector: random.pick([{ [LABEL.app]: cast.app }, { app: 'web' }, {}]),
  };
  return sound(mangled(random, { metadata, spec }), metadata);
}

/** `data` is what the revision holds. */
export function randomRevision(random: Random, cast: Cast, data: unknown): Fields {
  const name = `${cast.app}-${random.pick(cast.hashes)}`;
  const metadata = metadataOf(random, cast, name);
  const revision = { metadata, revision: random.between(0, 5), data: { spec: data } };
  return sound(mangled(random, revision), metadata);
}

function randomMember(random: Random, cast: Cast): Fields {
  const number = ordinal(random);
  const name = `${cast.app}-${number}`;
  const failed = { failures: random.between(1, 9), failedAt: time(random) };
  const claims = cast.claims.map((claim) => ({
    name: `${claim}-${name}`,
    uid: `${claim}-${name}-${random.pick(['uid', 'uid', 'other'])}`,
    ...(random.chance(0.8) ? { volume: `pv-${claim}-${name}` } : {}),
  }));
  return {
    ordinal: number,
    pod: name,
    podUID: `${name}-uid`,
    revision: random.pick(cast.hashes),
    state: random.pick(['Available', 'Available', 'Failed', 'Vanished', 'VolumeAtRisk', 'Waiting', 'Ready']),
    since: time(random),
    node: 'node-a',
    restarts: random.between(0, 3),
    ...(random.chance(0.5) ? { complete: true } : {}),
    ...(random.chance(0.2) ? failed : {}),
    ...(claims.length > 0 ? { claims } : {}),
  };
}

export function randomStatus(random: Random, cast: Cast): unknown {
  const condition = (type: string) => ({
    type,
    status: random.pick(['True', 'False', 'Unknown']),
    reason: 'Working',
    message: 'It works.',
    observedGeneration: random.between(0, 2),
    lastTransitionTime: time(random),
  });
  const status = {
    appUID: random.pick([cast.uid, cast.uid, cast.uid, cast.uid, 'former-uid']),
    observedGeneration: random.pick([0, 1, 1, 7]),
    replicas: random.between(0, 9),
    currentRevision: `${cast.app}-${random.pick(cast.hashes)}`,
    updateRevision: `${cast.app}-${random.pick(cast.hashes)}`,
    collisionCount: random.pick([0, 0, 1]),
    members: Array.from({ length: random.between(0, 4) }, () => randomMember(random, cast)),
    conditions: ['Ready', 'Progressing', 'Stalled', 'Custom'].filter(() => random.chance(0.6)).map(condition),
    fieldOfTheFuture: { kept: true },
  };
  return mangled(random, status);
}

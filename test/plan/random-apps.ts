// Random StatefulApps with all that may lie around them: valid ones and broken ones, each made from its number alone.
// What an API server guarantees is kept (names, uids, resourceVersions); all else may be anything. Lacks verdicts: those
// are in random-apps-faults.ts.

import { API_VERSION, KIND, LABEL } from '../../src/api/names.ts';
import { Random } from '../sim/random.ts';
import {
  type Cast,
  ordinal,
  randomClaim,
  randomPod,
  randomRevision,
  randomService,
  randomStatus,
  sound,
} from './random-apps-objects.ts';
import { deep, type Fields, mangled, mutated, odd, withKey } from './random-apps-values.ts';

/** Raw objects, as an API server gives them. */
export interface Sample {
  readonly app: Fields;
  readonly pods: readonly Fields[];
  readonly claims: readonly Fields[];
  readonly services: readonly Fields[];
  readonly revisions: readonly Fields[];
  /** Pods that are gone, as last seen. */
  readonly ended: readonly Fields[];
  readonly strays: readonly Fields[];
  readonly surveyed: boolean;
  readonly statefulSetUid: string | null;
  /** Keys of actions that were refused. */
  readonly refused: readonly string[];
}

const NAMES = [
  ...['web', 'web', 'web', 'web', 'constructor', 'prototype', 'tostring', 'web-1', '0', '1-2', 'x-y', 'valueof'],
  ...['a'.repeat(63), 'b'.repeat(52), 'a.b', `c${'-'.repeat(40)}d`, '__proto__'],
];
const CLAIMS = ['data', 'wal', 'data-web', 'constructor', 'x', 'a'.repeat(63)];

const some = <Value>(random: Random, most: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: random.between(0, most) }, (_, index) => make(index));

function randomTemplate(random: Random, cast: Cast): Fields {
  const labels = { app: 'web', tier: 'db', ...(random.chance(0.1) ? { [LABEL.app]: cast.app } : {}) };
  const main = {
    name: 'main',
    image: random.pick(['web:v1', 'web:v2', 'web:v3']),
    ports: [{ containerPort: 80, name: 'http' }, { containerPort: random.pick([80, 443]) }],
    env: [{ name: 'KEY', value: 'value' }],
  };
  const volumes = [
    { name: random.pick(['data', 'tmp']), emptyDir: { medium: 'Memory' } },
    { name: 'host', hostPath: {} },
  ];
  const tolerations = [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }];
  const spec = {
    containers: [main],
    volumes,
    tolerations,
    terminationGracePeriodSeconds: 30,
    nodeSelector: { disk: 'ssd' },
  };
  const written = { metadata: { labels, annotations: { note: 'x' } }, spec };
  if (random.chance(0.5)) return written;
  // Changed where it may be anything: such a template is admitted.
  const inner = random.chance(0.02) ? deep(random.between(10, 9000), odd(random)) : mutated(random, spec);
  return {
    ...written,
    spec: withKey({ ...spec, extra: inner }, random.pick(['__proto__', 'constructor', 'x']), odd(random)),
  };
}

function randomSpec(random: Random, cast: Cast): Fields {
  const rare = random.chance(0.0004);
  const spec: Fields = {
    replicas: rare ? random.pick([300, 4000, 4001]) : random.pick([0, 1, 2, 3, 3, 5]),
    template: randomTemplate(random, cast),
    podManagementPolicy: random.pick(['OrderedReady', 'Parallel']),
    podRecoveryPolicy: random.pick(['Ordered', 'Parallel']),
    volumeLossPolicy: random.pick(['Block', 'Recreate', 'Require']),
    volumeClaimTemplates: cast.claims.map((name) => ({
      metadata: { name, labels: { disk: 'fast' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })),
    minReadySeconds: random.pick([0, 0, 10, 2147483647]),
    progressDeadlineSeconds: random.pick([1, 600, 2147483647]),
    ordinals: { start: random.pick([0, 0, 1, 2147483000]), excluded: random.pick([[], [], [1], [0, 2]]) },
    updateStrategy: random.pick<Fields>([{}, { type: 'OnDelete' }, { rollingUpdate: { partition: 1, paused: true } }]),
    persistentVolumeClaimRetentionPolicy: { whenScaled: random.pick(['Retain', 'Delete']) },
    nodeFailurePolicy: random.pick<Fields>([{}, { unreachableSeconds: 5 }]),
    ...(random.chance(0.5) ? { selector: { matchLabels: { app: 'web' } } } : {}),
    ...(random.chance(0.2) ? { serviceName: random.pick(['peers', 'web', '']) } : {}),
    ...(random.chance(0.1) ? { paused: true } : {}),
  };
  for (const field of Object.keys(spec)) if (field !== 'template' && random.chance(0.2)) delete spec[field];
  return spec;
}

function randomApp(random: Random, cast: Cast, spec: Fields): Fields {
  const metadata = {
    name: cast.app,
    namespace: 'prod',
    uid: cast.uid,
    resourceVersion: String(random.between(1, 99)),
    generation: random.pick([1, 1, 1, 2]),
    creationTimestamp: '2026-03-01T10:00:00Z',
    ...(random.chance(0.05) ? { deletionTimestamp: '2026-03-01T11:59:00Z' } : {}),
    ...(random.chance(0.1) ? { annotations: { 'statefulapp.dev/ignore-statefulset': 'set-uid' } } : {}),
  };
  const whole = { apiVersion: API_VERSION, kind: KIND, metadata, spec };
  const app = random.chance(0.35) ? mangled(random, whole) : whole;
  const { generation } = metadata;
  const whatever = sound(
    random.chance(0.85) ? { ...(app as Fields), status: randomStatus(random, cast) } : app,
    metadata,
  );
  return { ...whatever, metadata: { ...(whatever['metadata'] as Fields), generation } };
}

/** Parts of names that are pods', claims' and Services': of this app mostly. */
function randomName(random: Random, { app }: Cast): string {
  return random.chance(0.9)
    ? `${app}-${ordinal(random)}`
    : random.pick(['other-0', `${app}-01`, `${app}-x`, app, 'web-1-0']);
}

/** An API server holds one object of a name. */
const unique = (objects: readonly Fields[], taken: readonly Fields[] = []): readonly Fields[] => {
  const name = (object: Fields) => (object['metadata'] as Fields)['name'];
  const others = new Set(taken.map(name));
  return [...new Map(objects.map((object) => [name(object), object])).values()].filter((one) => !others.has(name(one)));
};

/** The same number gives the same app. */
export function randomSample(number: number): Sample {
  const random = new Random(number, 'random-apps');
  const app = random.pick(NAMES);
  const claims = [...new Set(some(random, random.chance(0.7) ? 1 : 3, () => random.pick(CLAIMS)))];
  const cast: Cast = { app, uid: 'app-uid', claims, hashes: ['0123456789', 'abcdef0123', '__proto__', 'constructor'] };
  const spec = randomSpec(random, cast);
  const history = () => ({
    template: random.chance(0.5) ? spec['template'] : randomTemplate(random, cast),
    volumeClaimTemplates: spec['volumeClaimTemplates'],
  });
  const claim = () => `${random.pick([...claims, 'data'])}-${randomName(random, cast)}`;
  const pods = unique(some(random, 4, () => randomPod(random, cast, randomName(random, cast))));
  return {
    app: randomApp(random, cast, spec),
    pods,
    claims: unique(some(random, 4, () => randomClaim(random, cast, claim()))),
    services: unique(some(random, 2, () => randomService(random, cast, random.pick([app, app, 'peers', 'web'])))),
    revisions: unique(some(random, 3, () => randomRevision(random, cast, history()))),
    ended: some(random, 2, () => randomPod(random, cast, randomName(random, cast))),
    strays: unique(
      some(random, 1, () => randomPod(random, cast, randomName(random, cast))),
      pods,
    ),
    surveyed: random.chance(0.95),
    statefulSetUid: random.chance(0.05) ? 'set-uid' : null,
    refused: random.chance(0.1) ? [`createPod/${app}-0`, 'createRevision/web-x', 'createService/web'] : [],
  };
}

// The planner is total: whatever the API server holds, and whatever a status, a label or a timestamp says, there is a
// plan, it is safe, and it never throws.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LABEL } from '../../src/api/names.ts';
import { readPod } from '../../src/identity/pod-view.ts';
import { checkPlan } from '../../src/plan/invariants.ts';
import { observe, readApp, readEnding, readRevision, readService } from '../../src/plan/observe.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Observed } from '../../src/plan/types.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';
import { readVolume } from '../../src/volumes/volume-view.ts';
import { APP, ago, NOW, owner, type Raw, rawApp, rawPod, SOUND_NODES } from './objects.ts';
import { frozen, planned, see, world } from './world.ts';

/** The largest int64, as JSON gives it. */
const ENDLESS = Number('9223372036854775807');

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    -1,
    0,
    1e300,
    ENDLESS,
    2 ** 31,
    '',
    '__proto__',
    'constructor',
    '2026-03-01T12:00:00Z',
  ),
  fc.constantFrom<unknown>(
    '+275760-09-13T00:00:00Z',
    '0000-01-01T00:00:00Z',
    'web-0',
    'Failed',
    'True',
    [],
    {},
    [null],
    [{}],
  ),
);
const uid = fc.constantFrom(APP.uid, 'former-uid', 'web-0-uid', '');
const name = fc.constantFrom(
  'web-0',
  'web-1',
  'web-9',
  'web-2147483647',
  'data-web-0',
  'web',
  'web-__proto__',
  'constructor',
  '',
);

/** Objects of the right shape in which any part may be replaced by anything. */
const any = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(
    Object.fromEntries(
      Object.entries(shape).map(([key, value]) => [key, fc.oneof({ weight: 4, arbitrary: value }, odd)]),
    ),
    { requiredKeys: [] },
  );

const labels = fc.oneof(
  fc.dictionary(
    fc.constantFrom<string>(...Object.values(LABEL), 'app', '__proto__'),
    fc.constantFrom('web', 'other', '0', '__proto__'),
  ),
  fc.constant(JSON.parse('{"__proto__":"x","app":"web"}')),
);
const metadata = any({
  name,
  uid,
  resourceVersion: fc.constantFrom('1', '7'),
  labels,
  annotations: labels,
  ownerReferences: fc.array(
    any({ uid, kind: fc.constant('StatefulApp'), name: fc.constant('web'), controller: fc.boolean() }),
    { maxLength: 2 },
  ),
  creationTimestamp: fc.constant(ago(100)),
  deletionTimestamp: fc.constantFrom(ago(1), ago(-30)),
  deletionGracePeriodSeconds: fc.constantFrom<number>(0, 30, -5, ENDLESS),
  finalizers: fc.array(odd, { maxLength: 2 }),
});
const container = any({
  name: fc.constant('main'),
  restartCount: fc.integer(),
  state: any({
    terminated: any({ exitCode: fc.integer(), finishedAt: fc.constant(ago(3)) }),
    waiting: any({ reason: fc.string(), message: fc.string() }),
    running: odd,
  }),
  lastState: any({ terminated: any({ exitCode: fc.integer() }) }),
});
const status = any({
  phase: fc.constantFrom('Running', 'Pending', 'Failed', 'Succeeded', 'Unknown', 'Bound', 'Lost'),
  conditions: fc.array(
    any({
      type: fc.constantFrom('Ready', 'PodScheduled', 'DisruptionTarget'),
      status: fc.constantFrom('True', 'False'),
      reason: fc.constant('DeletionByPodGC'),
      lastTransitionTime: fc.constant(ago(9)),
    }),
    { maxLength: 2 },
  ),
  containerStatuses: fc.array(container, { maxLength: 2 }),
  initContainerStatuses: fc.array(container, { maxLength: 1 }),
});
const object = any({
  metadata,
  status,
  spec: any({
    nodeName: fc.constant('n'),
    volumeName: fc.constant('pv'),
    terminationGracePeriodSeconds: fc.constantFrom<number>(30, ENDLESS),
    selector: labels,
  }),
  revision: fc.integer(),
  data: any({ spec: any({ template: odd, volumeClaimTemplates: fc.array(odd, { maxLength: 2 }) }) }),
});
const member = any({
  ordinal: fc.constantFrom(0, 1, 2, 2147483647, -1),
  podUID: uid,
  revision: fc.constantFrom('__proto__', 'abc'),
  state: fc.constantFrom('Vanished', 'Failed', 'Available', 'VolumeAtRisk'),
  since: fc.constantFrom(ago(5), '+275760-09-13T00:00:00Z', 'never'),
  failures: fc.constantFrom<number>(0, -3, 1e15),
  failedAt: fc.constantFrom(ago(5), '+275760-09-13T00:00:00Z'),
  complete: fc.boolean(),
  claims: fc.array(any({ name: fc.constant('data-web-0'), uid, volume: fc.string() }), { maxLength: 2 }),
});
const stored = any({
  appUID: uid,
  observedGeneration: fc.integer(),
  collisionCount: fc.integer({ min: -9, max: 9 }),
  currentRevision: fc.constantFrom('web-abc', 'web-', '__proto__'),
  members: fc.array(member, { maxLength: 3 }),
  conditions: fc.array(
    any({
      type: fc.constantFrom('Ready', 'Stalled', 'Progressing'),
      status: fc.constantFrom('True', 'False'),
      lastTransitionTime: fc.constant('+275760-09-13T00:00:00Z'),
    }),
    { maxLength: 3 },
  ),
});
const spec = fc.record(
  {
    replicas: fc.integer({ min: 0, max: 3 }),
    podManagementPolicy: fc.constantFrom('OrderedReady', 'Parallel'),
    podRecoveryPolicy: fc.constantFrom('Ordered', 'Parallel'),
    volumes: fc.constant(['data']),
    volumeLossPolicy: fc.constantFrom('Block', 'Recreate', 'Require'),
    minReadySeconds: fc.constantFrom(0, 2147483647),
    progressDeadlineSeconds: fc.constantFrom(1, 2147483647),
    ordinals: fc.record({ start: fc.constantFrom(0, 1, 2147483000), excluded: fc.constant([1]) }),
    updateStrategy: fc.constantFrom<object>({ type: 'OnDelete' }, { rollingUpdate: { partition: 2147483647 } }),
    paused: fc.boolean(),
    pod: fc.constant({ terminationGracePeriodSeconds: ENDLESS, volumes: 'none' }),
    status: stored,
  },
  { requiredKeys: ['replicas'] },
);

const list = fc.array(fc.oneof({ weight: 5, arbitrary: object }, odd), { maxLength: 3 });
const sighting = fc.record({
  app: fc.oneof({ weight: 9, arbitrary: spec.map(rawApp) }, object, odd),
  pods: list,
  claims: list,
  services: list,
  revisions: list,
  ended: list,
  strays: list,
  volumes: list,
});

test('any objects at all give a plan, and a safe one', () => {
  fc.assert(
    fc.property(sighting, ({ app, pods, claims, services, revisions, ended, strays, volumes }) => {
      const observed: Observed = observe({
        nowMs: NOW,
        app: readApp(app),
        pods: pods.map(readPod),
        claims: claims.map(readClaim),
        services: services.map(readService),
        revisions: revisions.map(readRevision),
        strays: strays.map((raw) => ({
          kind: 'Pod',
          name: readPod(raw).name,
          view: readPod(raw),
          readAtMs: NOW,
          reads: 1,
        })),
        volumes: volumes.map((raw) => ({ ...readVolume(raw), readAtMs: NOW, reads: 1 })),
        nodes: SOUND_NODES,
        survey: { generation: readApp(app).generation, atMs: NOW, statefulSetUid: null, reads: 1 },
        endings: ended.map((raw) => readEnding(readPod(raw), { atMs: NOW, fromWatch: true })),
        refusals: [],
      });
      const result = plan(frozen(observed));
      const dangerous = checkPlan(observed, result).filter((breach) => !breach.startsWith('R2:'));
      expect(dangerous).toEqual([]);
      expect(JSON.stringify(plan(observed))).toBe(JSON.stringify(result));
    }),
    { numRuns: 1500 },
  );
}, 60_000);

describe('a time that no calendar has', () => {
  test.each(['Vanished 1s', 'Gone', 'Terminating', 'Failed', 'Available'])('stops nothing: %s', (state) => {
    const seen = world({
      app: { replicas: 1, minReadySeconds: 2147483647, pod: { terminationGracePeriodSeconds: ENDLESS } },
      pods: `0 ${state}`,
    });
    for (const [pod, ending] of seen.endings) seen.endings.set(pod, { ...ending, graceSeconds: ENDLESS });
    expect(planned(see(seen)).waits).not.toEqual([]);
  });
});

describe('names that mean something to JavaScript', () => {
  test.each(['constructor', 'proto', 'hasownproperty', 'web-1'])('an app called %s', (app) => {
    const raw = { ...rawApp({ replicas: 1 }), metadata: { ...APP, name: app, generation: 1, resourceVersion: '1' } };
    const observed = see({ ...world(), app: raw });
    const { actions, status: told } = planned(observed);
    const made = actions.find(({ type }) => type === 'createPod');
    expect(made).toMatchObject({
      object: { metadata: { name: `${app}-0`, labels: { [LABEL.app]: app } }, spec: { hostname: `${app}-0` } },
    });
    expect(told.members?.[0]?.pod).toBe(`${app}-0`);
  });

  test('labels, annotations and fields called __proto__ are carried whole', () => {
    const hostile = JSON.parse('{"__proto__":"p","constructor":"c","app":"web"}') as Raw;
    const pod = { nodeSelector: hostile };
    const seen = world({ app: { replicas: 1, pod }, revisions: [] });
    const template = (seen.app['spec'] as { template: { metadata: Raw } }).template;
    template.metadata['labels'] = hostile;
    template.metadata['annotations'] = hostile;
    const made = planned(see(seen)).actions.find(({ type }) => type === 'createPod');
    const text = JSON.stringify(made);
    expect(text.match(/"__proto__":"p","constructor":"c"/g)).toHaveLength(3);
  });

  test('the hash sees them', () => {
    const hashes = ['{"__proto__":"a"}', '{"__proto__":"b"}', '{}'].map((text) => {
      const seen = world({ app: { replicas: 1, pod: { nodeSelector: JSON.parse(text) } }, revisions: [] });
      return planned(see(seen)).status.updateRevision;
    });
    expect(new Set(hashes).size).toBe(3);
  });

  test('members called like properties of every object are not in the ledger', () => {
    const pod = rawPod({ ordinal: 0, state: 'Available', revision: 'constructor', seconds: 9 });
    const seen = world({ app: { replicas: 1 }, pods: '0 Stopped' });
    seen.pods.set('web-0', { ...pod, metadata: { ...(pod['metadata'] as Raw), ownerReferences: [owner()] } });
    expect(planned(see(seen)).status.members?.[0]?.revision).toBe('constructor');
  });
});

test('a thousand members next to 2^31 are planned for in one pass', () => {
  const seen = world({ app: { replicas: 1000, podManagementPolicy: 'Parallel', ordinals: { start: 2147482000 } } });
  expect(planned(see(seen)).actions).toHaveLength(1000);
});

test('an app whose template is nested too deep to be written again is Stalled, and says what to do', () => {
  const extra = JSON.parse(`${'['.repeat(9000)}${']'.repeat(9000)}`);
  const result = planned(see(world({ app: { replicas: 1, pod: { extra } }, revisions: [] })));
  expect(result.actions).toEqual([]);
  expect(result.status.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
    status: 'True',
    message: expect.stringContaining('nested more than 500 levels deep'),
  });
});

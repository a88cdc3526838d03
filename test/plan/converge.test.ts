// Plans that are carried out lead somewhere: to every wanted ordinal with a pod, its claims and its revision and to no
// others, and then to no plan at all.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LABEL } from '../../src/api/names.ts';
import { carryOut } from './carry-out.ts';
import { ago, hashOf, type Raw } from './objects.ts';
import { deeds, planned, see, world } from './world.ts';

const volumes = ['data', 'wal'];
const uidOf = (raw: Raw | undefined) => ((raw?.['metadata'] ?? {}) as Raw)['uid'];
const labelsOf = (raw: Raw | undefined) => ((raw?.['metadata'] ?? {}) as { labels?: Record<string, string> }).labels;
const pods = (count: number) => Array.from({ length: count }, (_, ordinal) => `web-${ordinal}`);

describe('from nothing', () => {
  test.each(['OrderedReady', 'Parallel'])('%s: three members with all that is theirs', (podManagementPolicy) => {
    const seen = world({
      app: { replicas: 3, volumes, podManagementPolicy },
      service: null,
      revisions: [],
      survey: null,
      ledger: 'none',
    });
    const { last } = carryOut(seen);
    expect([...seen.pods.keys()]).toEqual(pods(3));
    expect([...seen.claims.keys()].sort()).toEqual([
      'data-web-0',
      'data-web-1',
      'data-web-2',
      'wal-web-0',
      'wal-web-1',
      'wal-web-2',
    ]);
    expect([seen.services.size, seen.revisions.size]).toEqual([1, 1]);
    expect(last.status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 });
    expect(last.status.members?.every(({ complete }) => complete)).toBe(true);
  });

  test('OrderedReady: one pod after the other', () => {
    const seen = world({
      app: { replicas: 3, volumes: ['data'] },
      service: null,
      revisions: [],
      survey: null,
      ledger: 'none',
    });
    const { actions } = carryOut(seen);
    const made = actions
      .filter(({ type }) => type !== 'survey')
      .map((action) => `${action.type} ${'ordinal' in action ? action.ordinal : ''}`.trim());
    expect(made).toEqual([
      'createService',
      'createRevision',
      'createClaim 0',
      'createPod 0',
      'createClaim 1',
      'createPod 1',
      'createClaim 2',
      'createPod 2',
    ]);
  });
});

describe('a member that is lost comes back as its exact copy:', () => {
  const app = { replicas: 3, volumes, version: 'v2', updateStrategy: { rollingUpdate: { partition: 3 } } };
  test.each(['Failed', 'Stopped', 'Vanished 1s', 'Gone', 'Terminating'])('%s', (state) => {
    const seen = world({ app, pods: `0 Available @v1, 1 ${state} @v1, 2 Available @v1` });
    const before = structuredClone(seen);
    carryOut(seen);
    const copy = seen.pods.get('web-1');
    expect(uidOf(copy)).not.toBe('web-1-uid');
    expect(labelsOf(copy)?.[LABEL.revision]).toBe(hashOf('v1', volumes));
    expect(copy?.['spec']).toMatchObject({
      hostname: 'web-1',
      subdomain: 'web',
      containers: [{ image: 'web:v1' }],
      volumes: volumes.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-web-1` } })),
    });
    for (const name of seen.claims.keys()) expect(uidOf(seen.claims.get(name))).toBe(uidOf(before.claims.get(name)));
    expect(uidOf(seen.pods.get('web-0'))).toBe('web-0-uid');
    expect(uidOf(seen.pods.get('web-2'))).toBe('web-2-uid');
  });
});

describe('scaling', () => {
  test('to five and back to three keeps every claim', () => {
    const seen = world({ app: { replicas: 5, volumes: ['data'] }, pods: '0 Available, 1 Available, 2 Available' });
    carryOut(seen);
    const claims = [...seen.claims].map(([name, raw]) => [name, uidOf(raw)]);
    expect([[...seen.pods.keys()], claims.length]).toEqual([pods(5), 5]);
    seen.app = {
      ...seen.app,
      metadata: { ...(seen.app['metadata'] as Raw), generation: 2 },
      spec: { ...(seen.app['spec'] as Raw), replicas: 3 },
    };
    const { actions } = carryOut(seen);
    expect(actions.flatMap((action) => (action.type === 'deletePod' ? [action.name] : []))).toEqual(['web-4', 'web-3']);
    expect([...seen.pods.keys()]).toEqual(pods(3));
    expect([...seen.claims].map(([name, raw]) => [name, uidOf(raw)])).toEqual(claims);
  });
});

test('a member that keeps failing is replaced ever more rarely', () => {
  const seen = world({ app: { replicas: 1 }, pods: '0 Failed' });
  const replacedAt: number[] = [];
  for (let pass = 0; pass < 400 && replacedAt.length < 8; pass += 1) {
    const plan = planned(see(seen));
    seen.app = { ...seen.app, status: plan.status };
    if (plan.statusFirst) continue;
    if (plan.actions.length === 0) seen.nowMs = plan.wakeAtMs ?? seen.nowMs;
    for (const action of plan.actions) {
      const pod = seen.pods.get('web-0') as { metadata: Raw };
      replacedAt.push(seen.nowMs);
      seen.pods.set('web-0', { ...pod, metadata: { ...pod.metadata, uid: `${action.type}-${replacedAt.length}` } });
    }
  }
  const pauses = replacedAt.slice(1).map((at, index) => Math.round((at - (replacedAt[index] ?? 0)) / 1000));
  expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

const STATES = [
  '-',
  'Stopped',
  'NeverBound',
  'Vanished 9s',
  'Gone',
  'Pending',
  'NotReady',
  'Available',
  'Failed',
  'Terminating',
  'Orphan',
  'Unlabelled',
  'Former',
  'Leaving',
];
const CLAIMS = ['Bound', 'Pending', 'Plain'];

test('from any start that Kubernetes can leave, whatever is asked for, it ends as asked, and then nothing is planned', () => {
  const place = fc.record({
    state: fc.constantFrom(...STATES),
    version: fc.constantFrom('v1', 'v2'),
    claim: fc.constantFrom(...CLAIMS),
  });
  const asked = fc.record({
    replicas: fc.integer({ min: 0, max: 5 }),
    podManagementPolicy: fc.constantFrom('OrderedReady', 'Parallel'),
    podRecoveryPolicy: fc.constantFrom('Ordered', 'Parallel'),
    ordinals: fc.record({
      start: fc.integer({ min: 0, max: 2 }),
      excluded: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
    }),
    minReadySeconds: fc.constantFrom(0, 5),
    updateStrategy: fc.constantFrom<object>(
      { type: 'OnDelete' },
      { rollingUpdate: { partition: 2 } },
      { rollingUpdate: { paused: true } },
    ),
    ledger: fc.constantFrom<'none' | undefined>('none', undefined),
  });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 5 }), asked, (places, { ledger, ...spec }) => {
      const seen = world({
        app: { ...spec, volumes: ['data'], version: 'v2', selector: { matchLabels: { app: 'web' } } },
        pods: places.map(({ state, version }, ordinal) => `${ordinal} ${state} @${version}`).join(', '),
        claims: places.map(({ claim }, ordinal) => `data-${ordinal} ${claim}`).join(', '),
        revisions: ['v1', 'v2'],
        ...(ledger === undefined ? {} : { ledger }),
      });
      const { last } = carryOut(seen);
      const ordinals = Array.from({ length: 20 }, (_, ordinal) => ordinal);
      const wanted = ordinals
        .filter((one) => one >= spec.ordinals.start && !spec.ordinals.excluded.includes(one))
        .slice(0, spec.replicas);
      const rollout = last.waits.filter(({ reason }) => reason !== 'Updating');
      expect([...seen.pods.keys()].sort()).toEqual(wanted.map((ordinal) => `web-${ordinal}`).sort());
      expect({ waits: rollout, does: deeds(last) }).toEqual({ waits: [], does: [] });
      for (const ordinal of wanted) expect(seen.claims.has(`data-web-${ordinal}`)).toBe(true);
      expect(planned(see(seen)).actions).toEqual([]);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('what waits for a human stays put, and writes nothing', () => {
  const seen = world({
    app: { replicas: 2, volumes: ['data'] },
    pods: '0 Stopped, 1 Foreign',
    claims: 'data-0 -',
    ledger: { 0: { since: ago(9) } },
  });
  const { last, actions } = carryOut(seen);
  const done = actions.filter(({ type }) => type !== 'survey');
  expect([done, last.waits.map(({ reason }) => reason)]).toEqual([[], ['VolumeAtRisk']]);
});

// One pass over one app: the gate, the status behind the actions, what a broken plan and a refused status come to.

import { afterEach, expect, test, vi } from 'vitest';
import type { StatefulAppStatus } from '../../src/api/status.ts';
import { AFTERWARDS_MS } from '../../src/operator/hands.ts';
import type { Outcome } from '../../src/operator/queue.ts';
import { type Pass, reconcile } from '../../src/operator/reconcile.ts';
import * as invariants from '../../src/plan/invariants.ts';
import * as planner from '../../src/plan/plan.ts';
import type { Action, Plan } from '../../src/plan/types.ts';
import { rawApp } from '../plan/objects.ts';
import { LEAST, refusal } from './api.ts';
import { settled } from './daemon.ts';
import { bench as emptyBench, KEY } from './hands.ts';

vi.mock(import('../../src/plan/plan.ts'), { spy: true });
vi.mock(import('../../src/plan/invariants.ts'), { spy: true });

afterEach(() => {
  vi.mocked(planner.plan).mockReset();
  vi.mocked(invariants.checkPlan).mockReset();
});

const createPod: Action = {
  type: 'createPod',
  ordinal: 0,
  revision: '1a',
  object: { kind: 'Pod', metadata: { name: 'web-0', namespace: 'prod' }, ...LEAST['pods'] } as never,
  reason: 'it is wanted',
};

/** A pass whose plan the test says. */
function bench() {
  const scene = emptyBench();
  let replicas = 0;
  const planned = (plan: Partial<Plan>) => {
    vi.mocked(planner.plan).mockReturnValue({
      actions: [],
      waits: [],
      notes: [],
      status: {},
      statusFirst: false,
      ...plan,
    });
    vi.mocked(invariants.checkPlan).mockReturnValue([]);
  };
  /** A status that differs from all before. */
  const fresh = () => {
    replicas += 1;
    return { replicas };
  };
  const statuses = () => scene.api.writes.filter(({ subresource }) => subresource === 'status');
  const echo = () => scene.tell('StatefulApp', 'statefulapps', 'web');
  /** A pass for which there is a reason: some news. */
  const go = (waitedMs?: number): Promise<Outcome> => {
    scene.rest.disturb(KEY);
    return reconcile(scene.pass, KEY, waitedMs);
  };
  return { ...scene, planned, fresh, statuses, echo, go };
}

const standing = (status: 'True' | 'False') => ({
  conditions: [{ type: 'Ready', status, reason: 'Test', message: '', lastTransitionTime: '2026-03-01T12:00:00Z' }],
});
const progress = (replicas: number) => ({ status: { replicas, ...standing('False') } });

/** Plans that make web-0 until they see it, and a status that counts what they see. */
function wantOnePod(): void {
  vi.mocked(planner.plan).mockImplementation(({ pods }) => ({
    actions: pods.length === 0 ? [createPod] : [],
    waits: [],
    notes: [],
    status: { replicas: pods.length },
    statusFirst: false,
  }));
  vi.mocked(invariants.checkPlan).mockReturnValue([]);
}

test('while the gate is closed nothing is planned', async () => {
  const { gate, go, api, opened } = bench();
  gate.wrote(KEY, 'pods', '9000');
  await expect(go()).resolves.toEqual({});
  expect(planner.plan).not.toHaveBeenCalled();
  expect(api.sent).toEqual([]);
  gate.progress('pods', '9000');
  expect(opened).toEqual([KEY]);
});

test('a pod that was made is told of in the status of the same pass, before any watch shows it', async () => {
  const { go, statuses, gate, clock, api } = bench();
  wantOnePod();
  gate.statusWritten(KEY, clock.monotonic() - 1000);
  await expect(go()).resolves.toEqual({ wakeInMs: AFTERWARDS_MS });
  expect(statuses().map(({ body }) => body['status'])).toEqual([{ replicas: 1 }]);
  expect(api.deeds).toContain('create pods web-0');
});

test('and if that status is not due yet, when it is: also while the gate is closed, since no watch may ever show the pod', async () => {
  const { go, statuses, gate, clock } = bench();
  wantOnePod();
  gate.statusWritten(KEY, clock.monotonic());
  await expect(go()).resolves.toEqual({ wakeInMs: 100 });
  expect(statuses()).toEqual([]);
  clock.advance(100);
  await expect(go()).resolves.toEqual({ wakeInMs: AFTERWARDS_MS });
  expect(statuses().map(({ body }) => body['status'])).toEqual([{ replicas: 1 }]);
  await expect(go()).resolves.toEqual({});
  expect(statuses()).toHaveLength(1);
});

test('a ledger that has to come first, and of which the server keeps nothing, is offered ever more rarely', async () => {
  const { planned, go, api, statuses, fresh } = bench();
  api.rule(({ subresource }) =>
    subresource === 'status' ? { status: 200, body: api.find('statefulapps', 'web') } : undefined,
  );
  planned({ statusFirst: true, actions: [createPod], status: fresh() });
  await expect(go()).resolves.toEqual({ wakeInMs: 200 });
  await expect(go()).resolves.toEqual({ wakeInMs: 400 });
  expect([statuses().length, api.find('pods', 'web-0')]).toEqual([2, undefined]);
});

test('an app that is not there any more needs nothing', async () => {
  const { pass } = bench();
  await expect(reconcile(pass, 'prod/other')).resolves.toEqual({});
});

test('an app that is as it should be costs no request', async () => {
  const { planned, go, api } = bench();
  planned({});
  await expect(go()).resolves.toEqual({});
  expect(api.sent).toEqual([]);
});

test('the plan says when to look again', async () => {
  const { planned, go, clock } = bench();
  planned({ wakeAtMs: clock.now() + 4000 });
  await expect(go()).resolves.toEqual({ wakeInMs: 4000 });
});

test('a status that differs is merged onto the very version that it was made from', async () => {
  const { planned, go, statuses, api, gate } = bench();
  const app = api.find('statefulapps', 'web');
  planned({ status: { replicas: 3 } });
  await expect(go()).resolves.toEqual({ wakeInMs: AFTERWARDS_MS });
  expect(statuses()).toMatchObject([
    {
      verb: 'patch',
      path: '/apis/statefulapp.dev/v1alpha1/namespaces/prod/statefulapps/web/status',
      contentType: 'application/merge-patch+json',
      body: {
        metadata: { uid: app?.metadata.uid, resourceVersion: app?.metadata.resourceVersion },
        status: { replicas: 3 },
      },
    },
  ]);
  expect(gate.enter(KEY)).toBe(false);
});

test('the own status costs no further request, and its echo no pass until a moment later', async () => {
  const { planned, go, echo, statuses, pass, rest, clock } = bench();
  planned({ status: { replicas: 3 } });
  await go();
  const { resourceVersion } = echo().metadata;
  expect(rest.hears(KEY, 'statefulapps', resourceVersion)).toBe(false);
  vi.mocked(planner.plan).mockClear();
  await expect(reconcile(pass, KEY)).resolves.toEqual({ wakeInMs: AFTERWARDS_MS });
  expect(planner.plan).not.toHaveBeenCalled();
  clock.advance(AFTERWARDS_MS);
  await expect(reconcile(pass, KEY)).resolves.toEqual({});
  expect(planner.plan).toHaveBeenCalledTimes(1);
  await expect(reconcile(pass, KEY)).resolves.toEqual({});
  expect(planner.plan).toHaveBeenCalledTimes(1);
  rest.disturb(KEY);
  await reconcile(pass, KEY);
  expect(planner.plan).toHaveBeenCalledTimes(2);
  expect(statuses()).toHaveLength(1);
});

test('a status is written at most every 100 ms, and the rest is told together when that time has come', async () => {
  const { planned, go, echo, statuses, clock, fresh } = bench();
  planned({ status: fresh() });
  await go();
  echo();
  for (let step = 1; step < 10; step += 1) {
    clock.advance(10);
    planned({ status: { ...fresh(), ...standing('True') } });
    await expect(go()).resolves.toEqual({ wakeInMs: 100 });
  }
  expect(statuses()).toHaveLength(1);
  clock.advance(10);
  planned({ status: { replicas: 99, ...standing('True') } });
  await go();
  expect(statuses().map(({ body }) => body['status'])).toEqual([
    { replicas: 1 },
    { replicas: 99, ...standing('True') },
  ]);
});

test('mere progress is told within a second, and at once together with what does not wait', async () => {
  const { planned, go, echo, statuses, clock } = bench();
  const told = async (status: StatefulAppStatus) => {
    const before = statuses().length;
    planned({ status });
    const outcome = await go();
    if (statuses().length > before) echo();
    return statuses().length > before ? 'written' : outcome;
  };
  expect(await told({ replicas: 1, ...standing('False') })).toBe('written');
  clock.advance(300);
  expect(await told({ replicas: 2, ...standing('False') })).toEqual({ wakeInMs: 500 });
  clock.advance(490);
  expect(await told({ replicas: 3, ...standing('False') })).toEqual({ wakeInMs: 100 });
  clock.advance(10);
  expect(await told({ replicas: 3, ...standing('False') })).toBe('written');
  clock.advance(100);
  expect(await told({ replicas: 4, ...standing('False') })).toEqual({ wakeInMs: 700 });
  expect(await told({ replicas: 5, ...standing('True') })).toBe('written');
  clock.advance(100);
  expect(await told({ replicas: 5, ...standing('True'), observedGeneration: 7 })).toBe('written');
});

test('in a storm, mere progress is told once in four turns of the app, and at the latest after half a minute', async () => {
  const { planned, go, echo, statuses, clock } = bench();
  planned(progress(1));
  await go();
  echo();
  clock.advance(7_900);
  planned(progress(2));
  await expect(go(2_000)).resolves.toEqual({ wakeInMs: 100 });
  clock.advance(100);
  await go(2_000);
  echo();
  expect(statuses()).toHaveLength(2);
  clock.advance(29_000);
  planned(progress(3));
  await expect(go(60_000)).resolves.toEqual({ wakeInMs: 1_000 });
  clock.advance(1_000);
  await go(60_000);
  expect(statuses()).toHaveLength(3);
});

test('the volume that a pass reads is in the status that it writes', async () => {
  const { go, statuses } = bench();
  const read: Action = { type: 'readVolume', ordinal: 0, name: 'pv-0', reason: 'it was just bound' };
  vi.mocked(planner.plan).mockImplementation(({ volumes }) => ({
    actions: volumes.length === 0 ? [read] : [],
    waits: [],
    notes: [],
    status: { replicas: volumes.length },
    statusFirst: false,
  }));
  vi.mocked(invariants.checkPlan).mockReturnValue([]);
  await go();
  expect(statuses().map(({ body }) => body['status'])).toEqual([{ replicas: 1 }]);
});

test('a pod that is foretold is mere progress: what is stored tells whoever comes next that it may have run', async () => {
  const { planned, go, echo, statuses, clock, gate } = bench();
  planned(progress(0));
  await go();
  echo();
  clock.advance(300);
  planned({ ...progress(1), actions: [{ ...createPod, foretold: true } as Action] });
  await go();
  expect(gate.isUntold(KEY)).toBe(false);
  expect(statuses()).toHaveLength(1);
});

test('a pass that acts leaves the status to the next, but passes that act without end write it every 250 ms', async () => {
  const { planned, go, echo, statuses, clock, fresh, gate, api } = bench();
  const written: number[] = [];
  for (let time = 0; time <= 1000; time += 10) {
    if (api.find('pods', 'web-0') !== undefined) api.remove('pods', 'web-0');
    planned({ actions: [createPod], status: fresh() });
    const before = statuses().length;
    await go();
    if (statuses().length > before) {
      written.push(time);
      echo();
    }
    gate.progress('pods', String(1_000_000 + time));
    clock.advance(10);
  }
  expect(written).toEqual([250, 500, 750, 1000]);
});

test('after the last action the status comes at the next pass', async () => {
  const { planned, go, statuses, clock, fresh, gate } = bench();
  planned({ actions: [createPod], status: fresh() });
  await expect(go()).resolves.toEqual({ wakeInMs: 100 });
  gate.progress('pods', '1000000');
  clock.advance(100);
  planned({ status: fresh() });
  await go();
  expect(statuses()).toHaveLength(1);
});

test('an action that rests on the ledger is done only once that is stored and seen', async () => {
  const { planned, go, echo, api } = bench();
  const plan = { actions: [createPod], status: { replicas: 1 } };
  planned({ ...plan, statusFirst: true });
  await expect(go()).resolves.toEqual({ wakeInMs: 0 });
  await expect(go()).resolves.toEqual({});
  expect(api.deeds).toEqual(['patch statefulapps/status web']);
  echo();
  planned(plan);
  await go();
  expect(api.deeds.slice(0, 2)).toEqual(['patch statefulapps/status web', 'create pods web-0']);
});

test('a status that meets another version is dropped: its watch tells, and the next pass writes', async () => {
  const { planned, go, echo, statuses, api, clock } = bench();
  api.edit('statefulapps', 'web', { metadata: { annotations: { by: 'somebody' } } });
  planned({ status: { replicas: 3 } });
  await expect(go()).resolves.toEqual({ wakeInMs: 200 });
  expect(api.find('statefulapps', 'web')?.['status']).toBeUndefined();
  echo();
  clock.advance(1);
  await expect(go()).resolves.toEqual({ wakeInMs: AFTERWARDS_MS });
  expect(statuses()).toHaveLength(2);
  expect(api.find('statefulapps', 'web')?.['status']).toEqual({ replicas: 3 });
});

test('a status that has to come first and meets another version is not offered again at once', async () => {
  const { planned, go, api } = bench();
  api.edit('statefulapps', 'web', { metadata: { annotations: { by: 'somebody' } } });
  planned({ actions: [createPod], status: { replicas: 3 }, statusFirst: true });
  await expect(go()).resolves.toEqual({ wakeInMs: 200 });
  expect(api.deeds).toEqual(['patch statefulapps/status web']);
});

test('after a status that met another version nothing is made before the app was asked for: it may be gone', async () => {
  const { planned, go, api } = bench();
  api.edit('statefulapps', 'web', { metadata: { annotations: { by: 'somebody' } } });
  planned({ status: { replicas: 3 } });
  await go();
  api.remove('statefulapps', 'web');
  planned({ actions: [createPod], status: { replicas: 3 } });
  await go();
  expect(api.deeds.filter((deed) => !deed.includes('events'))).toEqual(['patch statefulapps/status web']);
  expect(api.sent.map(({ verb, plural }) => `${verb} ${plural}`)).toContain('get statefulapps');
});

test('the status of an app that is gone is no failure', async () => {
  const { planned, go, api } = bench();
  api.remove('statefulapps', 'web');
  planned({ status: { replicas: 3 } });
  await expect(go()).resolves.toEqual({ wakeInMs: 200 });
});

const invalid = refusal(422, 'Invalid', 'StatefulApp "web" is invalid: spec.replicas: Invalid value: "string"');

test('a status that the server finds invalid is told by one Event, and offered again after five minutes', async () => {
  const { planned, go, statuses, api, clock, told, fresh } = bench();
  api.rule(({ subresource }) => (subresource === 'status' ? invalid : undefined));
  planned({ status: fresh() });
  await expect(go()).resolves.toEqual({ wakeInMs: 300_000 });
  clock.advance(1000);
  planned({ status: fresh() });
  await expect(go()).resolves.toEqual({ wakeInMs: 299_000 });
  expect(statuses()).toHaveLength(1);
  clock.advance(299_000);
  await expect(go()).resolves.toEqual({ wakeInMs: 300_000 });
  expect(statuses()).toHaveLength(2);
  await settled(1);
  expect(told()).toEqual([
    'Warning StatusRefused: the status of web cannot be stored, so it says nothing new: correct the object with kubectl edit or ' +
      'apply. The API server says: StatefulApp "web" is invalid: spec.replicas: Invalid value: "string"',
  ]);
});

test('a refused status is offered again as soon as the app changes', async () => {
  const { planned, go, echo, statuses, api } = bench();
  const accepted = api.rule(({ subresource }) => (subresource === 'status' ? invalid : undefined));
  planned({ status: { replicas: 3 } });
  await go();
  accepted();
  api.edit('statefulapps', 'web', { spec: { replicas: 2 } });
  echo();
  await expect(go()).resolves.toEqual({ wakeInMs: AFTERWARDS_MS });
  expect(statuses()).toHaveLength(2);
  expect(api.find('statefulapps', 'web')?.['status']).toEqual({ replicas: 3 });
});

test('while the status is refused, members are looked after all the same', async () => {
  const { planned, go, api, fresh, clock, gate } = bench();
  api.rule(({ subresource }) => (subresource === 'status' ? invalid : undefined));
  planned({ status: fresh() });
  await go();
  clock.advance(1000);
  planned({ actions: [createPod], status: fresh() });
  await go();
  expect(api.find('pods', 'web-0')).toBeDefined();
  expect(gate.enter(KEY)).toBe(false);
});

test('a server that is away fails the pass, with its word on when to come again', async () => {
  const { planned, go, api, logged } = bench();
  api.rule(() => ({ ...refusal(429, 'TooManyRequests'), headers: { 'retry-after': '7' } }));
  planned({ actions: [createPod], status: {} });
  await expect(go()).resolves.toEqual({ failed: true, retryAfterMs: 7000 });
  expect(logged.text()).toContain('the pass failed and is tried again');
});

test('a refused action is planned for again at once, when the plan knows of the refusal', async () => {
  const { planned, go, api, gate } = bench();
  api.rule(({ plural }) => (plural === 'pods' ? refusal(403, 'Forbidden', 'exceeded quota') : undefined));
  planned({ actions: [createPod], status: {} });
  await expect(go()).resolves.toEqual({ wakeInMs: 0 });
  expect(gate.refusalsOf(KEY)).toHaveLength(1);
});

test('a plan that breaks a rule is not carried out: the app is Stalled, it counts, and the breach is in the log', async () => {
  const { planned, go, statuses, api, logged, metrics } = bench();
  planned({ actions: [createPod], status: { replicas: 3 } });
  vi.mocked(invariants.checkPlan).mockReturnValue(['R1: web-0 exists already']);
  await expect(go()).resolves.toEqual({ wakeInMs: 300_000 });
  expect(api.deeds).toEqual(['patch statefulapps/status web']);
  expect(statuses()[0]?.body['status']).toEqual({
    conditions: [
      {
        type: 'Stalled',
        status: 'True',
        reason: 'OperatorError',
        observedGeneration: 1,
        lastTransitionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        message: expect.stringContaining('R1: web-0 exists already'),
      },
    ],
  });
  expect(await metrics('statefulapp_assertions_total')).toEqual(['statefulapp_assertions_total 1']);
  expect(logged.lines.at(-1)).toMatchObject({ app: KEY, breaches: ['R1: web-0 exists already'] });
});

test('a breach that stays is told once, and the other conditions stay', async () => {
  const { planned, go, echo, statuses, api } = bench();
  api.edit('statefulapps', 'web', { status: { conditions: [{ type: 'Ready', status: 'True' }], replicas: 2 } });
  echo();
  planned({});
  vi.mocked(invariants.checkPlan).mockReturnValue(['R1: web-0 exists already']);
  await go();
  echo();
  await go();
  expect(statuses()).toHaveLength(1);
  expect(api.find('statefulapps', 'web')?.['status']).toMatchObject({
    replicas: 2,
    conditions: [
      { type: 'Stalled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
  });
});

test.each([
  ['the planner', planner.plan],
  ['the check of the plan', invariants.checkPlan],
])('when %s itself throws the app is Stalled, like after a breach', async (_, part) => {
  const { planned, go, statuses, api } = bench();
  planned({ actions: [createPod] });
  vi.mocked(part as typeof planner.plan).mockImplementation(() => {
    throw new TypeError('x is undefined');
  });
  await expect(go()).resolves.toEqual({ wakeInMs: 300_000 });
  expect(api.deeds).toEqual(['patch statefulapps/status web']);
  expect(JSON.stringify(statuses()[0]?.body)).toContain('the planner failed: x is undefined');
});

test('a breach whose condition cannot be stored fails the pass, and says so', async () => {
  const { planned, go, api, logged } = bench();
  planned({});
  vi.mocked(invariants.checkPlan).mockReturnValue(['R1: web-0 exists already']);
  api.rule(() => refusal(503, 'ServiceUnavailable'));
  await expect(go()).resolves.toMatchObject({ failed: true });
  expect(logged.text()).toContain('the pass failed');
});

test('the log of a breach has neither templates nor environment values, not even those of kubectl apply', async () => {
  const secret = { containers: [{ name: 'main', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] };
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: secret }) };
  const scene = emptyBench(rawApp({ pod: secret, metadata: { annotations } }));
  const revision = { template: { spec: secret } };
  scene.show('ControllerRevision', 'controllerrevisions', {
    metadata: { name: 'web-1a', namespace: 'prod', labels: { 'statefulapp.dev/name': 'web' } },
    data: { spec: revision },
  });
  vi.mocked(invariants.checkPlan).mockReturnValue(['R1: web-0 exists already']);
  await reconcile(scene.pass as Pass, KEY);
  expect(scene.logged.text()).toContain('R1: web-0 exists already');
  expect(scene.logged.text()).not.toMatch(/hunter2|PASSWORD|containers/);
});

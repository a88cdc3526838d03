// What is read out of a pod, and the one state of its place that follows.

import { describe, expect, test } from 'vitest';
import { readPod } from '../../src/identity/pod-view.ts';
import { heldSlot, vacatedSlot } from '../../src/identity/slot.ts';
import { formatTime, parseTime } from '../../src/identity/time.ts';
import { readEnding } from '../../src/plan/observe.ts';

const T = Date.parse('2026-03-01T12:00:00Z');
const at = (seconds: number) => new Date(T + seconds * 1000).toISOString();
const deleting = { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 };
const terminated = { state: { terminated: { exitCode: 0, finishedAt: at(1) } } };
const running = { state: { running: { startedAt: at(0) } } };
const collected = [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' }];

describe('a pod has stopped when the kubelet says so:', () => {
  test.each<readonly [what: string, stopped: boolean, metadata: object, status: object]>([
    ['it is Failed', true, {}, { phase: 'Failed' }],
    ['it is Succeeded', true, {}, { phase: 'Succeeded' }],
    [
      'it was preempted or evicted, and is Failed',
      true,
      {},
      { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }] },
    ],
    [
      'all containers ended while it is being deleted',
      true,
      deleting,
      { phase: 'Running', containerStatuses: [terminated, terminated] },
    ],
    ['but not when garbage collection of pods called it Failed', false, {}, { phase: 'Failed', conditions: collected }],
    [
      'but not when garbage collection removes it, whatever its containers are said to be',
      false,
      deleting,
      { phase: 'Running', conditions: collected, containerStatuses: [terminated] },
    ],
    [
      'but not while one container runs',
      false,
      deleting,
      { phase: 'Running', containerStatuses: [terminated, running] },
    ],
    [
      'but not while a sidecar runs',
      false,
      deleting,
      { phase: 'Running', containerStatuses: [terminated], initContainerStatuses: [running] },
    ],
    ['but not when nothing is known of its containers', false, deleting, { phase: 'Running' }],
    [
      'but not while it is not being deleted: containers are started again',
      false,
      {},
      { phase: 'Running', containerStatuses: [terminated] },
    ],
  ])('%s', (_, stopped, metadata, status) => {
    expect(readPod({ metadata, status }).stopped).toBe(stopped);
  });
});

describe('the end of a pod', () => {
  const end = (spec: object, status: object, fromWatch = true) =>
    readEnding(readPod({ metadata: { name: 'web-0', uid: 'u' }, spec, status }), { atMs: T, fromWatch }).how;
  test('is known when it was never bound to a node, and its last state came with its deletion', () => {
    expect([end({}, {}), end({}, {}, false), end({ nodeName: 'n' }, {})]).toEqual(['neverBound', 'unknown', 'unknown']);
  });
  test('is known when it had stopped, whenever that was seen', () => {
    expect([end({ nodeName: 'n' }, { phase: 'Failed' }), end({ nodeName: 'n' }, { phase: 'Failed' }, false)]).toEqual([
      'stopped',
      'stopped',
    ]);
  });
});

describe('the grace period of a pod is the longest that a kubelet may take:', () => {
  test.each([
    ['30 s where nothing is said', {}, {}, 30],
    ['what its spec says', {}, { terminationGracePeriodSeconds: 5 }, 5],
    ['what its deletion says when that is longer', { deletionGracePeriodSeconds: 90 }, {}, 90],
    [
      'what its spec says after a force deletion',
      { deletionGracePeriodSeconds: 0 },
      { terminationGracePeriodSeconds: 60 },
      60,
    ],
    [
      'the longest that can be written',
      {},
      { terminationGracePeriodSeconds: Number('9223372036854775807') },
      Number('9223372036854775807'),
    ],
    ['30 s where no whole number is written', {}, { terminationGracePeriodSeconds: 1e308 }, 30],
    ['none below zero', {}, { terminationGracePeriodSeconds: -5 }, 0],
  ])('%s', (_, metadata, spec, seconds) => {
    expect(readPod({ metadata, spec }).graceSeconds).toBe(seconds);
  });
});

test('the claims of a pod are those that its volumes mount', () => {
  const volumes = [
    { name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } },
    { name: 'tmp', emptyDir: {} },
    { name: 'odd', persistentVolumeClaim: { claimName: 7 } },
    'x',
    { name: 'all', persistentVolumeClaim: { claimName: 'shared' } },
  ];
  expect(readPod({ spec: { volumes } }).claims).toEqual(['data-web-0', 'shared']);
  expect(readPod({ spec: { volumes: {} } }).claims).toEqual([]);
});

test.each<readonly [counts: readonly unknown[], restarts: number]>([
  [[1, 3], 4],
  [[1e308, 2, 0.5, '7', null], 2],
  [[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER], Number.MAX_SAFE_INTEGER],
])('restarts %j are %d: whole numbers, as the API server holds them', (counts, restarts) => {
  const containerStatuses = counts.map((restartCount) => ({ restartCount }));
  expect(readPod({ status: { containerStatuses } }).restarts).toBe(restarts);
});

test('a deletion began a grace period before deletionTimestamp', () => {
  expect(readPod({ metadata: deleting }).deletingSinceMs).toBe(T);
  expect(readPod({ metadata: { deletionTimestamp: at(0) } }).deletingSinceMs).toBe(T);
  expect(readPod({ metadata: {} }).deletingSinceMs).toBeNull();
});

describe('what is the matter with a pod', () => {
  const trouble = (status: object) => readPod({ status }).trouble;
  const waiting = (reason: string, more: object = {}) => ({
    containerStatuses: [{ name: 'db', state: { waiting: { reason } }, ...more }],
  });
  test.each<readonly [status: object, reason: string, message: string]>([
    [waiting('ImagePullBackOff'), 'ImagePullBackOff', 'container db is in ImagePullBackOff'],
    [
      waiting('CrashLoopBackOff', { restartCount: 4, lastState: { terminated: { exitCode: 1 } } }),
      'CrashLoopBackOff',
      'container db is in CrashLoopBackOff (exit 1, 4 restarts)',
    ],
    [
      waiting('CrashLoopBackOff', { restartCount: 1 }),
      'CrashLoopBackOff',
      'container db is in CrashLoopBackOff (1 restart)',
    ],
    [
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }] },
      'Unschedulable',
      'no node takes it: 0/3 nodes',
    ],
    [{ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, 'Evicted', 'low on memory'],
    [
      {
        phase: 'Failed',
        containerStatuses: [{ name: 'db', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }],
      },
      'OOMKilled',
      'container db ended with exit code 137',
    ],
    [{ phase: 'Succeeded' }, 'Succeeded', 'its containers ended'],
  ])('%j is %s: %s', (status, reason, message) => {
    expect(trouble(status)).toEqual({ reason, message });
  });
  test.each([waiting('ContainerCreating'), waiting('PodInitializing'), {}, { containerStatuses: [running] }])(
    '%j is nothing',
    (status) => {
      expect(trouble(status)).toBeNull();
    },
  );
});

test.each([
  undefined,
  null,
  7,
  'x',
  [],
  { metadata: 7, spec: [], status: 'x' },
  { metadata: { labels: [1], finalizers: 'x', ownerReferences: {} } },
])('%j is read as a pod of nobody', (raw) => {
  expect(readPod(raw)).toMatchObject({
    name: '',
    uid: '',
    controller: null,
    labels: {},
    phase: 'Pending',
    finalizers: [],
  });
});

describe('the place of a pod', () => {
  const judge = { appUid: 'app-uid', selector: { matchLabels: { app: 'web' } }, minReadySeconds: 10, nowMs: T };
  const ours = { ownerReferences: [{ uid: 'app-uid', controller: true, kind: 'StatefulApp', name: 'web' }] };
  const ready = (seconds: number) => ({
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(-seconds) }],
  });
  test.each<readonly [state: string, metadata: object, status: object]>([
    ['Available', ours, ready(10)],
    ['Ready', ours, ready(9)],
    ['NotReady', ours, { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] }],
    ['NotReady', ours, { phase: 'Running' }],
    ['Pending', ours, { phase: 'Pending' }],
    ['Pending', ours, { phase: 'Unknown' }],
    ['Pending', ours, {}],
    ['Failed', ours, { phase: 'Failed' }],
    ['Succeeded', ours, { phase: 'Succeeded' }],
    ['Terminating', { ...ours, ...deleting }, ready(99)],
    ['Terminating', { ...ours, ...deleting }, { phase: 'Failed' }],
    ['Orphan', { labels: { app: 'web' } }, ready(99)],
    ['Orphan', { labels: { app: 'web' }, ownerReferences: [{ uid: 'x' }] }, {}],
    ['Taken', { labels: { app: 'other' } }, {}],
    ['Taken', { labels: { app: 'web' }, ...deleting }, {}],
    [
      'Taken',
      { ownerReferences: [{ uid: 'former-uid', controller: true, kind: 'StatefulApp', name: 'web' }] },
      ready(99),
    ],
  ])('is %s with metadata %j and status %j', (state, metadata, status) => {
    expect(heldSlot(readPod({ metadata, status }), judge).state).toBe(state);
  });

  test.each([
    ['stopped', 0, 'Empty'],
    ['neverBound', 0, 'Empty'],
    ['unknown', 39_999, 'Vanished'],
    ['unknown', 40_000, 'Empty'],
  ] as const)('of a pod whose end is %s is, %s ms after it, %s', (how, ms, state) => {
    const ending = { pod: 'web-0', uid: 'u', node: null, how, atMs: T, graceSeconds: 30 };
    expect(vacatedSlot(ending, T + ms).state).toBe(state);
  });
});

describe('times', () => {
  test.each([
    [T, '2026-03-01T12:00:00Z'],
    [T + 999, '2026-03-01T12:00:00Z'],
    [0, '1970-01-01T00:00:00Z'],
    [-1, '1970-01-01T00:00:00Z'],
    [Number.NaN, '1970-01-01T00:00:00Z'],
    [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59Z'],
    [9e99, '9999-12-31T23:59:59Z'],
  ])('%s is %s', (ms, text) => {
    expect(formatTime(ms)).toBe(text);
  });
  test.each([undefined, null, 7, '', 'soon', {}])('%j is no time', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
  test('come back as they went', () => {
    expect(parseTime(formatTime(T))).toBe(T);
  });
});

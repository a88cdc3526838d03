// Members whose pod ended are replaced by the same identity, with a backoff per ordinal (kubernetes/kubernetes#89067),
// counted in the ledger before the pod is deleted.

import { describe, expect, test } from 'vitest';
import { ago, at, NOW } from './objects.ts';
import { type Given, planned, rows, see, world } from './world.ts';

const failed = (failures: number, seconds: number) => ({ 0: { failures, failedAt: ago(seconds) } });
const one = { replicas: 1 };

describe('a member that ended is replaced', () => {
  rows([
    {
      it: 'at once the first time',
      app: one,
      pods: '0 Failed',
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'not before 10 s the second time',
      app: one,
      pods: '0 Failed',
      ledger: failed(2, 9),
      waits: 'web-0 PodBackOff',
      says: 'waits until 2026-03-01T12:00:01Z before it is replaced',
    },
    {
      it: 'after 10 s from now when the clock that counted it was ahead',
      app: one,
      pods: '0 Failed',
      ledger: failed(2, -3600),
      waits: 'web-0 PodBackOff',
      says: 'waits until 2026-03-01T12:00:10Z before it is replaced',
    },
    {
      it: 'after 10 s the second time',
      app: one,
      pods: '0 Failed',
      ledger: failed(2, 10),
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'not before 20 s the third time',
      app: one,
      pods: '0 Failed',
      ledger: failed(3, 19),
      waits: 'web-0 PodBackOff',
    },
    {
      it: 'after 5 minutes at the latest, however often it failed',
      app: one,
      pods: '0 Failed',
      ledger: failed(2_000_000_000, 300),
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating',
    },
    { it: 'not sooner than that', app: one, pods: '0 Failed', ledger: failed(12, 299), waits: 'web-0 PodBackOff' },
    {
      it: 'while other members have a backoff of their own',
      app: { replicas: 2, podManagementPolicy: 'Parallel' },
      pods: '0 Failed, 1 Failed',
      ledger: failed(5, 1),
      does: 'delete Pod web-1',
      waits: 'web-0 PodBackOff, web-1 PodTerminating',
    },
    {
      it: 'at once without a ledger: a lost status costs a few early replacements',
      app: one,
      pods: '0 Failed',
      ledger: 'none',
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating',
    },
  ]);
});

const plannedOf = (given: Given) => planned(see(world(given)));
const entry = (given: Given) => plannedOf(given).status.members?.[0];

describe('the count of failures', () => {
  const running = { podUID: 'web-0-uid', state: 'NotReady', failures: 1, failedAt: ago(500) };

  test('goes up once for each end that is new', () => {
    expect(entry({ app: one, pods: '0 Failed', ledger: { 0: running } })).toMatchObject({
      failures: 2,
      failedAt: at(NOW),
    });
  });

  test('does not go up again for an end that is counted', () => {
    expect(entry({ app: one, pods: '0 Failed', ledger: failed(2, 3) })).toMatchObject({
      failures: 2,
      failedAt: ago(3),
    });
  });

  test('goes up for the end of the next pod, although the last one ended too', () => {
    const ledger = { 0: { ...failed(1, 60)[0], podUID: 'web-0-before' } };
    expect(entry({ app: one, pods: '0 Failed', ledger })).toMatchObject({ failures: 2, failedAt: at(NOW) });
  });

  test('stays while the next pod starts', () => {
    expect(entry({ app: one, pods: '0 Pending', ledger: { 0: running } })).toMatchObject({ failures: 1 });
  });

  test.each([
    ['begins anew after ten minutes of running well', 600, 1],
    ['goes on before', 599, 4],
  ])('%s', (_, seconds, failures) => {
    const ledger = { 0: { state: 'Available', since: ago(seconds), failures: 3, failedAt: ago(5000) } };
    expect(entry({ app: one, pods: '0 Failed', ledger })?.failures).toBe(failures);
  });

  test('is forgotten after ten minutes of running well, also when the pod is unready before it ends', () => {
    const ledger = { 0: { state: 'Available', since: ago(600), failures: 3, failedAt: ago(5000) } };
    const next = entry({ app: one, pods: '0 NotReady', ledger });
    expect(next).not.toHaveProperty('failures');
    expect(next).not.toHaveProperty('failedAt');
  });

  test('does not go up while the pod is kept because of its volume', () => {
    const given: Given = { app: { ...one, volumes: ['data'] }, pods: '0 Failed', claims: 'data-0 Terminating' };
    const first = plannedOf(given);
    const again = plannedOf({ ...given, ledger: { 0: first.status.members?.[0] ?? {} } });
    expect(first.status.members?.[0]).toMatchObject({ state: 'VolumeAtRisk' });
    expect(again.status.members).toEqual(first.status.members);
  });
});

describe('the ledger counts an end before the pod is deleted', () => {
  test('when it has not been counted yet', () => {
    expect(plannedOf({ app: one, pods: '0 Failed', ledger: { 0: { state: 'Available' } } }).statusFirst).toBe(true);
  });
  test('but not twice', () => {
    expect(plannedOf({ app: one, pods: '0 Failed', ledger: failed(1, 1) }).statusFirst).toBe(false);
  });
  test('and not for members that are not wanted', () => {
    expect(plannedOf({ app: { replicas: 0 }, pods: '0 Failed', ledger: 'none' }).statusFirst).toBe(false);
  });
  test('and not for pods that are made', () => {
    expect(plannedOf({ app: one }).statusFirst).toBe(false);
  });
});

test('the operator wakes up when the backoff is over', () => {
  expect(plannedOf({ app: one, pods: '0 Failed', ledger: failed(3, 5) }).wakeAtMs).toBe(NOW + 15_000);
});

test('times that are yet to come were written by a wrong clock, and are corrected', () => {
  const ledger = { 0: { failures: 2, failedAt: ago(-3600), since: ago(-3600) }, 1: { since: ago(-3600) } };
  const { status } = planned(see(world({ app: { replicas: 2 }, pods: '0 Failed, 1 Vanished 5s', ledger })));
  expect(status.members).toMatchObject([
    { failures: 2, failedAt: at(NOW), since: at(NOW) },
    { state: 'Vanished', since: ago(5) },
  ]);
});

// How much work a plan is, counted instead of timed: reads through proxies of what was observed. Twice as many members are
// twice as many reads (a pass over all members for each member would be four times as many); and how often the template,
// which may be 1.4 MB, is walked through.

import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../src/plan/invariants.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Observed, Refusal } from '../../src/plan/types.ts';
import { NOW } from './objects.ts';
import { see, world } from './world.ts';

interface Count {
  reads: number;
}

/** The same value, with each read of a field or an item of it counted, to any depth. */
function counted<Value extends object>(value: Value, count: Count): Value {
  const known = new WeakMap<object, object>();
  const wrap = (inner: unknown): unknown => {
    if (typeof inner !== 'object' || inner === null) return inner;
    const proxy =
      known.get(inner) ??
      new Proxy(inner, {
        get(target, key, receiver) {
          count.reads += 1;
          return wrap(Reflect.get(target, key, receiver));
        },
      });
    known.set(inner, proxy);
    return proxy;
  };
  return wrap(value) as Value;
}

const range = (length: number) => Array.from({ length }, (_, ordinal) => ordinal);

function appOf(members: number, state: string, refused: boolean): Observed {
  const volumes = ['data', 'wal'];
  const pods = range(members)
    .map((ordinal) => `${ordinal} ${state}`)
    .join(', ');
  const app = { replicas: members, volumes, podManagementPolicy: 'Parallel', persistentVolumeClaimRetentionPolicy: {} };
  const observed = see(world({ app, pods }));
  const keys = range(members).flatMap((one) => [`createPod/web-${one}`, `createClaim/data-web-${one}`]);
  const refusals = keys.map((key): Refusal => ({ key, message: 'exceeded quota', retryAtMs: NOW + 5000 }));
  return { ...observed, refusals: refused ? refusals : [] };
}

const STATES = ['Available', 'NotReady', 'Stopped', '-', 'Vanished 9s', 'Failed', 'Terminating', 'Foreign', 'Gone'];

describe.each([
  ['plan', (observed: Observed) => plan(observed)],
  ['checkPlan', (observed: Observed) => checkPlan(observed, plan(observed))],
] as const)('%s reads twice as much for twice as many members', (_, work) => {
  test.each(STATES)('that are %s', (state) => {
    const [some = 0, twice = 0] = [40, 80].map((members) => {
      const count = { reads: 0 };
      work(counted(appOf(members, state, false), count));
      return count.reads;
    });
    expect(some).toBeGreaterThan(40 * 5);
    expect(twice / some).toBeLessThan(2.1);
  });

  test('that are refused', () => {
    const [some = 0, twice = 0] = [40, 80].map((members) => {
      const count = { reads: 0 };
      work(counted(appOf(members, '-', true), count));
      return count.reads;
    });
    expect(some).toBeGreaterThan(40 * 5);
    expect(twice / some).toBeLessThan(2.1);
  });
});

/** How often something asks for all fields of it. */
function walks<Value extends object>(value: Value): { readonly value: Value; readonly count: () => number } {
  let times = 0;
  const proxy = new Proxy(value, {
    ownKeys(target) {
      times += 1;
      return Reflect.ownKeys(target);
    },
  });
  return { value: proxy, count: () => times };
}

/** The plan of an app with one volume, and how often its template, and each stored one, was walked through. */
function walked(revisions: readonly string[]) {
  const observed = see(world({ app: { replicas: 1, version: 'v3' }, pods: '0 Stopped', revisions }));
  const { spec } = observed.app;
  if (spec === null) throw new Error('the spec is not understood');
  const own = walks(spec.template.spec);
  const stored = observed.revisions.map((view) => ({ view, template: walks(view.content.template as object) }));
  plan({
    ...observed,
    app: { ...observed.app, spec: { ...spec, template: { ...spec.template, spec: own.value } } },
    revisions: stored.map(({ view, template }) => ({
      ...view,
      content: { ...view.content, template: template.value as never },
    })),
  });
  return { own: own.count(), stored: stored.map(({ template }) => template.count()) };
}

describe('a template is walked through', () => {
  // Each walk of a template of 1.4 MB takes 8 ms: one when it is read, none after that but flatly, for the pod that is made,
  // and when it is new for its trial beside the newest one.
  test('never, and the stored ones neither, while nothing changes', () => {
    const { own, stored } = walked(['v1', 'v2', 'v3']);
    expect(own).toBe(0);
    expect(stored).toEqual([0, 0, 0]);
  });

  test('never, and the stored ones neither, when it is new', () => {
    const { own, stored } = walked(['v1', 'v2']);
    expect(own).toBe(2);
    expect(stored).toEqual([0, 0]);
  });
});

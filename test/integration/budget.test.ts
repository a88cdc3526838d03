// The measure that every rollout on the real server is held to (budget.ts) finds what it is to find. On happenings that
// were never on a server, so that they can be wrong in one way at a time.

import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/objects.ts';
import { mostAwayOf, overruns } from './budget.ts';
import type { Happening } from './stage.ts';

const AT = '2026-01-01T00:00:10Z';

/** Happenings in their order, which is that of their versions. */
class Tale {
  readonly history: Happening[] = [];

  app(spec: object, { generation, observedGeneration } = { generation: 1, observedGeneration: 1 }): this {
    return this.#tell('apps', 'modified', {
      metadata: { name: 'web', uid: 'app', generation },
      spec,
      status: { observedGeneration },
    });
  }
  ready(...names: readonly string[]): this {
    const status = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' }] };
    for (const name of names) this.#tell('pods', 'modified', { metadata: { name, uid: `uid of ${name}` }, status });
    return this;
  }
  unready(name: string): this {
    return this.#tell('pods', 'modified', { metadata: { name, uid: `uid of ${name}` }, status: {} });
  }
  leaves(name: string): this {
    const metadata = { name, uid: `uid of ${name}`, deletionTimestamp: AT, deletionGracePeriodSeconds: 0 };
    return this.#tell('pods', 'modified', { metadata });
  }

  #tell(kind: Happening['kind'], type: Happening['type'], object: object): this {
    const { metadata, ...rest } = object as KubeObject;
    const resourceVersion = String(this.history.length + 1);
    this.history.push({ kind, type, object: { ...rest, metadata: { ...metadata, resourceVersion } } });
    return this;
  }
}

const ALL = ['web-0', 'web-1', 'web-2', 'web-3'];
const rolling = (rollingUpdate: object, more: object = {}) => ({
  replicas: 4,
  updateStrategy: { type: 'RollingUpdate', rollingUpdate },
  ...more,
});
const found = ({ history }: Tale, isOurs: (uid: string) => boolean = () => true) => [
  mostAwayOf({ history, app: 'web', isOurs }),
  overruns({ history, app: 'web', isOurs }),
];
const wrong = (pod: string, away: string, allowed: number) => [
  `${pod} was deleted, so that ${away} were away; ${allowed} may be`,
];

test('one at a time is what an app allows that says nothing', () => {
  const tale = new Tale()
    .app({ replicas: 4 })
    .ready(...ALL)
    .leaves('web-3');
  expect(found(tale)).toEqual([1, []]);
  expect(found(tale.leaves('web-2'))).toEqual([2, wrong('web-2', 'web-2, web-3', 1)]);
});

test.each([
  [2, []],
  ['50%', []],
  ['74%', []],
  ['49%', wrong('web-2', 'web-2, web-3', 1)],
  [1, wrong('web-2', 'web-2, web-3', 1)],
])('maxUnavailable %s of 4', (maxUnavailable, expected) => {
  const tale = new Tale()
    .app(rolling({ maxUnavailable }))
    .ready(...ALL)
    .leaves('web-3')
    .leaves('web-2');
  expect(found(tale)).toEqual([2, expected]);
});

test('who is away by itself, or was never made, counts too', () => {
  expect(
    found(
      new Tale()
        .app({ replicas: 4 })
        .ready(...ALL)
        .unready('web-0')
        .leaves('web-3'),
    )[1],
  ).toHaveLength(1);
  expect(
    found(
      new Tale()
        .app({ replicas: 5 })
        .ready(...ALL)
        .leaves('web-3'),
    )[1],
  ).toHaveLength(1);
});

test('so does who has not been Ready for minReadySeconds', () => {
  const told = (minReadySeconds: number) =>
    new Tale().app({ replicas: 2, minReadySeconds }).ready('web-0', 'web-1').leaves('web-1');
  expect(found(told(5))).toEqual([1, []]);
  expect(found(told(6))).toEqual([2, wrong('web-1', 'web-0, web-1', 1)]);
});

test('nobody may be taken away under OnDelete, or while the app or its update is paused', () => {
  const specs = [
    { replicas: 4, updateStrategy: { type: 'OnDelete' } },
    { replicas: 4, paused: true },
    rolling({ paused: true }),
  ];
  for (const spec of specs)
    expect(
      found(
        new Tale()
          .app(spec)
          .ready(...ALL)
          .leaves('web-3'),
      ),
    ).toEqual([1, wrong('web-3', 'web-3', 0)]);
});

test('what others delete, what is not wanted and what was not Ready takes nothing away by our hand', () => {
  const two = new Tale()
    .app({ replicas: 4 })
    .ready(...ALL)
    .leaves('web-3')
    .leaves('web-2');
  expect(found(two, (uid) => uid !== 'uid of web-2')).toEqual([1, []]);
  expect(
    found(
      new Tale()
        .app({ replicas: 2 })
        .ready(...ALL)
        .leaves('web-3')
        .leaves('web-2'),
    ),
  ).toEqual([0, []]);
  expect(
    found(
      new Tale()
        .app({ replicas: 4 })
        .ready(...ALL)
        .unready('web-3')
        .leaves('web-3'),
    ),
  ).toEqual([0, []]);
});

test('an app that comes later, or is another, has nothing to do with it', () => {
  const early = new Tale()
    .ready(...ALL)
    .leaves('web-3')
    .leaves('web-2')
    .app({ replicas: 2 });
  expect(found(early)).toEqual([0, []]);
  const { history } = new Tale()
    .app({ replicas: 4 })
    .ready(...ALL)
    .leaves('web-3')
    .leaves('web-2');
  expect(overruns({ history, app: 'other', isOurs: () => true })).toEqual([]);
});

test('an older spec excuses as long as the status has not gone beyond it', () => {
  const lowered = (observedGeneration: number) =>
    new Tale()
      .app(rolling({ maxUnavailable: 2 }))
      .ready(...ALL)
      .leaves('web-3')
      .app(rolling({ maxUnavailable: 1 }), { generation: 2, observedGeneration })
      .leaves('web-2');
  expect(found(lowered(1))).toEqual([2, []]);
  expect(found(lowered(2))).toEqual([2, wrong('web-2', 'web-2, web-3', 1)]);
});

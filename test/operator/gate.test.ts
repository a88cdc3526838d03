// The gate: an app is held until its watches have shown what we wrote for it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gate } from '../../src/operator/gate.ts';

function bench() {
  const opened: string[] = [];
  return { opened, gate: new Gate((key) => opened.push(key)) };
}

test('an app for which nothing was written may be planned for', () => {
  expect(bench().gate.enter('a')).toBe(true);
});

test('an app is held until its watch has reached the version that was written', () => {
  const { gate } = bench();
  gate.progress('pods', '9');
  gate.wrote('a', 'pods', '10');
  expect(gate.enter('a')).toBe(false);
  gate.progress('pods', '9');
  expect(gate.enter('a')).toBe(false);
  gate.progress('pods', '10');
  expect(gate.enter('a')).toBe(true);
});

test('versions are compared as numbers, not as text', () => {
  const { gate } = bench();
  gate.wrote('a', 'pods', '10');
  gate.progress('pods', '9');
  expect(gate.enter('a')).toBe(false);
  gate.progress('pods', '100');
  expect(gate.enter('a')).toBe(true);
});

test('the progress of another watch opens nothing', () => {
  const { gate } = bench();
  gate.wrote('a', 'pods/prod', '10');
  gate.progress('pods/test', '50');
  gate.progress('services/prod', '50');
  expect(gate.enter('a')).toBe(false);
  expect(gate.held).toBe(1);
  gate.progress('pods/prod', '11');
  expect(gate.enter('a')).toBe(true);
  expect(gate.held).toBe(0);
});

test('of several writes all have to be seen', () => {
  const { gate, opened } = bench();
  gate.wrote('a', 'pods', '10');
  gate.wrote('a', 'pods', '12');
  gate.wrote('a', 'services', '11');
  gate.enter('a');
  gate.progress('pods', '11');
  gate.progress('services', '11');
  expect(opened).toEqual([]);
  gate.progress('pods', '12');
  expect(opened).toEqual(['a']);
});

test('a write that its watch told before it was answered holds nothing up', () => {
  const { gate } = bench();
  gate.progress('pods', '10');
  gate.wrote('a', 'pods', '10');
  expect(gate.enter('a')).toBe(true);
});

test('the debts of one app do not hold another', () => {
  const { gate } = bench();
  gate.wrote('a', 'pods', '10');
  expect(gate.enter('b')).toBe(true);
});

test('an app that was asked for while it was held is told when it is free, once; one that was not is not', () => {
  const { gate, opened } = bench();
  gate.wrote('asked', 'pods', '10');
  gate.wrote('other', 'pods', '10');
  gate.enter('asked');
  gate.enter('asked');
  gate.progress('pods', '10');
  gate.progress('pods', '11');
  expect(opened).toEqual(['asked']);
});

test('an object that went at once holds its app until the watch tells that it is gone', () => {
  const { gate, opened } = bench();
  gate.removed('a', 'uid-1');
  expect(gate.enter('a')).toBe(false);
  gate.gone('a', 'uid-2');
  gate.gone('b', 'uid-1');
  gate.progress('pods', '99');
  expect(gate.enter('a')).toBe(false);
  gate.gone('a', 'uid-1');
  expect(opened).toEqual(['a']);
  expect(gate.enter('a')).toBe(true);
});

test.each([
  ['the deletion first', ['gone', 'progress']],
  ['the version first', ['progress', 'gone']],
] as const)('a deletion and a write are both waited for, %s', (_, order) => {
  const { gate, opened } = bench();
  gate.wrote('a', 'services', '10');
  gate.removed('a', 'uid-1');
  gate.enter('a');
  for (const [index, what] of order.entries()) {
    expect(opened).toEqual([]);
    if (what === 'gone') gate.gone('a', 'uid-1');
    else gate.progress('services', '10');
    expect(opened).toHaveLength(index);
  }
});

test('the telling of a deletion that nobody waits for is no error', () => {
  const { gate } = bench();
  gate.gone('a', 'uid-1');
  expect(gate.enter('a')).toBe(true);
});

test('when history is set back, as by a restored etcd, nothing is waited for that nobody will ever show', () => {
  const { gate, opened } = bench();
  gate.progress('pods', '1000');
  gate.wrote('a', 'pods', '1001');
  gate.wrote('a', 'services', '7');
  gate.enter('a');
  gate.progress('pods', '500');
  expect(opened).toEqual([]);
  gate.progress('services', '7');
  expect(opened).toEqual(['a']);
});

test('what is refused again is tried again ever more rarely, up to once a minute', () => {
  const { gate } = bench();
  const delays = Array.from({ length: 9 }, () => {
    gate.refused('a', { key: 'createPod/web-0', message: 'no', atMs: 5000 });
    return (gate.refusalsOf('a')[0]?.retryAtMs ?? 0) - 5000;
  });
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
});

test('refusals are kept by action, with the latest words, and an acceptance forgets that action alone', () => {
  const { gate } = bench();
  gate.refused('a', { key: 'createPod/web-0', message: 'quota', atMs: 0 });
  gate.refused('a', { key: 'createPod/web-0', message: 'webhook', atMs: 10 });
  gate.refused('a', { key: 'createClaim/data-web-1', message: 'quota', atMs: 0 });
  gate.refused('b', { key: 'createPod/web-0', message: 'other', atMs: 0 });
  expect(gate.refusalsOf('a')).toEqual([
    { key: 'createPod/web-0', message: 'webhook', retryAtMs: 2010 },
    { key: 'createClaim/data-web-1', message: 'quota', retryAtMs: 1000 },
  ]);
  gate.accepted('a', 'createPod/web-0');
  gate.accepted('a', 'createPod/web-7');
  expect(gate.refusalsOf('a').map(({ key }) => key)).toEqual(['createClaim/data-web-1']);
  expect(gate.refusalsOf('b')).toHaveLength(1);
  gate.refused('a', { key: 'createPod/web-0', message: 'quota', atMs: 0 });
  expect(gate.refusalsOf('a').find(({ key }) => key === 'createPod/web-0')?.retryAtMs).toBe(1000);
});

test('refusals are of one generation of the app: another one asks anew, and at once', () => {
  const { gate } = bench();
  gate.asks('a', 1);
  gate.refused('a', { key: 'createPod/web-0', what: 'it is not made', message: 'no', atMs: 0 });
  gate.asks('a', 1);
  gate.asks('b', 2);
  expect(gate.refusalsOf('a')).toEqual([
    { key: 'createPod/web-0', what: 'it is not made', message: 'no', retryAtMs: 1000 },
  ]);
  gate.asks('a', 2);
  expect(gate.refusalsOf('a')).toEqual([]);
});

test('when the status was last written is remembered; before, it is the distant past', () => {
  const { gate } = bench();
  expect(gate.statusWrittenAtMs('a')).toBe(Number.NEGATIVE_INFINITY);
  gate.statusWritten('a', 42);
  expect(gate.statusWrittenAtMs('a')).toBe(42);
});

test('a refused status holds for that version of the app alone, and is news in other words only', () => {
  const { gate } = bench();
  expect(gate.statusRefused('a', { resourceVersion: '5', words: 'bad', untilMs: 900 })).toBe(true);
  expect(gate.statusRefusedUntilMs('a', '5')).toBe(900);
  expect(gate.statusRefusedUntilMs('a', '6')).toBe(Number.NEGATIVE_INFINITY);
  expect(gate.statusRefusedUntilMs('b', '5')).toBe(Number.NEGATIVE_INFINITY);
  expect(gate.statusRefused('a', { resourceVersion: '6', words: 'bad', untilMs: 900 })).toBe(false);
  expect(gate.statusRefused('a', { resourceVersion: '6', words: 'worse', untilMs: 900 })).toBe(true);
  gate.statusWritten('a', 1);
  expect(gate.statusRefused('a', { resourceVersion: '7', words: 'worse', untilMs: 900 })).toBe(true);
});

test('an app that is gone for good leaves nothing behind', () => {
  const { gate, opened } = bench();
  gate.wrote('a', 'pods', '10');
  gate.removed('a', 'uid-1');
  gate.enter('a');
  gate.refused('a', { key: 'createPod/web-0', message: 'quota', atMs: 0 });
  gate.statusWritten('a', 42);
  gate.statusRefused('a', { resourceVersion: '5', words: 'bad', untilMs: 900 });
  gate.forget('a');
  expect(gate.enter('a')).toBe(true);
  expect(gate.held).toBe(0);
  expect(gate.refusalsOf('a')).toEqual([]);
  expect(gate.statusWrittenAtMs('a')).toBe(Number.NEGATIVE_INFINITY);
  expect(gate.statusRefusedUntilMs('a', '5')).toBe(Number.NEGATIVE_INFINITY);
  gate.progress('pods', '10');
  expect(opened).toEqual([]);
});

const SCOPES = ['pods', 'services'] as const;
const APPS = ['a', 'b'] as const;
const step = fc.oneof(
  fc.record({ do: fc.constant('wrote' as const), app: fc.constantFrom(...APPS), scope: fc.constantFrom(...SCOPES) }),
  fc.record({ do: fc.constant('progress' as const), scope: fc.constantFrom(...SCOPES), by: fc.nat(3) }),
  fc.record({ do: fc.constant('removed' as const), app: fc.constantFrom(...APPS), uid: fc.nat(3) }),
  fc.record({ do: fc.constant('gone' as const), app: fc.constantFrom(...APPS), uid: fc.nat(3) }),
  fc.record({ do: fc.constant('enter' as const), app: fc.constantFrom(...APPS) }),
  fc.record({ do: fc.constant('forget' as const), app: fc.constantFrom(...APPS) }),
);

test('whatever comes in whatever order: an app is free exactly when all that was written for it has been seen', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { gate, opened } = bench();
      const seen = { pods: 0, services: 0 };
      let version = 0;
      const open = new Map(
        APPS.map((app) => [app, { debts: [] as [keyof typeof seen, number][], uids: new Set<string>() }]),
      );
      const asked = new Set<string>();
      const expected: string[] = [];
      const isFree = (app: (typeof APPS)[number]) => {
        const { debts = [], uids = new Set() } = open.get(app) ?? {};
        return uids.size === 0 && debts.every(([scope, at]) => seen[scope] >= at);
      };
      for (const one of steps) {
        const before = APPS.filter((app) => !isFree(app));
        if (one.do === 'wrote') {
          version += 1;
          open.get(one.app)?.debts.push([one.scope, version]);
          gate.wrote(one.app, one.scope, String(version));
        } else if (one.do === 'progress') {
          seen[one.scope] = Math.min(seen[one.scope] + one.by, Math.max(version, seen[one.scope]));
          gate.progress(one.scope, String(seen[one.scope]));
        } else if (one.do === 'removed') {
          open.get(one.app)?.uids.add(String(one.uid));
          gate.removed(one.app, String(one.uid));
        } else if (one.do === 'gone') {
          open.get(one.app)?.uids.delete(String(one.uid));
          gate.gone(one.app, String(one.uid));
        } else if (one.do === 'forget') {
          open.set(one.app, { debts: [], uids: new Set() });
          asked.delete(one.app);
          gate.forget(one.app);
          continue;
        } else {
          const free = isFree(one.app);
          if (!free) asked.add(one.app);
          expect(gate.enter(one.app)).toBe(free);
        }
        for (const app of before) if (isFree(app) && asked.delete(app)) expected.push(app);
        expect([...opened].sort()).toEqual([...expected].sort());
        expect(gate.held).toBe(APPS.filter((app) => !isFree(app)).length);
      }
    }),
    { numRuns: 500 },
  );
});

test('who is behind waits ever longer for its watch, until something is accepted', () => {
  const gate = new Gate(() => {});
  const waits = Array.from({ length: 8 }, () => gate.behind('a'));
  expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  expect(gate.behind('b')).toBe(200);
  gate.caughtUp('a');
  expect(gate.behind('a')).toBe(200);
});

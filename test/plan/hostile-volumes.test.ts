// Bad input about volumes: sizes that are none, requests that name nobody, claims and templates with odd names. It is refused
// or reported, and nothing is lost by it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { claimTemplate, type Raw } from './objects.ts';
import { deeds, type Given, planned, see, type World, waiting, world } from './world.ts';

const ACCEPT = 'statefulapp.dev/accept-volume-loss';
const REBUILD = 'statefulapp.dev/rebuild';
const one = { replicas: 1, volumes: ['data'] };

function templated(seen: World, ...templates: readonly Raw[]): World {
  seen.app = { ...seen.app, spec: { ...(seen.app['spec'] as Raw), volumeClaimTemplates: templates } };
  return seen;
}
const sized = (storage: unknown): Raw => {
  const { spec, ...rest } = claimTemplate('data');
  return { ...rest, spec: { ...spec, resources: { requests: { storage } } } };
};
const isReady = (seen: World) =>
  planned(see(seen)).status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

describe('a size that is none', () => {
  const SIZES = ['0', 0, '-1Gi', -5, '', 'much', '1 Gi', 1e300, true, null, {}, [], ['1Gi'], { '10Gi': {} }];

  test.each(SIZES)('changes no claim that is there, and the app stays Ready: %j', (storage) => {
    const seen = templated(world({ app: one, pods: '0 Available' }), sized(storage));
    expect(deeds(planned(see(seen)), ['data'])).toEqual([]);
    expect(isReady(seen)).toBe(true);
  });

  test.each(SIZES.filter((size) => size !== null))('is said: %j', (storage) => {
    const { notes, status } = planned(see(templated(world({ app: one, pods: '0 Available' }), sized(storage))));
    expect(notes).toMatchObject([{ reason: 'ClaimDiffers', message: expect.stringContaining('is none') }]);
    expect(status.conditions?.find(({ type }) => type === 'AsSpecified')).toMatchObject({ status: 'False' });
  });

  test('is asked for as it is written where there is no claim yet: the API server has the last word', () => {
    const { actions } = planned(see(templated(world({ app: one }), sized('-1Gi'))));
    expect(actions.flatMap((action) => (action.type === 'createClaim' ? [action.object] : []))).toMatchObject([
      { spec: { resources: { requests: { storage: '-1Gi' } } } },
    ]);
    const refused = { refused: ['createClaim/data-web-0'], refusedFor: 'must be greater than zero' };
    const told = planned(see(templated(world({ app: one, ...refused }), sized('-1Gi'))));
    expect([deeds(told, ['data']), waiting(told)]).toEqual([[], ['web-0 Refused', 'web-0 PodPending']]);
  });

  test('that is as long as an object can be leaves a status that fits', () => {
    const seen = templated(world({ app: one, pods: '0 Available' }), sized({ text: 'x'.repeat(1_000_000) }));
    expect(JSON.stringify(planned(see(seen)).status).length).toBeLessThan(10_000);
  });

  test('but a number is one', () => {
    const seen = templated(world({ app: one, pods: '0 Available' }), sized(2 * 1024 ** 3));
    expect(planned(see(seen)).actions).toMatchObject([
      { type: 'changeClaim', patch: { spec: { resources: { requests: { storage: '2147483648' } } } } },
    ]);
  });
});

describe('claim templates that no app can have', () => {
  const two = { ...claimTemplate('data'), spec: { accessModes: ['ReadWriteMany'] } };
  test.each<readonly [string, readonly Raw[]]>([
    ['two of one name', [claimTemplate('data'), two]],
    ['one called __proto__', [claimTemplate('data'), claimTemplate('__proto__')]],
    ['one called nothing', [claimTemplate('data'), claimTemplate('')]],
    ['one without a name', [claimTemplate('data'), { metadata: {}, spec: {} }]],
    ['more than any app has', Array.from({ length: 17 }, (_, index) => claimTemplate(`data-${index}`))],
    ['none at all, but a text', ['data' as unknown as Raw]],
  ])('%s: nothing is touched, and it is said', (_, templates) => {
    const seen = templated(
      world({ app: { ...one, version: 'v2' }, pods: '0 Failed @v1, 1 Available @v1' }),
      ...templates,
    );
    const before = JSON.stringify(see(seen).app.status.members);
    const { actions, status, waits } = planned(see(seen));
    expect([actions, waits.map(({ reason }) => reason)]).toEqual([[], ['InvalidSpec']]);
    expect(waits[0]?.message).toContain('volumeClaimTemplates');
    expect(JSON.stringify(status.members)).toBe(before);
  });
});

describe('names that mean something to JavaScript', () => {
  test.each(['constructor', 'valueof', 'hasownproperty'])('a claim template called %s', (name) => {
    const seen = world({ app: { replicas: 2, volumes: [name] } });
    expect(carryOut(seen).last.waits).toEqual([]);
    expect([...seen.claims.keys()]).toEqual([`${name}-web-0`, `${name}-web-1`]);
    seen.claims.delete(`${name}-web-1`);
    seen.pods.delete('web-1');
    expect(waiting(carryOut(seen).last)).toContain('web-1 VolumeAtRisk');
  });

  test('as labels and annotations of a claim template are carried whole, and followed', () => {
    const texts = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t"}') as Raw;
    const { metadata, spec } = claimTemplate('data');
    const labelled = (labels: Raw) => ({ metadata: { ...metadata, labels, annotations: labels }, spec });
    const seen = templated(world({ app: { replicas: 1 } }), labelled(texts));
    carryOut(seen);
    const stored = () => (seen.claims.get('data-web-0')?.['metadata'] ?? {}) as { labels: Raw; annotations: Raw };
    for (const map of [stored().labels, stored().annotations])
      expect(JSON.stringify(map)).toContain('"__proto__":"p","constructor":"c","toString":"t"');
    templated(seen, labelled({}));
    const [patch] = planned(see(seen)).actions.flatMap((action) =>
      action.type === 'changeClaim' || action.type === 'labelClaim' ? [action.patch] : [],
    );
    expect(Object.keys(patch?.metadata.labels ?? {}).sort()).toEqual(['__proto__', 'constructor', 'toString']);
  });
});

describe('requests', () => {
  const asked = (annotation: string, text: string, more: Given = {}): Given => ({
    pods: '0 Available, 1 Failed, 2 Stopped',
    claims: 'data-2 -',
    ...more,
    app: {
      replicas: 3,
      podManagementPolicy: 'Parallel',
      volumes: ['data'],
      metadata: { annotations: { [annotation]: text } },
    },
  });
  const answer = (given: Given) => {
    const { actions, waits, status } = planned(see(world(given)));
    return { actions, waits, members: status.members };
  };
  const NOTHING = answer(asked('note', ''));

  test.each([ACCEPT, REBUILD])('%s of whatever text does nothing that it does not name whole', (annotation) => {
    const word = fc.constantFrom(
      ...[
        'data-web-0',
        'data-web-2',
        'web-2',
        'data',
        '*',
        '',
        '__proto__',
        'data-web-0-uid',
        'data-web-2-uid',
        'uid',
        'null',
      ],
    );
    const mark = fc.constantFrom('=', ',', ' ', '==', '\n', ';', ':', '=,');
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.tuple(word, mark), { maxLength: 8 }).map((parts) => parts.flat().join('')),
    );
    const exact = /(^|,)\s*data-web-([0-2])\s*=\s*data-web-\2-uid\s*(,|$)/;
    fc.assert(
      fc.property(
        text.filter((words) => !exact.test(words)),
        (words) => {
          expect(answer(asked(annotation, words))).toEqual(NOTHING);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([ACCEPT, REBUILD])('%s that name members which there are not are reported', (annotation) => {
    for (const name of [
      'data-web-7',
      'data-web-00',
      'data-web--1',
      'data-other-0',
      'wal-web-0',
      'web-0',
      'constructor',
    ]) {
      const { notes } = planned(see(world(asked(annotation, `${name}=x`))));
      expect(notes).toMatchObject([{ reason: 'RequestUnclear' }]);
      expect(notes[0]?.message).toContain(
        `nothing is done for ${name}=x: no wanted member of this app has a claim of that name`,
      );
      expect(answer(asked(annotation, `${name}=x`))).toEqual(NOTHING);
    }
  });

  test('five thousand of them do what the one that is right asks for', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `data-web-${index}=former-${index}`);
    const right = [...many, 'data-web-2=data-web-2-uid', ...many].join(',');
    expect(answer(asked(ACCEPT, many.join(',')))).toEqual(NOTHING);
    expect(answer(asked(REBUILD, many.join(',')))).toEqual(NOTHING);
    const accepted = planned(see(world(asked(ACCEPT, right))));
    const done = deeds(accepted, ['data']).filter((deed) => deed.endsWith('web-2'));
    expect(done).toEqual(['create PersistentVolumeClaim data-web-2', 'create Pod web-2']);
    expect(accepted.actions).toHaveLength(NOTHING.actions.length + 2);
    expect(JSON.stringify(accepted.status).length).toBeLessThan(10_000);
  });

  test('that are one long word leave a status that fits', () => {
    const { notes, status } = planned(see(world(asked(REBUILD, 'x'.repeat(200_000)))));
    expect(notes).toMatchObject([{ reason: 'RequestUnclear' }]);
    expect(JSON.stringify(status).length).toBeLessThan(10_000);
  });
});

test.each([
  [
    'template-keys',
    'label:__proto__ label:statefulapp.dev/name annotation:statefulapp.dev/ordinal annotation:statefulapp.dev/claims',
  ],
  ['template-keys', `label:${'x'.repeat(100_000)} annotation: : label:`],
  ['claims', '*,__proto__,data,,'],
  ['claims', `${'x,'.repeat(100_000)}`],
])('a stamp %s that somebody has written over takes no stamp off a claim', (stamp, text) => {
  const seen = world({ app: one, pods: '0 Available' });
  const claim = seen.claims.get('data-web-0') as Raw;
  const metadata = claim['metadata'] as { annotations: Raw };
  const annotations = { ...metadata.annotations, [`statefulapp.dev/${stamp}`]: text };
  seen.claims.set('data-web-0', { ...claim, metadata: { ...metadata, annotations } });
  expect(carryOut(seen).last.waits).toEqual([]);
  const after = seen.claims.get('data-web-0')?.['metadata'] as { annotations: Raw; labels: Raw };
  expect(after.annotations).toMatchObject({ ...metadata.annotations });
  expect(after.labels).toEqual({ 'statefulapp.dev/name': 'web' });
});

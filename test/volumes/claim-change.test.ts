// What of a claim is to be changed when its template changes, and what cannot be: text by text, without an app around it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClaimChange, claimChange, lasting, templateSize } from '../../src/volumes/claim-change.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';

const KEYS = 'statefulapp.dev/template-keys';
type Texts = Readonly<Record<string, string>>;

interface Claim {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly spec?: object;
  readonly phase?: string;
  readonly request?: unknown;
  readonly capacity?: string;
}

function claim({
  labels = {},
  annotations = {},
  spec = {},
  phase = 'Bound',
  request = '10Gi',
  capacity = '10Gi',
}: Claim = {}) {
  return readClaim({
    metadata: { labels, annotations },
    spec: { resources: { requests: { storage: request } }, ...spec },
    status: { phase, capacity: { storage: capacity } },
  });
}
const sized = (storage: unknown) => ({ resources: { requests: { storage } } });
const wanted = (spec: object = {}, labels: Texts = {}, annotations: Texts = {}) => ({
  metadata: { labels, annotations },
  spec,
});

describe('the size of a template', () => {
  test.each<readonly [size: string | null, written: unknown]>([
    ['1Gi', '1Gi'],
    ['1e9', '1e9'],
    ['1000', 1000],
    ['0.5', 0.5],
    [null, '0'],
    [null, 0],
    [null, '-1Gi'],
    [null, -1],
    [null, '-0'],
    [null, ''],
    [null, ' 1Gi'],
    [null, 'much'],
    [null, 1e300],
    [null, Number.MAX_VALUE],
    [null, true],
    [null, null],
    [null, {}],
    [null, ['1Gi']],
    [null, { storage: '1Gi' }],
  ])('%j, of %j', (size, written) => {
    expect(templateSize(sized(written))).toBe(size);
  });

  test.each([{}, { resources: null }, { resources: { requests: [] } }, { resources: { limits: { storage: '1Gi' } } }])(
    'is none in %j',
    (spec) => {
      expect(templateSize(spec)).toBeNull();
    },
  );
});

const size = fc
  .tuple(fc.nat({ max: 40 }), fc.constantFrom('Gi', 'G', '', 'Mi'))
  .map(([many, unit]) => `${many}${unit}`);

describe('a request', () => {
  test.each<readonly [wanted: unknown, now: Claim, patched: string | null]>([
    ['20Gi', {}, '20Gi'],
    [21474836480, {}, '21474836480'],
    ['10Gi', {}, null],
    ['10240Mi', {}, null],
    ['10737418240', {}, null],
    ['9Gi', {}, null],
    ['20Gi', { phase: 'Pending' }, null],
    ['20Gi', { phase: 'Lost' }, null],
    ['20Gi', { request: undefined }, '20Gi'],
    ['20Gi', { request: 'much' }, null],
    // An expansion is taken back as far as it stays above what the volume has.
    ['15Gi', { request: '20Gi' }, '15Gi'],
    ['10Gi', { request: '20Gi' }, null],
    ['9Gi', { request: '20Gi' }, null],
    ['15Gi', { request: '20Gi', capacity: '' }, null],
    ['15Gi', { request: '20Gi', capacity: 'x' }, null],
  ])('for %j of a claim that is %j becomes %j', (size, now, patched) => {
    const change = claimChange(claim(now), wanted(sized(size)));
    expect(change?.spec ?? null).toEqual(patched === null ? null : sized(patched));
  });

  test('changes once: what is patched is what is asked for', () => {
    fc.assert(
      fc.property(fc.tuple(size, size, size), ([request, capacity, asked]) => {
        const first = claimChange(claim({ request, capacity }), wanted(sized(asked)));
        if (first === null) return;
        expect(claimChange(claim({ request: asked, capacity }), wanted(sized(asked)))).toBeNull();
      }),
    );
  });
});

test.each([
  ['gold', undefined, 'Bound', 'gold'],
  ['gold', 'silver', 'Bound', 'gold'],
  ['gold', 'gold', 'Bound', null],
  ['gold', undefined, 'Pending', null],
  ['', 'silver', 'Bound', null],
  [undefined, 'silver', 'Bound', null],
])('attributes %j on a claim with %j that is %s become %j', (asked, now, phase, patched) => {
  const view = claim({ phase, spec: now === undefined ? {} : { volumeAttributesClassName: now } });
  const change = claimChange(view, wanted(asked === undefined ? {} : { volumeAttributesClassName: asked }));
  expect(change?.spec ?? null).toEqual(patched === null ? null : { volumeAttributesClassName: patched });
});

describe('labels and annotations', () => {
  const patched = (now: Texts, { metadata }: Pick<ClaimChange, 'metadata'>, field: 'labels' | 'annotations') =>
    Object.fromEntries(
      Object.entries({ ...now, ...metadata[field] }).filter((entry): entry is [string, string] => entry[1] !== null),
    );

  test.each<readonly [what: string, now: Texts, asked: Texts, stamp: string, patch: Texts | object]>([
    ['are set', {}, { tier: 'db' }, '', { tier: 'db' }],
    ['are set back', { tier: 'web' }, { tier: 'db' }, 'label:tier', { tier: 'db' }],
    ['of others stay', { team: 'blue' }, {}, '', {}],
    ['that were the template`s go', { tier: 'db', team: 'blue' }, {}, 'label:tier', { tier: null }],
    ['that somebody took off already need no removal', {}, {}, 'label:tier', {}],
    ['with names that every object has are set', {}, { constructor: 'x' }, '', { constructor: 'x' }],
    [
      'with names that every object has go',
      { constructor: 'x', toString: 'y' },
      {},
      'label:constructor label:toString',
      { constructor: null, toString: null },
    ],
    ['that an annotation`s name is on the list for stay', { tier: 'db' }, {}, 'annotation:tier', {}],
    ['with an empty name on the list are none', { tier: 'db' }, {}, 'label: label', {}],
  ])('%s', (_, now, asked, stamp, patch) => {
    const annotations = stamp === '' ? {} : { [KEYS]: stamp };
    const change = claimChange(claim({ labels: now, annotations }), wanted({}, asked, annotations));
    expect(change?.metadata.labels ?? {}).toEqual(patch);
  });

  test('follow, and then there is nothing to change', () => {
    const texts = fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'valueOf'), fc.constantFrom('1', '2', ''));
    fc.assert(
      fc.property(texts, texts, fc.subarray(['label:a', 'label:b', 'label:valueOf']), (now, asked, former) => {
        const stamp = { [KEYS]: former.join(' ') };
        const next = {
          [KEYS]: Object.keys(asked)
            .map((key) => `label:${key}`)
            .join(' '),
        };
        const change = claimChange(claim({ labels: now, annotations: stamp }), wanted({}, asked, next));
        if (change === null) return;
        const labels = patched(now, change, 'labels');
        const annotations = patched(stamp, change, 'annotations');
        expect(labels).toMatchObject(asked);
        expect(claimChange(claim({ labels, annotations }), wanted({}, asked, next))).toBeNull();
        // What was not the template's is as it was.
        const others = Object.entries(now).filter(
          ([key]) => !Object.hasOwn(asked, key) && !former.includes(`label:${key}`),
        );
        expect(labels).toMatchObject(Object.fromEntries(others));
      }),
    );
  });
});

describe('what stays other than its template is said', () => {
  test.each<readonly [spec: object, now: Claim, said: readonly string[]]>([
    [{}, {}, []],
    [sized('10Gi'), {}, []],
    [sized('5Gi'), {}, ['it asks for 10Gi where the template says 5Gi, and a volume cannot shrink']],
    [sized('15Gi'), { request: '20Gi' }, []],
    [sized('0'), {}, ['the template\'s size "0" is none']],
    [sized({}), {}, ["the template's size {} is none"]],
    [{ storageClassName: 'fast' }, {}, []],
    [{ storageClassName: 'fast' }, { spec: { storageClassName: 'fast' } }, []],
    [
      { storageClassName: 'fast' },
      { spec: { storageClassName: 'slow' } },
      ['it is of storage class slow where the template says fast'],
    ],
    [{ accessModes: ['b', 'a'] }, { spec: { accessModes: ['a', 'b'] } }, []],
    [{ accessModes: [] }, { spec: { accessModes: ['a'] } }, []],
    [{ accessModes: ['b'] }, { spec: { accessModes: ['a'] } }, ['its access modes are a where the template says b']],
  ])('%j on a claim that is %j', (spec, now, said) => {
    expect(lasting(claim(now), spec)).toEqual(said);
  });
});

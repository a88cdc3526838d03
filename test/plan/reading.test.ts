// Reading an app anew after a small change: a spec that is still the same is taken from the last reading, and nobody can
// tell but by the time it takes.

import { describe, expect, test } from 'vitest';
import { type AppBefore, readApp } from '../../src/plan/observe.ts';
import { claimTemplate, type Raw, rawApp, template } from './objects.ts';
import { randomSample } from './random-apps.ts';
import { type Fields, isFields } from './random-apps-values.ts';

const known = (raw: unknown): AppBefore => ({ raw, app: readApp(raw) });
const fieldsAt = (value: Fields, field: string): Fields => (isFields(value[field]) ? (value[field] as Fields) : {});
const withMetadata = (app: Fields, more: Fields): Fields => ({
  ...app,
  metadata: { ...fieldsAt(app, 'metadata'), ...more },
});
const withSpec = (app: Fields, more: Fields): Fields => ({ ...app, spec: { ...fieldsAt(app, 'spec'), ...more } });

/** What an API server may show next of an app: as the other one in some respect. */
const NEXT: Readonly<Record<string, (app: Fields, other: Fields) => Fields>> = {
  'its status': (app, { status }) => ({ ...app, status }),
  'no status': ({ status: _status, ...app }) => app,
  'its annotations': (app) => withMetadata(app, { annotations: { note: 'x' }, labels: { tier: 'db' } }),
  'its deletion': (app) => withMetadata(app, { deletionTimestamp: '2026-03-01T12:00:00Z', finalizers: ['x'] }),
  'another app of the name': (_app, other) => withMetadata(other, { uid: 'another', generation: 7 }),
  'a new spec': (app, other) => withMetadata({ ...app, spec: other['spec'] }, { generation: 8 }),
  'settings that a new CRD fills in': (app) => withSpec(app, { paused: true, fromALaterVersion: 'x' }),
  'settings that a new CRD takes out': (app) => {
    const { template: own, volumeClaimTemplates, replicas } = fieldsAt(app, 'spec');
    return { ...app, spec: { template: own, volumeClaimTemplates, replicas } };
  },
  nothing: (app) => app,
};

test.each(Object.keys(NEXT))('an app that changes in %s reads as if it had never been read before', (change) => {
  for (let number = 0; number < 100; number += 1) {
    const [app, other] = [number, number + 1].map((one) => withMetadata(randomSample(one).app, { generation: 7 }));
    const next = JSON.parse(JSON.stringify(NEXT[change]?.(app ?? {}, other ?? {})));
    expect(readApp(next, known(app)), `samples ${number} and ${number + 1}`).toEqual(readApp(next));
  }
});

const APP = rawApp({ replicas: 3, volumes: ['data'] });
const copy = (raw: Raw): Raw => JSON.parse(JSON.stringify(raw));

describe('the spec of an app is', () => {
  const first = known(APP);

  test.each([
    ['its status', { status: { replicas: 3 } }],
    ['its metadata', { metadata: { ...(APP['metadata'] as Raw), resourceVersion: '101', annotations: { a: 'b' } } }],
  ])('not read again when only %s changes', (_, change) => {
    expect(readApp({ ...copy(APP), ...change }, first).spec).toBe(first.app.spec);
  });

  test.each<[string, Raw]>([
    [
      'the template of a new generation',
      withMetadata(rawApp({ version: 'v2', replicas: 3, volumes: ['data'] }), { generation: 2 }),
    ],
    ['a setting of a new generation', withMetadata(rawApp({ replicas: 4, volumes: ['data'] }), { generation: 2 })],
    [
      'another app of the same name and generation',
      rawApp({ version: 'v2', replicas: 3, volumes: ['data'], metadata: { uid: 'second' } }),
    ],
    ['what a CRD filled in without a new generation', withSpec(APP, { replicas: 5 })],
  ])('read again: %s', (_, next) => {
    expect(readApp(next, first)).toEqual(readApp(next));
    expect(readApp(next, first).spec).not.toEqual(first.app.spec);
  });

  test('read again without a generation to go by', () => {
    const [one, two] = ['v1', 'v2'].map((version) => withMetadata(rawApp({ version }), { generation: undefined }));
    expect(readApp(two, known(one)).spec?.template).toEqual(template('v2'));
  });
});

test('problems stay while the spec is not understood, and go with it', () => {
  const broken = known(rawApp({ replicas: -1 }));
  expect(readApp(rawApp({ replicas: -1, status: { replicas: 1 } }), broken).problems).toEqual(broken.app.problems);
  expect(broken.app).toMatchObject({ spec: null, digest: '', problems: [expect.stringContaining('replicas')] });
  expect(readApp(rawApp({ replicas: 1 }), broken)).toMatchObject({ problems: [], spec: { replicas: 1 } });
});

test('the digest tells templates apart, as the hash of a revision does, and nothing else', () => {
  const digestOf = (words: Raw) => readApp(rawApp(words)).digest;
  const [one, ...others] = [{}, { replicas: 9 }, { volumeClaimTemplates: [] }].map(digestOf);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(others).toEqual([one, one]);
  expect(digestOf({ version: 'v2' })).not.toBe(one);
  expect(digestOf({ volumeClaimTemplates: [claimTemplate('data')] })).not.toBe(one);
});

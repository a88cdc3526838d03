import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseApp, type StatefulApp, updateProblems } from '../../src/api/schema.ts';
import { type AppObject, app, claim, stored, template } from './apps.ts';
import { ACCEPTED, REFUSED_BY_RULE } from './rows.ts';
import { REFUSED_BY_SHAPE } from './shape-rows.ts';
import { UPDATES } from './updates.ts';

function problems(object: unknown): readonly string[] {
  const parsed = parseApp(object);
  return parsed.ok ? [] : parsed.problems;
}

function accepted(object: AppObject): StatefulApp {
  const parsed = parseApp(stored(object));
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.app;
}

describe('rules, as the operator applies them', () => {
  test.each(ACCEPTED)('$title is accepted', (row) => {
    expect(problems(stored(row.app))).toEqual([]);
  });
  test.each([...REFUSED_BY_RULE, ...REFUSED_BY_SHAPE])('$title is refused', (row) => {
    expect(problems(stored(row.app)).join('\n')).toContain(row.refused?.operator);
  });
  test.each(UPDATES)('update: $title', ({ before, now, refused }) => {
    expect(updateProblems(accepted(now), accepted(before)).join('\n')).toContain(refused ?? '');
    expect(updateProblems(accepted(now), accepted(before))).toHaveLength(refused ? 1 : 0);
  });
});

describe('parseApp', () => {
  test('fills in every default, as StatefulSet does, and the computed ones', () => {
    expect(accepted(app()).spec).toEqual({
      replicas: 1,
      selector: { matchLabels: { 'statefulapp.dev/name': 'web' } },
      serviceName: 'web',
      template: template(),
      volumeClaimTemplates: [],
      podManagementPolicy: 'OrderedReady',
      podRecoveryPolicy: 'Ordered',
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: { partition: 0, maxUnavailable: 1, paused: false, onFailure: 'Pause' },
      },
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      ordinals: { start: 0, excluded: [] },
      paused: false,
      progressDeadlineSeconds: 600,
      volumeLossPolicy: 'Block',
      nodeFailurePolicy: { type: 'ReplaceOnProof' },
    });
  });

  test('keeps what is written, in the middle of defaults', () => {
    const { spec } = accepted(
      app({
        serviceName: 'peers',
        selector: { matchLabels: { a: 'b' } },
        template: template({ a: 'b' }),
        updateStrategy: { type: 'OnDelete', rollingUpdate: { maxUnavailable: '30%' } },
        nodeFailurePolicy: { unreachableSeconds: 20 },
      }),
    );
    expect(spec).toMatchObject({
      serviceName: 'peers',
      selector: { matchLabels: { a: 'b' } },
      updateStrategy: {
        type: 'OnDelete',
        rollingUpdate: { partition: 0, maxUnavailable: '30%', paused: false, onFailure: 'Pause' },
      },
      nodeFailurePolicy: { unreachableSeconds: 20, type: 'ReplaceOnProof' },
    });
  });

  test.each([
    ['spec', { maxSurge: 1 }, 'spec: has unknown fields: "maxSurge"'],
    ['spec.ordinals', { ordinals: { stop: 9 } }, 'spec.ordinals: has unknown fields: "stop"'],
    ['spec.updateStrategy', { updateStrategy: { canary: {} } }, 'spec.updateStrategy: has unknown fields: "canary"'],
  ])('a field of %s that is newer than the operator is a problem', (_, spec, expected) => {
    expect(problems(stored(app(spec)))).toEqual([
      `${expected} may be newer than this operator: upgrade the operator, or remove them`,
    ]);
  });

  test('carries templates as written, with unknown fields and odd keys', () => {
    const text =
      '{"metadata":{"creationTimestamp":null,"labels":{"a":"b"},"new":1},"new":{"x":[1,null]},' +
      '"spec":{"containers":[{"name":"m","new":{"__proto__":{"y":1}}}],"__proto__":{"z":1},"constructor":"c","volumes":null}}';
    const claimText =
      '{"metadata":{"name":"data","__proto__":1},"spec":{"resources":{"requests":{"storage":"1Gi","__proto__":2}}},"status":{}}';
    const spec = { template: JSON.parse(text), volumeClaimTemplates: [JSON.parse(claimText)] };
    const read = accepted(app(spec)).spec;
    expect(JSON.stringify(read.template)).toBe(text);
    expect(JSON.stringify(read.volumeClaimTemplates)).toBe(`[${claimText}]`);
  });

  test('carries any pod template that is accepted, byte for byte', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (fields, extra) => {
        const { restartPolicy: _, activeDeadlineSeconds: __, ...more } = fields;
        const pod = { extra, spec: { ...more, containers: [{ name: 'm', extra }] } };
        expect(JSON.stringify(accepted(app({ template: pod })).spec.template)).toBe(JSON.stringify(pod));
      }),
    );
  });

  test('refuses what is nested deeper than it could be written again, and says so', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    // spec, template and the pod's spec are three levels of their own.
    const of = (levels: number) =>
      stored(app({ template: { ...template(), spec: { ...template().spec, x: nested(levels) } } }));
    expect(parseApp(of(497)).ok).toBe(true);
    for (const levels of [498, 9000]) {
      expect(problems(of(levels))).toEqual([
        'spec: nested more than 500 levels deep, which no pod or claim needs; most likely a generator went wrong: remove what is nested so deep',
      ]);
    }
  });

  test('a null label or annotation counts as absent, as nobody who reads it expects one', () => {
    const pod = { metadata: { labels: { a: 'b', c: null }, annotations: null, name: null }, ...template() };
    expect(accepted(app({ template: pod })).spec.template).toEqual({
      ...template(),
      metadata: { labels: { a: 'b' }, name: null },
    });
  });

  test('never throws, whatever the API server holds', () => {
    const spec = fc.dictionary(fc.constantFrom(...Object.keys(accepted(app()).spec)), fc.jsonValue());
    const object = fc.record({ ...constant(app()), spec, status: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), object), (value) => {
        const parsed = parseApp(value);
        expect(parsed.ok || parsed.problems.every((problem) => /^\S+: .{10}/.test(problem))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('an object without a UID is not one that the API server holds', () => {
    expect(problems(app())).toEqual([
      'metadata.namespace: is required, and missing',
      'metadata.uid: is required, and missing',
    ]);
  });

  test('the longest names fit their objects', () => {
    const name = 'n'.repeat(61);
    const { metadata, spec } = accepted(app({ replicas: 10, volumeClaimTemplates: [claim('c'.repeat(63))] }, name));
    const pod = `${metadata.name}-${spec.replicas - 1}`;
    expect(pod).toHaveLength(63);
    expect(`${spec.volumeClaimTemplates[0]?.metadata.name}-${pod}`.length).toBeLessThanOrEqual(253);
  });
});

function constant(object: AppObject) {
  const { metadata } = stored(object);
  return {
    apiVersion: fc.constant(object.apiVersion),
    kind: fc.constant(object.kind),
    metadata: fc.constant(metadata),
  };
}

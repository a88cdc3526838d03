import { expect, test } from 'vitest';
import { parseApp, type StatefulApp } from '../../src/api/schema.ts';
import { type AppObject, converted, examples, statefulSets, stored } from './apps.ts';

const SETS = statefulSets();

function read(object: AppObject): StatefulApp {
  const parsed = parseApp(stored(object));
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.app;
}

/** pkg/apis/apps/v1/defaults.go, SetDefaults_StatefulSet. */
const STATEFULSET_DEFAULTS = {
  replicas: 1,
  podManagementPolicy: 'OrderedReady',
  revisionHistoryLimit: 10,
  minReadySeconds: 0,
};

test('there are enough of them', () => {
  expect(SETS.length).toBeGreaterThanOrEqual(15);
});

test.each(SETS)('%s becomes a StatefulApp by two words, with its template byte for byte', (_, set) => {
  const { spec } = read(converted(set));
  const { metadata, ...pod } = set.spec.template;
  const { metadata: readMetadata, ...readPod } = spec.template;
  expect(JSON.stringify(readPod)).toBe(JSON.stringify(pod));
  expect(JSON.stringify(readMetadata)).toBe(
    JSON.stringify(metadata).replace(/"annotations":null,|,"annotations":null/, ''),
  );
  expect(spec.volumeClaimTemplates).toEqual(set.spec['volumeClaimTemplates'] ?? []);
});

test.each(SETS)('%s has the defaults of StatefulSet', (_, set) => {
  const { spec } = read(converted(set));
  const written = Object.fromEntries(Object.entries(set.spec).filter(([, value]) => value !== null));
  expect(spec).toMatchObject({ ...STATEFULSET_DEFAULTS, ...pick(written, Object.keys(STATEFULSET_DEFAULTS)) });
  expect(spec.updateStrategy).toEqual(
    deep(
      { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1, paused: false, onFailure: 'Pause' } },
      written['updateStrategy'],
    ),
  );
  expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
    ...(written['persistentVolumeClaimRetentionPolicy'] ?? {}),
  });
  expect(spec.ordinals).toEqual({ start: 0, excluded: [], ...(written['ordinals'] ?? {}) });
  expect(spec.serviceName).toBe(written['serviceName'] || set.metadata.name);
});

test.each(examples())('example %s is fine', (_, example) => {
  expect(read(example).spec.template.spec.containers).toHaveLength(1);
});

function pick(from: { readonly [field: string]: unknown }, names: readonly string[]) {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

function deep(defaults: object, written: unknown): object {
  const { rollingUpdate, ...rest } = (written ?? {}) as { readonly rollingUpdate?: object };
  const base = defaults as { readonly rollingUpdate: object };
  return { ...base, ...rest, rollingUpdate: { ...base.rollingUpdate, ...rollingUpdate } };
}

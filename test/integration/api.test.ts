// The CRD on a real API server: what it admits, refuses, fills in and keeps.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../e2e/cluster/cluster.ts';
import { expressionsMatch, selectorMatches } from '../../src/api/rules.ts';
import { parseApp } from '../../src/api/schema.ts';
import type { StatefulAppSpec } from '../../src/api/spec.ts';
import { type AppObject, app, converted, examples, statefulSets, stored } from '../api/apps.ts';
import { type Condition, install, lax, replace, served, strict } from '../api/install.ts';
import { ACCEPTED, REFUSED_BY_RULE } from '../api/rows.ts';
import { apps, connect, DRY_RUN, done, type Server } from '../api/server.ts';
import { MALFORMED, REFUSED_BY_SHAPE } from '../api/shape-rows.ts';
import { UPDATES } from '../api/updates.ts';

let cluster: Cluster;
let server: Server;
let conditions: readonly Condition[];

beforeAll(async () => {
  cluster = await startCluster({ name: 'api', nodes: 0, components: ['etcd', 'kube-apiserver'] });
  server = connect(cluster.kubeconfig);
  conditions = await install(server, strict());
  await served(() => server('GET', apps('default')));
});
afterAll(() => cluster?.stop());

const namespace = (name: string) => done(server('POST', '/api/v1/namespaces', { metadata: { name } }));
const create = (object: AppObject) => done(server('POST', apps('default'), object));
const remove = ({ metadata }: AppObject) => done(server('DELETE', apps('default', metadata.name)));

const withoutNulls = (value: object) => JSON.parse(JSON.stringify(value, (_, one) => (one === null ? undefined : one)));

function specOf(object: AppObject): StatefulAppSpec {
  const parsed = parseApp(object);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.app.spec;
}

test('the CRD is established, and structural', () => {
  expect(conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
  expect(conditions.map(({ type }) => type)).not.toContain('NonStructuralSchema');
});

describe('manifests', () => {
  beforeAll(() => namespace('manifests'));

  test.each(statefulSets())('%s is a StatefulSet that the API server accepts', async (_, set) => {
    const { namespace: __, ...metadata } = set.metadata;
    await done(server('POST', `/apis/apps/v1/namespaces/manifests/statefulsets${DRY_RUN}`, { ...set, metadata }));
  });

  test.each(statefulSets())('%s applies as a StatefulApp, by two words', async (file, set) => {
    const text = readFileSync(new URL(`../manifests/${file}`, import.meta.url), 'utf8')
      .replace(/^apiVersion: apps\/v1$/m, 'apiVersion: statefulapp.dev/v1alpha1')
      .replace(/^kind: StatefulSet$/m, 'kind: StatefulApp');
    const path = join(cluster.dir, file);
    writeFileSync(path, text);
    await cluster.kubectl('apply', '--server-side', '-f', path);
    const live = await done(server('GET', apps('default', set.metadata.name)));
    expect(live.spec.template).toEqual(set.spec.template);
    expect(live.spec['volumeClaimTemplates']).toEqual(set.spec['volumeClaimTemplates'] ?? []);
    expect(specOf(live)).toEqual(specOf(stored(converted(set))));
    // Client-side apply sends a merge patch, in which null means remove: nulls go, nothing else.
    await cluster.apply(text);
    const again = await done(server('GET', apps('default', set.metadata.name)));
    expect(withoutNulls(again.spec)).toEqual(withoutNulls(live.spec));
    await remove(set);
  });

  test.each(examples())('example %s applies', async (file, example) => {
    const path = new URL(`../../examples/${file}`, import.meta.url).pathname;
    await cluster.kubectl('apply', '--server-side', '-f', path);
    const live = await done(server('GET', apps('default', example.metadata.name)));
    expect(specOf(live)).toEqual(specOf(stored(example)));
    await remove(example);
  });
});

test('defaults are stored, but for the computed ones', async () => {
  const live = await create(app());
  const { selector, serviceName, ...defaults } = specOf(stored(app()));
  expect(live.spec).toEqual(defaults);
  expect(specOf(live)).toEqual({ selector, serviceName, ...defaults });
  await remove(live);
});

describe('rules', () => {
  test.each(ACCEPTED)('$title is accepted', async (row) => {
    await done(server('POST', apps('default') + DRY_RUN, row.app));
  });

  test.each([...REFUSED_BY_RULE, ...REFUSED_BY_SHAPE])('$title is refused', async (row) => {
    const { status, message } = await server('POST', apps('default') + DRY_RUN, row.app);
    expect([status, message]).toEqual([422, expect.stringContaining(row.refused?.server ?? '-')]);
  });

  test.each(UPDATES)('update: $title', async ({ before, now, refused }) => {
    const live = await create(before);
    const next = { ...now, metadata: live.metadata };
    const { status, message } = await server('PUT', apps('default', 'web') + DRY_RUN, next);
    await remove(live);
    expect([status, message]).toEqual(refused ? [422, expect.stringContaining(refused)] : [200, '']);
  });
});

test('fields that are newer than the CRD do not get in unseen', async () => {
  const strictly = `${apps('default')}${DRY_RUN}&fieldValidation=Strict`;
  const { status, message } = await server('POST', strictly, app({ maxSurge: 1 }));
  expect([status, message]).toEqual([400, expect.stringContaining('unknown field "spec.maxSurge"')]);
});

describe('subresources', () => {
  beforeAll(() => create(app({ replicas: 3 })));
  afterAll(() => remove(app()));

  test('scale', async () => {
    const status = { replicas: 2, selector: 'statefulapp.dev/name=web' };
    await done(server('PATCH', `${apps('default', 'web')}/status`, { status }));
    await cluster.kubectl('scale', 'sapp/web', '--replicas=5');
    const scale = await done(server('GET', `${apps('default', 'web')}/scale`));
    expect([scale.spec, scale.status]).toEqual([{ replicas: 5 }, status]);
    const refused = cluster.kubectl('scale', 'sapp/web', '--replicas=4001');
    await expect(refused).rejects.toThrow('an app has at most 4000 members');
  });

  test('status keeps fields that are newer than the CRD, and does not touch the spec', async () => {
    const status = {
      appUID: 'u',
      phase: 'Newer',
      members: [{ ordinal: 0, role: 'leader', claims: [{ name: 'data', fence: 1 }] }],
      conditions: [{ type: 'Ready', status: 'True', reason: 'AllReady', severity: 'Info' }],
    };
    const path = `${apps('default', 'web')}/status`;
    const live = await done(server('PATCH', path, { status, spec: { paused: true } }));
    expect(live.status).toMatchObject(status);
    expect(live.spec).toMatchObject({ paused: false });
    const ready = { type: 'Ready', status: 'True' };
    const twice = await server('PATCH', path, { status: { conditions: [ready, ready] } });
    expect([twice.status, twice.message]).toEqual([422, expect.stringContaining('Duplicate value')]);
  });

  test('the ledger of 3,000 members fits into one object', async () => {
    const uid = '3f9d2c1e-1111-4222-8333-444455556666';
    const claims = [{ name: 'data', uid, volume: `pvc-${uid} vol-0123456789abcdef0` }];
    const place = { podUID: uid, node: 'ip-10-0-12-100.eu-west-1.compute.internal', revision: '7c9f8d6b54' };
    const more = { state: 'Running', since: '2026-11-22T10:00:00Z', restarts: 0, failures: 0, complete: true };
    const member = (ordinal: number) => ({ ordinal, pod: `database-${ordinal}`, ...place, ...more, claims });
    const members = Array.from({ length: 3000 }, (_, ordinal) => member(ordinal));
    const path = `${apps('default', 'web')}/status`;
    const live = await done(server('PATCH', path, { status: { members } }));
    expect(JSON.stringify(live.metadata).length).toBeLessThan(5_000);
    await done(server('PATCH', path, { status: { members: null } }));
  });

  test('kubectl get shows the columns, by short name and in the category', async () => {
    const table = await cluster.kubectl('get', 'sapp', '-o', 'wide');
    expect(table.split('\n')[0]?.split(/\s+/).filter(Boolean)).toEqual([
      'NAME',
      'DESIRED',
      'READY',
      'UPDATED',
      'REVISION',
      'STATUS',
      'AGE',
      'SERVICE',
      'SELECTOR',
    ]);
    expect(table).toMatch(/^web +5 .*AllReady .* statefulapp\.dev\/name=web$/m);
    expect(await cluster.kubectl('get', 'all', '-o', 'name')).toContain('statefulapp.statefulapp.dev/web');
    expect(await cluster.kubectl('explain', 'sapp.spec.ordinals.excluded')).toContain('To remove member 1 of 0, 1, 2');
  });
});

describe('objects stored before a rule existed', () => {
  const rows = [...REFUSED_BY_RULE, ...REFUSED_BY_SHAPE].map((row, index) => ({ ...row, at: `row-${index}` }));
  const probe = async () => (await server('POST', apps('default') + DRY_RUN, app({ replicas: 4001 }))).status;
  beforeAll(async () => {
    await replace(server, lax(), async () => (await probe()) === 201);
    for (const row of rows) {
      await namespace(row.at);
      await done(server('POST', apps(row.at), row.app));
    }
    await replace(server, strict(), async () => (await probe()) === 422);
  });

  test.each(rows)('$title: readable, and reported', async ({ at, app: { metadata }, refused }) => {
    const parsed = parseApp(await done(server('GET', apps(at, metadata.name))));
    expect(parsed.ok ? '' : parsed.problems.join('\n')).toContain(refused?.operator);
  });

  const touch = async ({ at, app: { metadata } }: (typeof rows)[number]) => {
    const path = apps(at, metadata.name);
    const replies = [
      await server('PATCH', path, { metadata: { labels: { touched: 'yes' }, finalizers: ['a.b/c'] } }),
      await server('PATCH', path, { metadata: { finalizers: [] } }),
      await server('PATCH', `${path}/status`, { status: { observedGeneration: 1 } }),
    ];
    return replies.map(({ message }) => message).filter((message) => message !== '');
  };

  test.each(rows.filter(({ title }) => !MALFORMED.has(title)))(
    '$title: takes metadata, status, scaling',
    async (row) => {
      expect(await touch(row)).toEqual([]);
      const path = `${apps(row.at, row.app.metadata.name)}/scale`;
      const { status, message } = await server('PATCH', path, { spec: { replicas: 0 } });
      const selector = [selectorMatches.message, expressionsMatch.message].some((text) => message.includes(text));
      expect(status).toBe(selector && 'selector' in row.app.spec ? 422 : 200);
    },
  );

  test.each(rows.filter(({ title }) => MALFORMED.has(title)))(
    '$title: can only be deleted or corrected',
    async (row) => {
      expect(await touch(row)).not.toEqual([]);
      await done(server('DELETE', apps(row.at, row.app.metadata.name)));
    },
  );
});

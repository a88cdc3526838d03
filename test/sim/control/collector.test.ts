// The garbage collector: background, foreground and orphaning deletion, and owners that are only some of several.
import { expect, test } from 'vitest';
import type { Raw } from '../server/types.ts';
import { Stage } from './stage.ts';

const MINUTE = 60_000;

function revision(stage: Stage, name: string, owners: readonly Raw[] = []) {
  return stage.make('controllerrevisions', {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name, namespace: 'default', ownerReferences: owners },
    data: {},
    revision: 1,
  });
}

function ref(owner: {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { name: string; uid: string };
}) {
  const { kind, apiVersion, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
}

const names = (stage: Stage) =>
  stage.server
    .all('controllerrevisions', 'default')
    .map(({ metadata: { name, deletionTimestamp } }) => (deletionTimestamp === undefined ? name : `${name} deleting`));

const owners = (stage: Stage, name: string) =>
  (stage.find('controllerrevisions', name)?.metadata.ownerReferences ?? []).map((owner) => owner.name);

function family() {
  const stage = new Stage([]);
  const parent = revision(stage, 'parent');
  const child = revision(stage, 'child', [ref(parent)]);
  revision(stage, 'grandchild', [ref(child)]);
  return stage;
}

const remove = (stage: Stage, name: string, propagationPolicy?: 'Foreground' | 'Background' | 'Orphan') =>
  stage.user.delete('controllerrevisions', 'default', name, { propagationPolicy });

test('in the background dependents go after their owner, and theirs after them', () => {
  const stage = family();
  stage.run(MINUTE);
  expect(names(stage)).toEqual(['child', 'grandchild', 'parent']);
  remove(stage, 'parent', 'Background');
  expect(names(stage)).toEqual(['child', 'grandchild']);
  stage.until(() => names(stage).length === 0);
  const deletion = stage.changes.findLast(({ object }) => object.metadata.name === 'child')?.call?.body;
  expect(deletion).toMatchObject({ preconditions: { uid: expect.any(String), resourceVersion: expect.any(String) } });
});

test('an owner that was recreated is another one', () => {
  const stage = family();
  remove(stage, 'parent', 'Background');
  revision(stage, 'parent');
  stage.run(MINUTE);
  expect(names(stage)).toEqual(['parent']);
});

test('what names an owner that never was is collected; one of an unknown kind is left alone', () => {
  const stage = new Stage([]);
  const absent = { apiVersion: 'apps/v1', kind: 'ControllerRevision', name: 'nobody', uid: 'none' };
  revision(stage, 'x', [absent]);
  revision(stage, 'y', [{ ...absent, kind: 'Unknown', uid: 'other' }, absent]);
  stage.run(MINUTE);
  expect(names(stage)).toEqual(['y']);
});

test('with a living owner left, only the reference to the dead one goes', () => {
  const stage = new Stage([]);
  const [a, b] = [revision(stage, 'a'), revision(stage, 'b')];
  revision(stage, 'child', [ref(a), ref(b)]);
  remove(stage, 'a', 'Background');
  stage.run(MINUTE);
  expect(owners(stage, 'child')).toEqual(['b']);
  remove(stage, 'b', 'Background');
  stage.run(MINUTE);
  expect(names(stage)).toEqual([]);
});

test('an owner that is given before the collector comes saves the object', () => {
  const stage = new Stage([]);
  stage.temper.collectorLag = 1;
  const [a, b] = [revision(stage, 'a'), revision(stage, 'b')];
  revision(stage, 'child', [ref(a)]);
  remove(stage, 'a', 'Background');
  stage.run(10_000);
  stage.user.patch('controllerrevisions', 'default', 'child', { metadata: { ownerReferences: [ref(b)] } });
  stage.run(5 * MINUTE);
  expect(owners(stage, 'child')).toEqual(['b']);
});

test('orphans lose the reference and stay', () => {
  const stage = family();
  remove(stage, 'parent', 'Orphan');
  expect(names(stage)).toEqual(['child', 'grandchild', 'parent deleting']);
  stage.until(() => stage.find('controllerrevisions', 'parent') === undefined);
  stage.run(MINUTE);
  expect(names(stage)).toEqual(['child', 'grandchild']);
  expect(owners(stage, 'child')).toEqual([]);
});

test('in the foreground the owner waits for dependents that block it', () => {
  const stage = new Stage();
  const parent = revision(stage, 'parent');
  const blocking = { ...ref(parent), blockOwnerDeletion: true };
  stage.pod('web-0', { metadata: { ownerReferences: [blocking] } });
  stage.until(() => stage.summary('web-0') === 'Running ready');
  stage.plane.node('a').slowStop(20_000);
  remove(stage, 'parent', 'Foreground');
  stage.run(15_000);
  expect(stage.summary('web-0')).toBe('Running ready deleting');
  expect(names(stage)).toEqual(['parent deleting']);
  stage.until(() => stage.summary('web-0') === 'gone');
  stage.until(() => names(stage).length === 0);
});

test('in the foreground dependents with dependents are deleted so, too, and a non-blocking one holds nobody back', () => {
  const stage = new Stage([]);
  const parent = revision(stage, 'parent');
  const child = revision(stage, 'child', [{ ...ref(parent), blockOwnerDeletion: true }]);
  revision(stage, 'grandchild', [{ ...ref(child), blockOwnerDeletion: true }]);
  revision(stage, 'kept', [ref(parent)]);
  stage.user.patch('controllerrevisions', 'default', 'kept', { metadata: { finalizers: ['example.com/keep'] } });
  remove(stage, 'parent', 'Foreground');
  stage.until(() => stage.find('controllerrevisions', 'parent') === undefined);
  const removed = stage.changes.filter(({ type }) => type === 'DELETED').map(({ object }) => object.metadata.name);
  expect(removed).toEqual(['grandchild', 'child', 'parent']);
  stage.run(MINUTE);
  expect(names(stage)).toEqual(['kept deleting']);
});

test('a dependent that has another owner is taken off one that is deleted in the foreground', () => {
  const stage = new Stage([]);
  const [a, b] = [revision(stage, 'a'), revision(stage, 'b')];
  revision(stage, 'child', [{ ...ref(a), blockOwnerDeletion: true }, ref(b)]);
  remove(stage, 'a', 'Foreground');
  stage.until(() => stage.find('controllerrevisions', 'a') === undefined);
  expect(names(stage)).toEqual(['b', 'child']);
  expect(owners(stage, 'child')).toEqual(['b']);
});

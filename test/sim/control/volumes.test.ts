// Claims, their volumes and their protection, and namespaces that end.
import { expect, test } from 'vitest';
import { stringAt } from '../../../src/identity/json.ts';
import { Stage } from './stage.ts';

const MINUTE = 60_000;

test('a claim being deleted stays while a pod on a node names it, even an ended one', () => {
  const stage = new Stage();
  stage.claim('data-0');
  stage.pod('web-0', { claims: ['data-0'] });
  stage.until(() => stage.summary('web-0') === 'Running ready');
  const volume = stringAt(stage.find('persistentvolumeclaims', 'data-0')?.['spec'], 'volumeName') ?? '';
  expect(stage.find('persistentvolumes', volume)).toBeDefined();
  stage.user.delete('persistentvolumeclaims', 'default', 'data-0');
  stage.plane.node('a').evict(stage.uid('web-0'));
  stage.run(MINUTE);
  expect(stage.summary('web-0')).toBe('Failed unready');
  expect(stage.claimPhase('data-0')).toBe('Bound');
  stage.user.delete('pods', 'default', 'web-0');
  stage.run(MINUTE);
  expect(stage.claimPhase('data-0')).toBeUndefined();
  expect(stage.find('persistentvolumes', volume)).toBeUndefined();
});

test('a claim being deleted takes no new pod, and one without a node does not hold it', () => {
  const stage = new Stage();
  stage.claim('data-0');
  stage.pod('web-0', { claims: ['data-0'] });
  stage.until(() => stage.summary('web-0') === 'Running ready');
  stage.user.delete('persistentvolumeclaims', 'default', 'data-0');
  stage.pod('web-1', { claims: ['data-0'] });
  stage.run(MINUTE);
  expect(stage.condition('web-1', 'PodScheduled')).toMatchObject({ reason: 'Unschedulable' });
  expect(stage.claimPhase('data-0')).toBe('Bound');
  stage.user.delete('pods', 'default', 'web-0');
  stage.run(MINUTE);
  expect(stage.claimPhase('data-0')).toBeUndefined();
  expect(stage.summary('web-1')).toBe('Pending unready');
});

test('a claim is Lost when its volume is gone; a successor of its name has another volume', () => {
  const stage = new Stage();
  stage.claim('data-0');
  stage.until(() => stage.claimPhase('data-0') === 'Bound');
  const volumeOf = () => stringAt(stage.find('persistentvolumeclaims', 'data-0')?.['spec'], 'volumeName') ?? '';
  const first = volumeOf();
  stage.user.delete('persistentvolumes', undefined, first);
  stage.run(MINUTE);
  expect(stage.claimPhase('data-0')).toBe('Bound');
  stage.user.patch('persistentvolumes', undefined, first, { metadata: { finalizers: null } });
  stage.until(() => stage.claimPhase('data-0') === 'Lost');
  stage.user.delete('persistentvolumeclaims', 'default', 'data-0');
  stage.run(MINUTE);
  stage.claim('data-0');
  stage.until(() => stage.claimPhase('data-0') === 'Bound');
  expect(volumeOf()).not.toBe(first);
});

test('a namespace being deleted is emptied and goes', () => {
  const stage = new Stage();
  stage.make('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } });
  stage.claim('data-0', { namespace: 'prod' });
  stage.pod('web-0', { claims: ['data-0'], metadata: { namespace: 'prod' } });
  stage.until(() => stage.running.size === 1);
  stage.user.delete('namespaces', undefined, 'prod');
  stage.until(() => stage.server.find('namespaces', undefined, 'prod') === undefined);
  expect(stage.running.size).toBe(0);
  expect(stage.server.all('pods', 'prod')).toEqual([]);
  expect(stage.server.all('persistentvolumeclaims', 'prod')).toEqual([]);
});

// What the control plane makes of nodes that are silent, tainted, out of service or deleted, and when.
import { expect, test } from 'vitest';
import { objectAt } from '../../../src/identity/json.ts';
import { conditionStatus } from './reading.ts';
import { onNodeA, Stage } from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const TOLERANT = { tolerations: [{ operator: 'Exists' }] };

test('a partitioned node is Unknown after about 50 s, its pods not ready, its containers running', () => {
  const stage = onNodeA(['web-0']);
  stage.plane.node('a').partition();
  stage.run(39 * SECOND);
  expect(conditionStatus(stage.node('a'), 'Ready')).toBe('True');
  stage.run(21 * SECOND);
  expect(conditionStatus(stage.node('a'), 'Ready')).toBe('Unknown');
  expect(stage.summary('web-0')).toBe('Running unready');
  stage.run(11 * SECOND);
  expect(stage.taints('a')).toEqual([`${UNREACHABLE}:NoSchedule`, `${UNREACHABLE}:NoExecute`]);
  expect(stage.running.size).toBe(1);
});

test('a pod that tolerates everything stays bound to an unreachable node', () => {
  const stage = onNodeA(['web-0'], TOLERANT);
  stage.plane.node('a').partition();
  stage.run(60 * MINUTE);
  expect(stage.summary('web-0')).toBe('Running unready');
});

test('the 300 s of toleration begin anew when the node was back in between', () => {
  const stage = onNodeA(['web-0']);
  for (let round = 0; round < 3; round += 1) {
    stage.plane.node('a').partition();
    stage.run(4 * MINUTE);
    stage.plane.node('a').heal();
    stage.run(MINUTE);
  }
  expect(stage.summary('web-0')).toBe('Running ready');
});

test('two lost nodes are evicted from one after the other, ten seconds apart', () => {
  const stage = new Stage(['a', 'b', 'c', 'd', 'e']);
  stage.run(MINUTE);
  for (const name of ['a', 'b']) stage.plane.node(name).partition();
  const lost = (name: string) => stage.taints(name).includes(`${UNREACHABLE}:NoExecute`);
  stage.until(() => lost('a') || lost('b'));
  expect(stage.until(() => lost('a') && lost('b'))).toBeGreaterThanOrEqual(10 * SECOND);
});

test('while most nodes are away nobody is evicted either', () => {
  const stage = new Stage(['a', 'b', 'c', 'd', 'e']);
  stage.run(MINUTE);
  const away = ['a', 'b', 'c'];
  for (const name of away) stage.plane.node(name).down();
  stage.run(30 * MINUTE);
  const evicting = away.filter((name) => stage.taints(name).includes(`${UNREACHABLE}:NoExecute`));
  // The first one or two are noticed before most are away.
  expect(evicting.length).toBeLessThan(3);
});

test('while all nodes are away nobody is evicted', () => {
  const stage = onNodeA(['web-0']);
  for (const name of ['a', 'b', 'c']) stage.plane.node(name).partition();
  stage.run(30 * MINUTE);
  expect(stage.summary('web-0')).toBe('Running unready');
  expect(stage.taints('a')).toEqual([`${UNREACHABLE}:NoSchedule`]);
});

test('out of service: terminating pods are Failed and removed by force, but only while the node is not ready', () => {
  const stage = onNodeA(['web-0']);
  const spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] };
  stage.plane.node('a').powerOff();
  stage.until(() => conditionStatus(stage.node('a'), 'Ready') === 'Unknown');
  stage.user.patch('nodes', undefined, 'a', { spec });
  stage.until(() => stage.summary('web-0') === 'gone', 2 * MINUTE);
  // The real one names no reason of its own here: the condition is that of the eviction.
  expect(stage.disruption('web-0')).toBe('DeletionByTaintManager');
  expect(objectAt(stage.lastOf('web-0')?.object, 'status')['phase']).toBe('Failed');
});

test('a forgotten out-of-service taint on a node that is well evicts like any other, by its kubelet', () => {
  const stage = onNodeA(['web-0']);
  const spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] };
  // Longer than the time between two sweeps.
  stage.plane.node('a').slowStop(25 * SECOND);
  stage.user.patch('nodes', undefined, 'a', { spec });
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(stage.lastOf('web-0')?.actor).toBe('kubelet a');
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
});

test('a deleted node: its pods go after 40 s of quarantine, and a live kubelet stops their containers after that', () => {
  const stage = onNodeA(['web-0']);
  stage.user.delete('nodes', undefined, 'a');
  stage.run(39 * SECOND);
  expect(stage.summary('web-0')).toBe('Running ready');
  stage.until(() => stage.summary('web-0') === 'gone', 2 * MINUTE);
  expect(stage.disruption('web-0')).toBe('DeletionByPodGC');
  expect(stage.running.size).toBe(1);
  stage.until(() => stage.running.size === 0, MINUTE);
  stage.plane.node('a').partition();
  stage.plane.node('a').heal();
  stage.run(10 * MINUTE);
  expect(stage.server.find('nodes', undefined, 'a')).toBeUndefined();
  stage.plane.node('a').down(SECOND);
  stage.until(() => stage.server.find('nodes', undefined, 'a') !== undefined);
});

test('a terminating pod without a node that a finalizer keeps is Failed', () => {
  const stage = new Stage([]);
  stage.pod('web-0', { metadata: { finalizers: ['example.com/keep'] } });
  stage.user.delete('pods', 'default', 'web-0');
  stage.run(MINUTE);
  expect(stage.summary('web-0')).toBe('Failed unready deleting');
  stage.user.patch('pods', 'default', 'web-0', { metadata: { finalizers: null } });
  expect(stage.summary('web-0')).toBe('gone');
});

// What becomes of pods when their nodes fail: partitions, kubelets and runtimes that restart, machines without power,
// nodes that are out of service or deleted.
import { expect, test } from 'vitest';
import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import type { Raw, Stored } from '../server/types.ts';
import { conditionStatus, nodeOf, taintsOf } from './reading.ts';
import { Stage } from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const TOLERANT = { tolerations: [{ operator: 'Exists' }] };

/** Three nodes, and pods that all run on the first one. */
function onNodeA(names: readonly string[], spec: Raw = {}): Stage {
  const stage = new Stage(['a', 'b', 'c']);
  const selected = { nodeSelector: { 'kubernetes.io/hostname': 'a' }, ...spec };
  for (const name of names) stage.pod(name, { spec: selected });
  stage.until(() => names.every((name) => stage.summary(name) === 'Running ready'));
  return stage;
}

function node(stage: Stage, name = 'a'): Stored {
  const found = stage.server.find('nodes', undefined, name);
  if (found === undefined) throw new Error(`node ${name} is gone`);
  return found;
}

const taints = (stage: Stage, name = 'a') => taintsOf(node(stage, name)).map(({ key, effect }) => `${key}:${effect}`);
const isUnknown = (stage: Stage) => conditionStatus(node(stage), 'Ready') === 'Unknown';

function disruption(pod: Stored | undefined): string | undefined {
  const found = listAt(objectAt(pod, 'status'), 'conditions').find(
    (each) => stringAt(each, 'type') === 'DisruptionTarget',
  );
  return stringAt(found, 'reason');
}

const last = (stage: Stage, name: string) =>
  stage.changes.findLast(({ plural, object }) => plural === 'pods' && object.metadata.name === name);

test('a partitioned node is Unknown after about 50 s, its pods not ready, its containers running', () => {
  const stage = onNodeA(['web-0']);
  stage.plane.node('a').partition();
  stage.run(39 * SECOND);
  expect(conditionStatus(node(stage), 'Ready')).toBe('True');
  stage.run(21 * SECOND);
  expect(isUnknown(stage)).toBe(true);
  expect(stage.summary('web-0')).toBe('Running unready');
  stage.run(11 * SECOND);
  expect(taints(stage)).toEqual([`${UNREACHABLE}:NoSchedule`, `${UNREACHABLE}:NoExecute`]);
  expect(stage.running.size).toBe(1);
});

test('after ten minutes of partition the pod is Terminating and still runs; healed, it is stopped and removed', () => {
  const stage = onNodeA(['web-0']);
  stage.plane.node('a').partition();
  const lost = stage.timeline.now();
  stage.until(() => stage.summary('web-0') === 'Running unready deleting');
  // 50 s until it is noticed, and the 300 s that admission lets each pod tolerate.
  expect(stage.timeline.now() - lost).toBeGreaterThan(340 * SECOND);
  expect(stage.timeline.now() - lost).toBeLessThan(375 * SECOND);
  expect(disruption(stage.find('pods', 'web-0'))).toBe('DeletionByTaintManager');
  stage.run(4 * MINUTE);
  expect(stage.running.size).toBe(1);
  stage.plane.node('a').heal();
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
  expect(objectAt(last(stage, 'web-0')?.object, 'status')['phase']).toBe('Succeeded');
  stage.until(() => taints(stage).length === 0);
  expect(conditionStatus(node(stage), 'Ready')).toBe('True');
});

test('a short partition changes nothing but readiness, which comes back', () => {
  const stage = onNodeA(['web-0']);
  stage.plane.node('a').partition();
  stage.until(() => stage.summary('web-0') === 'Running unready');
  stage.plane.node('a').heal();
  stage.until(() => stage.summary('web-0') === 'Running ready');
  stage.run(10 * MINUTE);
  expect(stage.summary('web-0')).toBe('Running ready');
  expect(stage.facts).toEqual(['started web-0']);
});

test('a pod that tolerates everything stays bound to an unreachable node', () => {
  const stage = onNodeA(['web-0'], TOLERANT);
  stage.plane.node('a').partition();
  stage.run(60 * MINUTE);
  expect(stage.summary('web-0')).toBe('Running unready');
});

test('a partitioned kubelet neither reads nor writes, and a pod replaced meanwhile runs twice until it heals', () => {
  const stage = onNodeA(['web-0']);
  const from = stage.changes.length;
  stage.plane.node('a').partition();
  const first = stage.find('pods', 'web-0')?.metadata.uid ?? '';
  stage.user.delete('pods', 'default', 'web-0', { gracePeriodSeconds: 0 });
  stage.pod('web-0', { spec: { nodeSelector: { 'kubernetes.io/hostname': 'b' } } });
  stage.until(() => stage.running.size === 2);
  stage.plane.node('a').crash(first);
  stage.run(5 * MINUTE);
  // It was restarted by the kubelet, which cannot know that it should not be.
  expect(stage.running.size).toBe(2);
  expect(stage.changes.slice(from).filter(({ actor }) => actor === 'kubelet a')).toEqual([]);
  stage.plane.node('a').heal();
  stage.until(() => stage.running.size === 1);
  expect([...stage.running.keys()]).not.toContain(first);
  expect(stage.summary('web-0')).toBe('Running ready');
});

test('while all nodes are away nobody is evicted', () => {
  const stage = onNodeA(['web-0']);
  for (const name of ['a', 'b', 'c']) stage.plane.node(name).partition();
  stage.run(30 * MINUTE);
  expect(stage.summary('web-0')).toBe('Running unready');
  expect(taints(stage)).toEqual([`${UNREACHABLE}:NoSchedule`]);
});

test('a kubelet that restarts takes its containers over', () => {
  const stage = onNodeA(['web-0', 'web-1']);
  stage.plane.node('a').down(20 * SECOND);
  stage.user.delete('pods', 'default', 'web-1', { gracePeriodSeconds: 0 });
  stage.run(19 * SECOND);
  expect(stage.running.size).toBe(2);
  stage.until(() => stage.running.size === 1);
  stage.run(MINUTE);
  expect(stage.facts.slice(2)).toEqual(['stopped web-1']);
  expect(stage.summary('web-0')).toBe('Running ready');
});

test('a runtime restart ends all containers, and the same pods start again', () => {
  const stage = onNodeA(['web-0']);
  const before = stage.find('pods', 'web-0')?.metadata.uid;
  stage.plane.node('a').runtimeRestart();
  expect(stage.running.size).toBe(0);
  stage.until(() => stage.running.size === 1);
  stage.until(() => stage.summary('web-0') === 'Running ready');
  expect(stage.find('pods', 'web-0')?.metadata.uid).toBe(before);
});

test('power off: all containers are dead at once without a word; back, bound pods start in place', () => {
  const stage = onNodeA(['web-0', 'web-1']);
  stage.plane.node('a').powerOff();
  expect(stage.running.size).toBe(0);
  expect(stage.summary('web-0')).toBe('Running ready');
  stage.user.delete('pods', 'default', 'web-1');
  stage.run(3 * MINUTE);
  expect([stage.summary('web-0'), stage.summary('web-1')]).toEqual(['Running unready', 'Running unready deleting']);
  stage.plane.node('a').powerOn();
  stage.until(() => stage.summary('web-0') === 'Running ready' && stage.summary('web-1') === 'gone');
  expect(objectAt(last(stage, 'web-1')?.object, 'status')['phase']).toBe('Failed');
  const [status] = listAt(objectAt(stage.find('pods', 'web-0'), 'status'), 'containerStatuses');
  expect(objectAt(status, 'lastState')['terminated']).toMatchObject({ exitCode: 255, reason: 'Unknown' });
  expect(stage.facts.filter((fact) => fact.endsWith('web-1'))).toEqual(['started web-1', 'stopped web-1']);
});

test('out of service: terminating pods are Failed and removed by force, but only while the node is not ready', () => {
  const stage = onNodeA(['web-0']);
  const spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] };
  stage.plane.node('a').powerOff();
  stage.until(() => isUnknown(stage));
  stage.user.patch('nodes', undefined, 'a', { spec });
  stage.until(() => stage.summary('web-0') === 'gone', 2 * MINUTE);
  // The real one names no reason of its own here: the condition is that of the eviction.
  expect(disruption(last(stage, 'web-0')?.object)).toBe('DeletionByTaintManager');
  expect(objectAt(last(stage, 'web-0')?.object, 'status')['phase']).toBe('Failed');
});

test('a forgotten out-of-service taint on a node that is well evicts like any other, by its kubelet', () => {
  const stage = onNodeA(['web-0']);
  const spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] };
  stage.user.patch('nodes', undefined, 'a', { spec });
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(last(stage, 'web-0')?.actor).toBe('kubelet a');
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
});

test('a deleted node: its pods go after 40 s of quarantine, and a live kubelet stops their containers after that', () => {
  const stage = onNodeA(['web-0']);
  stage.user.delete('nodes', undefined, 'a');
  stage.run(39 * SECOND);
  expect(stage.summary('web-0')).toBe('Running ready');
  stage.until(() => stage.summary('web-0') === 'gone', 2 * MINUTE);
  expect(disruption(last(stage, 'web-0')?.object)).toBe('DeletionByPodGC');
  expect(stage.running.size).toBe(1);
  stage.until(() => stage.running.size === 0, MINUTE);
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

test('the same seed gives the same history', () => {
  const play = (seed: number) => {
    const stage = new Stage(['a', 'b', 'c'], seed);
    Object.assign(stage.temper, { crashes: 0.5, flaps: 0.5, startFails: 0.5, ignoresStop: 0.5, collectorLag: 0.5 });
    for (let index = 0; index < 9; index += 1) stage.pod(`web-${index}`);
    stage.run(MINUTE);
    stage.plane.node('b').partition();
    stage.run(7 * MINUTE);
    stage.plane.node('b').heal();
    stage.plane.node('c').powerOff();
    stage.run(7 * MINUTE);
    stage.plane.node('c').powerOn();
    stage.run(10 * MINUTE);
    return {
      facts: stage.facts,
      changes: stage.changes.map(({ version, actor, object }) => [version, actor, nodeOf(object)]),
    };
  };
  expect(play(7)).toEqual(play(7));
  expect(play(7).facts).not.toEqual(play(8).facts);
});

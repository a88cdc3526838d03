// What becomes of containers and pods when the network, the kubelet, the runtime or the power of their node fails.
import { expect, test } from 'vitest';
import { listAt, objectAt } from '../../../src/identity/json.ts';
import { conditionStatus, nodeOf } from './reading.ts';
import { onNodeA, Stage } from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const TOLERANT = { tolerations: [{ operator: 'Exists' }] };

test('after ten minutes of partition the pod is Terminating and still runs; healed, it is stopped and removed', () => {
  const stage = onNodeA(['web-0']);
  stage.plane.node('a').partition();
  const lost = stage.timeline.now();
  stage.until(() => stage.summary('web-0') === 'Running unready deleting');
  // 50 s until it is noticed, and the 300 s that admission lets each pod tolerate.
  expect(stage.timeline.now() - lost).toBeGreaterThan(340 * SECOND);
  expect(stage.timeline.now() - lost).toBeLessThan(375 * SECOND);
  expect(stage.disruption('web-0')).toBe('DeletionByTaintManager');
  stage.run(4 * MINUTE);
  expect(stage.running.size).toBe(1);
  stage.plane.node('a').heal();
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
  expect(objectAt(stage.lastOf('web-0')?.object, 'status')['phase']).toBe('Succeeded');
  stage.until(() => stage.taints('a').length === 0);
  expect(conditionStatus(stage.node('a'), 'Ready')).toBe('True');
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

test('a kubelet that restarts takes its containers over', () => {
  const stage = onNodeA(['web-0', 'web-1']);
  stage.plane.node('a').down(20 * SECOND);
  stage.user.delete('pods', 'default', 'web-1', { gracePeriodSeconds: 0 });
  stage.run(19 * SECOND);
  expect(stage.running.size).toBe(2);
  stage.until(() => stage.running.size === 1);
  stage.run(MINUTE);
  expect(stage.facts.slice(2)).toEqual(['stopped web-1']);
  const said = stage.changes.filter(({ plural, object }) => plural === 'pods' && object.metadata.name === 'web-0');
  expect(conditionStatus(stage.live('web-0'), 'Ready')).toBe('True');
  expect(said.findIndex(({ object }) => conditionStatus(object, 'Ready') === 'True')).toBe(said.length - 1);
});

test('a kubelet that restarts has forgotten the pauses between crashes', () => {
  const stage = onNodeA(['web-0']);
  const { uid } = stage.live('web-0').metadata;
  for (let crash = 0; crash < 5; crash += 1) {
    stage.until(() => stage.running.size === 1);
    stage.plane.node('a').crash(uid);
    stage.until(() => stage.running.size === 0);
  }
  stage.run(5 * SECOND);
  expect(stage.summary('web-0')).toBe('Running CrashLoopBackOff');
  stage.plane.node('a').down(SECOND);
  expect(stage.until(() => stage.running.size === 1)).toBeLessThan(10 * SECOND);
});

test('a kubelet that restarts without the API leaves containers alone until it can ask', () => {
  const stage = onNodeA(['web-0', 'web-1']);
  stage.plane.node('a').partition();
  stage.plane.node('a').down(SECOND);
  stage.user.delete('pods', 'default', 'web-1', { gracePeriodSeconds: 0 });
  stage.run(10 * MINUTE);
  expect(stage.facts).toHaveLength(2);
  stage.plane.node('a').heal();
  stage.until(() => stage.facts.includes('stopped web-1'));
});

test('a machine that is back without the API starts nothing until it can ask', () => {
  const stage = onNodeA(['web-0'], TOLERANT);
  stage.plane.node('a').powerOff();
  stage.plane.node('a').partition();
  stage.plane.node('a').powerOn();
  stage.run(10 * MINUTE);
  expect(stage.running.size).toBe(0);
  stage.plane.node('a').heal();
  stage.until(() => stage.summary('web-0') === 'Running ready' && stage.running.size === 1);
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
  expect(objectAt(stage.lastOf('web-1')?.object, 'status')['phase']).toBe('Failed');
  const [status] = listAt(objectAt(stage.find('pods', 'web-0'), 'status'), 'containerStatuses');
  expect(objectAt(status, 'lastState')['terminated']).toMatchObject({ exitCode: 255, reason: 'Unknown' });
  expect(stage.facts.filter((fact) => fact.endsWith('web-1'))).toEqual(['started web-1', 'stopped web-1']);
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

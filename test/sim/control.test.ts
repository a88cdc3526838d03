// Scheduler and kubelet of the simulated control plane, one behaviour at a time, on virtual time; the other actors' tests
// are beside them in control/. The stage throws by itself when a pod is started or stopped twice in a row.
import { expect, test } from 'vitest';
import { objectAt, stringAt } from '../../src/identity/json.ts';
import { handsOf } from './control/hands.ts';
import { nodeOf } from './control/reading.ts';
import { Stage } from './control/stage.ts';
import { roughTemper } from './control/temper.ts';
import type { Raw } from './server/types.ts';

const MINUTE = 60_000;

function started(names: readonly string[], nodes?: readonly string[]): Stage {
  const stage = new Stage(nodes);
  for (const name of names) stage.pod(name);
  stage.until(() => names.every((name) => stage.summary(name) === 'Running ready'));
  return stage;
}

test('a pod with a claim is scheduled, bound, started and ready', () => {
  const stage = new Stage();
  stage.claim('data-0');
  stage.pod('web-0', { claims: ['data-0'] });
  stage.until(() => stage.summary('web-0') === 'Running ready');
  expect(stage.claimPhase('data-0')).toBe('Bound');
  expect(objectAt(stage.live('web-0'), 'status')['podIP']).toMatch(/^10\.\d+\.\d+\.\d+$/);
  expect(stage.phases('web-0')).toEqual(['Pending', 'Running']);
  expect(stage.plane.running()).toEqual([{ node: 'a', namespace: 'default', name: 'web-0', uid: stage.uid('web-0') }]);
});

test('a pod whose claim is missing is Unschedulable until the claim is there', () => {
  const stage = new Stage();
  stage.pod('web-0', { claims: ['data-0'] });
  stage.run(MINUTE);
  expect(stage.condition('web-0', 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' });
  stage.claim('data-0');
  stage.until(() => stage.summary('web-0') === 'Running ready');
  expect(stage.condition('web-0', 'PodScheduled')).toMatchObject({ status: 'True' });
});

test('cordoned, tainted and unlabelled nodes take no pod; a node that is well again does', () => {
  const stage = new Stage(['a', 'b', 'c']);
  stage.run(MINUTE);
  const set = (node: string, spec: Raw) => stage.user.patch('nodes', undefined, node, { spec });
  set('a', { unschedulable: true });
  set('b', { taints: [{ key: 'only', value: 'others', effect: 'NoSchedule' }] });
  stage.pod('web-0', { spec: { nodeSelector: { 'kubernetes.io/hostname': 'a' } } });
  stage.pod('web-1', { spec: { nodeSelector: { 'kubernetes.io/hostname': 'b' } } });
  stage.run(MINUTE);
  expect([stage.summary('web-0'), stage.summary('web-1')]).toEqual(['Pending unready', 'Pending unready']);
  set('a', { unschedulable: null });
  set('b', { taints: null });
  stage.until(() => stage.running.size === 2);
  expect([nodeOf(stage.live('web-0')), nodeOf(stage.live('web-1'))]).toEqual(['a', 'b']);
});

test('a deleted pod is stopped, then reported terminal, then removed', () => {
  const stage = started(['web-0']);
  stage.user.delete('pods', 'default', 'web-0');
  expect(stage.running.size).toBe(1);
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(stage.running.size).toBe(0);
  expect(stage.phases('web-0')).toEqual(['Pending', 'Running', 'Succeeded', 'removed']);
  const removal = stage.changes.findLast(({ plural }) => plural === 'pods');
  expect(removal?.call?.body).toMatchObject({
    gracePeriodSeconds: 0,
    preconditions: { uid: removal?.object.metadata.uid },
  });
});

test('containers that ignore SIGTERM are killed at the end of the grace period', () => {
  const stage = started(['web-0']);
  stage.temper.ignoresStop = 1;
  stage.user.delete('pods', 'default', 'web-0');
  stage.run(29_000);
  expect(stage.running.size).toBe(1);
  stage.run(2_000);
  expect(stage.running.size).toBe(0);
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(stage.phases('web-0').slice(-2)).toEqual(['Failed', 'removed']);
});

test('a slow stop takes its time, within the grace period', () => {
  const stage = started(['web-0']);
  stage.plane.node('a').slowStop(10_000);
  stage.user.delete('pods', 'default', 'web-0');
  expect(stage.until(() => stage.running.size === 0)).toBeGreaterThanOrEqual(10_000);
  expect(stage.nowMs).toBeLessThan(30_000);
});

test('after a force deletion the containers run on for their grace period and no longer than 8 s more', () => {
  const stage = started(['web-0']);
  stage.temper.ignoresStop = 1;
  // As late as the roughest temper lets a kubelet hear of it.
  stage.temper.reaction = [roughTemper().reaction[1], roughTemper().reaction[1]];
  stage.user.delete('pods', 'default', 'web-0', { gracePeriodSeconds: 0 });
  expect(stage.summary('web-0')).toBe('gone');
  stage.run(29_000);
  expect(stage.running.size).toBe(1);
  stage.run(9_000);
  expect(stage.running.size).toBe(0);
});

test('a force deletion also ends a longer grace period that was granted before', () => {
  const stage = started(['web-0']);
  stage.temper.ignoresStop = 1;
  stage.user.delete('pods', 'default', 'web-0', { gracePeriodSeconds: 600 });
  stage.run(MINUTE);
  expect(stage.running.size).toBe(1);
  stage.user.delete('pods', 'default', 'web-0', { gracePeriodSeconds: 0 });
  stage.run(38_000);
  expect(stage.running.size).toBe(0);
});

test('what was decided on a pod is not done to its successor', () => {
  const stage = new Stage([]);
  const first = stage.pod('web-0');
  stage.user.delete('pods', 'default', 'web-0');
  const second = stage.pod('web-0');
  const hands = handsOf(stage.server, 'anybody');
  expect(hands.editStatus('pods', first, (now) => ({ ...now, status: { phase: 'Failed' } }))).toBe('gone');
  expect(hands.remove('pods', first)).not.toBe('done');
  expect(stage.live('web-0')).toEqual(second);
});

test('two pods of one name run side by side when the first was deleted by force', () => {
  const stage = started(['web-0']);
  stage.temper.ignoresStop = 1;
  stage.user.delete('pods', 'default', 'web-0', { gracePeriodSeconds: 0 });
  stage.pod('web-0');
  stage.until(() => stage.running.size === 2);
  stage.until(() => stage.running.size === 1);
  expect(stage.summary('web-0')).toBe('Running ready');
});

test('a pod that is deleted before it could start never runs', () => {
  const stage = new Stage();
  stage.pod('web-0', { image: 'bad:1' });
  stage.until(() => stage.summary('web-0') === 'Pending ImagePullBackOff');
  stage.user.delete('pods', 'default', 'web-0');
  stage.until(() => stage.summary('web-0') === 'gone');
  expect(stage.phases('web-0')).toEqual(['Pending', 'Failed', 'removed']);
  expect(stage.facts).toEqual([]);
});

test('a crash is restarted by the same pod, the second time after a pause', () => {
  const stage = started(['web-0']);
  const id = stage.uid('web-0');
  stage.plane.node('a').crash(id);
  stage.until(() => stage.summary('web-0') === 'Running ready' && stage.container('web-0')['restartCount'] === 1);
  expect(stage.nowMs).toBeLessThan(10_000);
  stage.plane.node('a').crash(id);
  stage.until(() => stage.summary('web-0') === 'Running CrashLoopBackOff');
  expect(stage.until(() => stage.summary('web-0') === 'Running ready')).toBeGreaterThan(9_000);
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0', 'started web-0', 'stopped web-0', 'started web-0']);
  expect(stage.uid('web-0')).toBe(id);
});

test('a store that always crashes waits longer and longer, five minutes at most', () => {
  const stage = new Stage();
  stage.pod('web-0', { image: 'crash:1' });
  stage.run(20 * MINUTE);
  const restarts = Number(stage.container('web-0')['restartCount']);
  // 0, 10, 20, 40, 80, 160, 300, 300 s …
  expect(restarts).toBeGreaterThanOrEqual(7);
  expect(restarts).toBeLessThanOrEqual(9);
});

test('a pod that is never restarted fails with its containers', () => {
  const stage = new Stage();
  stage.pod('web-0', { spec: { restartPolicy: 'Never' }, image: 'crash:1' });
  stage.until(() => stage.summary('web-0') === 'Failed unready');
  stage.run(10 * MINUTE);
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
});

test('some stores never become ready, and some lose it for a while', () => {
  const stage = new Stage();
  stage.pod('web-0', { image: 'unready:1' });
  stage.pod('web-1');
  stage.until(() => stage.summary('web-1') === 'Running ready');
  stage.run(10 * MINUTE);
  expect(stage.summary('web-0')).toBe('Running unready');
  stage.plane.node('a').unready(stage.uid('web-1'), 20_000);
  stage.until(() => stage.summary('web-1') === 'Running unready');
  expect(stage.until(() => stage.summary('web-1') === 'Running ready')).toBeGreaterThan(19_000);
});

test.each([
  ['store:bad', 'Pending ImagePullBackOff'],
  ['store:bad-config', 'Pending CreateContainerConfigError'],
  ['store:bad-name', 'Pending InvalidImageName'],
])('%s is never started: %s', (image, summary) => {
  const stage = new Stage();
  stage.pod('web-0', { image });
  stage.until(() => stage.summary('web-0') === summary);
  stage.run(10 * MINUTE);
  expect([stage.summary('web-0'), stage.facts]).toEqual([summary, []]);
});

test('a slow store runs for a while before it is ready', () => {
  const stage = new Stage();
  stage.pod('web-0', { image: 'store:slow' });
  stage.until(() => stage.running.size === 1);
  expect(stage.until(() => stage.summary('web-0') === 'Running ready')).toBeGreaterThan(19_000);
});

test('an evicted pod is stopped and Failed, and is not started again', () => {
  const stage = started(['web-0']);
  stage.plane.node('a').evict(stage.uid('web-0'));
  stage.until(() => stage.summary('web-0') === 'Failed unready');
  expect(stringAt(stage.live('web-0')['status'], 'reason')).toBe('Evicted');
  stage.run(10 * MINUTE);
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
});

test('a kubelet starts no pod before its claims are Bound, however it came to the node', () => {
  const stage = new Stage();
  stage.temper.reaction = [5_000, 5_000];
  stage.pod('web-0', { claims: ['data-0'], spec: { nodeName: 'a' } });
  stage.until(() => stage.summary('web-0') === 'Pending ContainerCreating');
  stage.run(MINUTE);
  expect(stage.facts).toEqual([]);
  stage.claim('data-0');
  stage.until(() => stage.facts.length === 1);
  expect(stage.claimPhase('data-0')).toBe('Bound');
});

test('a pod that somebody else calls Failed is stopped and stays Failed', () => {
  const stage = started(['web-0']);
  stage.user.patch('pods', 'default', 'web-0', { status: { phase: 'Failed' } }, 'status');
  stage.until(() => stage.running.size === 0);
  stage.run(10 * MINUTE);
  expect(stage.phases('web-0')).toEqual(['Pending', 'Running', 'Failed']);
  expect(stage.facts).toEqual(['started web-0', 'stopped web-0']);
});

test('a toleration counts for its effect only', () => {
  const stage = new Stage();
  stage.pod('web-0', { spec: { tolerations: [{ key: 'only', operator: 'Exists', effect: 'NoSchedule' }] } });
  stage.pod('web-1', { spec: { tolerations: [{ key: 'only', operator: 'Exists' }] } });
  stage.until(() => stage.running.size === 2);
  stage.user.patch('nodes', undefined, 'a', { spec: { taints: [{ key: 'only', effect: 'NoExecute' }] } });
  stage.run(10 * MINUTE);
  expect([stage.summary('web-0'), stage.summary('web-1')]).toEqual(['gone', 'Running ready']);
});

test('writes that are refused are made again', () => {
  const stage = new Stage();
  const outage = { status: 503, body: { kind: 'Status', reason: 'ServiceUnavailable', message: 'away' } };
  let away = true;
  stage.server.rules.push(({ actor }) => (away && actor !== 'user' ? outage : undefined));
  stage.claim('data-0');
  stage.pod('web-0', { claims: ['data-0'] });
  stage.run(5 * MINUTE);
  expect(stage.summary('web-0')).toBe('Pending unready');
  away = false;
  stage.until(() => stage.summary('web-0') === 'Running ready');
  away = true;
  stage.user.delete('pods', 'default', 'web-0');
  stage.run(5 * MINUTE);
  expect([stage.summary('web-0'), stage.running.size]).toEqual(['Running ready deleting', 0]);
  away = false;
  stage.until(() => stage.summary('web-0') === 'gone');
});

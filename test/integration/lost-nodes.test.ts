// Nodes that do not answer (R1): a member is replaced on proof and on nothing else, once, and at once. Real node controller,
// taints and evictions; kubelets that fall silent. That two pods of one name never run beside each
// other where containers really run is shown on real nodes.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { operatorRequests } from './audit.ts';
import { apart, leaves, nodeOf, openNodes } from './silent-nodes.ts';
import { app, isReady, type Scene, type Stage } from './stage.ts';

let stage: Stage;
let operator: OperatorProcess;

beforeAll(async () => {
  // Every 20 s it would take away what the taint out-of-service allows: here it has to be the operator.
  stage = await openNodes('lost-nodes', '*,-pod-garbage-collector-controller');
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

const TAINT = 'node.kubernetes.io/out-of-service=nodeshutdown';

const start = (scene: Scene, spec: object, podSpec: object = {}) =>
  scene.start(app({ spec: { replicas: 2, ...spec }, podSpec: { affinity: apart, ...podSpec } }));

const lost = (scene: Scene, ordinal: number) =>
  scene.member('web', ordinal, ({ reason }) => reason === 'NodeLost').then(({ message = '' }) => message);

/** The pod in its place, another one. */
const replaced = (scene: Scene, name: string) =>
  scene.until(`${name} to be replaced`, () => {
    const pod = scene.pod(name);
    return pod?.metadata.uid !== scene.made('pods', name)[0]?.metadata.uid && isReady(pod) && pod;
  });

/** What the operator asked for to make the name free. */
const forced = (scene: Scene) =>
  operatorRequests(stage.cluster.auditLog)
    // One that meets an eviction on its way is refused, and decided anew.
    .filter(({ code }) => code < 300)
    .filter(({ verb, resource, namespace }) => verb === 'delete' && resource === 'pods' && namespace === scene.name)
    .map(({ name, body }) => [name, body?.gracePeriodSeconds, body?.preconditions?.uid]);

test('a partition: nobody is replaced before there is proof; the node comes back, the pod ends, and there is one copy', async () => {
  const scene = await stage.namespace();
  await start(scene, { nodeFailurePolicy: { unreachableSeconds: 2 } });
  const node = nodeOf(scene.pod('web-1'));
  await stage.cluster.partitionNode(node);
  await leaves(scene, 'web-1');
  const message = await lost(scene, 1);
  expect(message).toContain(`node ${node}, which has not been Ready since`);
  expect(message).toContain(`kubectl annotate pod web-1 -n ${scene.name} statefulapp.dev/confirmed-dead=`);
  await scene.twoRounds('web');
  expect([scene.made('pods', 'web-1').length, forced(scene)]).toEqual([1, []]);
  await stage.cluster.healNode(node);
  await replaced(scene, 'web-1');
  expect(scene.made('pods', 'web-1')).toHaveLength(2);
}, 240_000);

test('the taint out-of-service on a silent node: its members are replaced at once, each once', async () => {
  const scene = await stage.namespace();
  await start(scene, { nodeFailurePolicy: { unreachableSeconds: 3600 } });
  const old = scene.pod('web-1');
  const node = nodeOf(old);
  await stage.cluster.partitionNode(node);
  await scene.until('web-1 to be unready', () => !isReady(scene.pod('web-1')));
  await lost(scene, 1);
  await stage.cluster.kubectl('taint', 'node', node, `${TAINT}:NoExecute`);
  const copy = await replaced(scene, 'web-1');
  expect(nodeOf(copy)).not.toBe(node);
  expect(copy['spec']).toMatchObject({ hostname: 'web-1' });
  expect([scene.made('pods', 'web-1').length, scene.made('claims', 'data-web-1').length]).toEqual([2, 1]);
  expect(forced(scene)).toEqual([['web-1', 0, old?.metadata.uid]]);
  expect(scene.made('pods', 'web-0')).toHaveLength(1);
  await stage.cluster.kubectl('taint', 'node', node, `${TAINT.split('=')[0]}-`);
  await stage.cluster.healNode(node);
}, 240_000);

test('the taint on a node that is well proves nothing', async () => {
  const scene = await stage.namespace();
  // Its pods tolerate it: otherwise Kubernetes itself would evict them, with their kubelet's help.
  const tolerations = [{ key: TAINT.split('=')[0], operator: 'Exists' }];
  await start(scene, {}, { tolerations });
  const node = nodeOf(scene.pod('web-1'));
  await stage.cluster.kubectl('taint', 'node', node, `${TAINT}:NoExecute`);
  await scene.twoRounds('web');
  expect([scene.made('pods', 'web-1').length, forced(scene)]).toEqual([1, []]);
  await stage.cluster.kubectl('taint', 'node', node, `${TAINT.split('=')[0]}-`);
}, 240_000);

test('somebody states that one pod is dead: that one is replaced at once, whatever its node', async () => {
  const scene = await stage.namespace();
  await start(scene, { nodeFailurePolicy: { unreachableSeconds: 3600 } });
  const old = scene.pod('web-0');
  const node = nodeOf(old);
  await stage.cluster.partitionNode(node);
  await lost(scene, 0);
  await scene.patch(RESOURCES.pods, 'web-0', {
    metadata: { annotations: { 'statefulapp.dev/confirmed-dead': 'another' } },
  });
  await scene.twoRounds('web');
  expect(forced(scene)).toEqual([]);
  await scene.kubectl('annotate', 'pod', 'web-0', '--overwrite', `statefulapp.dev/confirmed-dead=${old?.metadata.uid}`);
  const copy = await replaced(scene, 'web-0');
  expect(nodeOf(copy)).not.toBe(node);
  expect(forced(scene)).toEqual([['web-0', 0, old?.metadata.uid]]);
  expect([scene.made('pods', 'web-0').length, scene.made('pods', 'web-1').length]).toEqual([2, 1]);
  await stage.cluster.healNode(node);
}, 240_000);

test('the Node of a silent member is deleted: its name is free only after the grace that a living kubelet may need', async () => {
  const scene = await stage.namespace();
  await start(scene, { nodeFailurePolicy: { unreachableSeconds: 2 } }, { terminationGracePeriodSeconds: 3 });
  const old = scene.pod('web-1');
  const node = nodeOf(old);
  await stage.cluster.partitionNode(node);
  await leaves(scene, 'web-1');
  await lost(scene, 1);
  await stage.cluster.removeNode(node);
  const { message } = await scene.member('web', 1, ({ reason }) => reason === 'PodVanished');
  expect(message).toContain('a kubelet may still be stopping them');
  await replaced(scene, 'web-1');
  const [, made] = scene.podEvents.filter(({ type, pod }) => type === 'added' && pod.metadata.name === 'web-1');
  const [gone] = scene.podEvents.filter(({ type, pod }) => type === 'deleted' && pod.metadata.name === 'web-1');
  expect((made?.atMs ?? 0) - (gone?.atMs ?? 0)).toBeGreaterThan(12_000);
  await stage.cluster.addNode(node);
}, 240_000);

test('the operator broke none of its own rules, and none of its plans', () => {
  expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
});

// Nodes are lost in the middle of an update: nobody else is given up for it, nobody comes twice, and when the node is back or
// known to be gone the update ends. Real node controller, taints, evictions and pod garbage collector; kubelets that fall
// silent. The stage holds all of it to maxUnavailable (budget.ts).

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { goneOf, HELD, images, madeFor, mostAway, release, template, updated } from './semantics/rolling.ts';
import { apart, leaves, nodeOf, openNodes } from './silent-nodes.ts';
import { app, isReady, type Scene, type Stage } from './stage.ts';

let stage: Stage;
let operator: OperatorProcess;

beforeAll(async () => {
  stage = await openNodes('rollout-nodes');
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

const start = (scene: Scene, spec: object) =>
  scene.start(app({ spec: { ...template('a:1', { podSpec: { affinity: apart } }), ...spec }, claims: [] }));

test('the node of a member falls silent before its turn: nobody else goes; it comes back as it was, and has its turn', async () => {
  const scene = await stage.namespace();
  await start(scene, { nodeFailurePolicy: { unreachableSeconds: 2 } });
  const node = nodeOf(scene.pod('web-0'));
  await scene.edit('web', template('b:2', { ...HELD, podSpec: { affinity: apart } }));
  await scene.until('web-2 to be updated', () => scene.made('pods', 'web-2').length === 2);
  await stage.cluster.partitionNode(node);
  // Evicted, and nobody is there to stop it: it may still run.
  await leaves(scene, 'web-0');
  await scene.play('web-2', null);
  await scene.until('web-2 to be Ready', () => isReady(scene.pod('web-2')));
  const { message } = await scene.member('web', 0, ({ state }) => state === 'Terminating');
  expect(message).toContain(node);
  await scene.twoRounds('web');
  expect([goneOf(scene), images(scene)]).toEqual([['web-2'], ['a:1', 'a:1', 'b:2']]);
  expect(isReady(scene.pod('web-1'))).toBe(true);
  await stage.cluster.healNode(node);
  const end = release(scene);
  await updated(scene, 90);
  end();
  expect(madeFor(scene).filter((one) => one.startsWith('web-0'))).toEqual(['web-0 a:1', 'web-0 a:1', 'web-0 b:2']);
  expect(goneOf(scene)).toEqual(['web-2', 'web-0', 'web-1', 'web-0']);
}, 240_000);

test('the node of a member is silent when its turn comes: it is away already, so it is the one that goes, and only it', async () => {
  const scene = await stage.namespace();
  // Nobody evicts it.
  await start(scene, { progressDeadlineSeconds: 5, nodeFailurePolicy: { unreachableSeconds: 3600 } });
  const node = nodeOf(scene.pod('web-1'));
  await stage.cluster.partitionNode(node);
  await scene.until('web-1 to be unready', () => !isReady(scene.pod('web-1')));
  await scene.edit('web', template('b:2', { podSpec: { affinity: apart } }));
  await leaves(scene, 'web-1');
  await scene.twoRounds('web');
  expect([goneOf(scene), images(scene)]).toEqual([[], ['a:1', 'a:1', 'a:1']]);
  await stage.cluster.healNode(node);
  await updated(scene, 90);
  expect(goneOf(scene)).toEqual(['web-1', 'web-2', 'web-0']);
  expect(madeFor(scene).filter((one) => one.startsWith('web-1'))).toEqual(['web-1 a:1', 'web-1 b:2']);
  expect(mostAway(scene)).toBe(1);
}, 240_000);

test('a node is deleted in the middle of an update: its member comes back as it was on another one, and the update ends', async () => {
  const scene = await stage.namespace();
  await start(scene, {});
  const node = nodeOf(scene.pod('web-0'));
  await scene.edit('web', template('b:2', { ...HELD, podSpec: { affinity: apart } }));
  await scene.until('web-2 to be updated', () => scene.made('pods', 'web-2').length === 2);
  await stage.cluster.removeNode(node);
  await scene.until('web-0 to be collected', () => scene.gone('pods', 'web-0').length === 1, 120);
  await scene.play('web-2', null);
  const end = release(scene);
  await updated(scene, 120);
  end();
  expect(madeFor(scene).filter((one) => one.startsWith('web-0'))).toEqual(['web-0 a:1', 'web-0 a:1', 'web-0 b:2']);
  expect(goneOf(scene)).toEqual(['web-2', 'web-0', 'web-1', 'web-0']);
  expect(scene.pods().map(nodeOf)).not.toContain(node);
}, 300_000);

test('the operator broke none of its own rules, and none of its plans', () => {
  expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
});

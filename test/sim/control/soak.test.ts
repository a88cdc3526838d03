// Half an hour of random faults on random clusters. Whatever happened: once all is well, what exists runs and is ready,
// nothing else runs, and then nobody writes any more. The stage throws when a pod is started or stopped twice in a row.
import { expect, test } from 'vitest';
import { Random } from '../random.ts';
import type { SimNode } from './node.ts';
import { isTerminal, refOf } from './reading.ts';
import { Stage } from './stage.ts';
import { calmTemper, roughTemper } from './temper.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NODES = ['a', 'b', 'c', 'd'];

function fault(node: SimNode, random: Random): void {
  const faults = [
    () => node.partition(),
    () => node.heal(),
    () => node.down(random.between(1, 120) * SECOND),
    () => node.runtimeRestart(),
    () => node.powerOff(),
    () => node.powerOn(),
    () => node.slowStop(random.between(0, 60) * SECOND),
  ];
  random.pick(faults)();
}

function deed(stage: Stage, random: Random): void {
  const name = `web-${random.between(0, 5)}`;
  const pod = stage.find('pods', name);
  if (pod === undefined) {
    if (stage.find('persistentvolumeclaims', `data-${name}`) === undefined) stage.claim(`data-${name}`);
    stage.pod(name, { claims: [`data-${name}`], graceSeconds: random.between(0, 60) });
    return;
  }
  const deeds = [
    () => stage.user.delete('pods', 'default', name),
    () => stage.user.delete('pods', 'default', name, { gracePeriodSeconds: 0 }),
    () => stage.user.delete('persistentvolumeclaims', 'default', `data-${name}`),
    () => stage.plane.node(random.pick(NODES)).evict(pod.metadata.uid),
    () => stage.plane.node(random.pick(NODES)).crash(pod.metadata.uid),
    () => stage.user.delete('nodes', undefined, random.pick(NODES)),
  ];
  random.pick(deeds)();
}

function play(seed: number): Stage {
  const stage = new Stage(NODES, seed);
  const random = new Random(seed, 'soak');
  Object.assign(stage.temper, roughTemper());
  let away = false;
  const outage = {
    status: 503,
    body: { kind: 'Status', status: 'Failure', reason: 'ServiceUnavailable', message: 'no' },
  };
  stage.server.rules.push(({ actor }) => (away && actor !== 'user' ? outage : undefined));
  for (let step = 0; step < 120; step += 1) {
    stage.run(random.between(1, 30) * SECOND);
    if (random.chance(0.3)) fault(stage.plane.node(random.pick(NODES)), random);
    if (random.chance(0.7)) deed(stage, random);
    away = random.chance(0.1);
  }
  away = false;
  Object.assign(stage.temper, calmTemper());
  for (const node of stage.plane.nodes.values()) {
    node.heal();
    node.powerOn();
    // Nodes whose objects were deleted come back with their kubelets only.
    node.down(SECOND);
    node.slowStop(0);
  }
  return stage;
}

test.each(Array.from({ length: 30 }, (_, seed) => seed))('seed %i', (seed) => {
  const stage = play(seed);
  stage.run(20 * MINUTE);
  const pods = stage.server.all('pods', 'default');
  expect(pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined)).toEqual([]);
  const living = pods.filter((pod) => !isTerminal(pod));
  const stuck = living.filter((pod) => stage.summary(pod.metadata.name) !== 'Running ready');
  // A pod whose claim is being deleted under it does not start, and holds the claim: the real ones wait for each other, too.
  const lacking = stuck.filter(({ metadata: { name } }) => {
    const claim = stage.find('persistentvolumeclaims', `data-${name}`);
    return claim !== undefined && claim.metadata.deletionTimestamp === undefined;
  });
  expect(lacking.map((pod) => `${pod.metadata.name} ${stage.summary(pod.metadata.name)}`)).toEqual([]);
  const ready = living.filter((pod) => !stuck.includes(pod)).map((pod) => refOf(pod).uid);
  expect([...stage.running.keys()].sort()).toEqual(ready.sort());
  const { version } = stage.server;
  stage.run(20 * MINUTE);
  expect(stage.server.version).toBe(version);
});

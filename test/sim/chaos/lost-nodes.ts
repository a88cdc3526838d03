// What people say of machines and pods, truly or not: a machine that is off is declared so, at once or pod by pod; a taint is
// forgotten on one that is well; statements are copied to other pods; and apps change their mind on whom they believe.

import { ANNOTATION } from '../../../src/api/names.ts';
import { NAMESPACE } from '../apps.ts';
import type { Stored } from '../server/types.ts';
import { type Act, anApp, aPod, forAWhile, type Intervention, later, type Stage, specOf, taintsOf } from './stage.ts';

export const OUT_OF_SERVICE = {
  key: 'node.kubernetes.io/out-of-service',
  value: 'nodeshutdown',
  effect: 'NoExecute',
} as const;

export function taint(stage: Stage, name: string, isTainted: boolean): void {
  const node = stage.server.find('nodes', undefined, name);
  if (node === undefined) return;
  stage.user.edit('nodes', node, (now) => {
    const others = taintsOf(now).filter(({ key }) => key !== OUT_OF_SERVICE.key);
    return { ...now, spec: { ...specOf(now), taints: isTainted ? [...others, OUT_OF_SERVICE] : others } };
  });
}

function state(stage: Stage, pod: Stored, uid: string | undefined): void {
  stage.user.edit('pods', pod, (now) => {
    const { [ANNOTATION.confirmedDead]: _before, ...others } = now.metadata.annotations ?? {};
    const annotations = uid === undefined ? others : { ...others, [ANNOTATION.confirmedDead]: uid };
    return { ...now, metadata: { ...now.metadata, annotations } };
  });
}

const podsOn = ({ server }: Stage, name: string) =>
  server.all('pods', NAMESPACE).filter((pod) => specOf(pod)['nodeName'] === name);

/** Off for long, and somebody who sees that says so of each of its pods, until it is about to come back. */
const statedDead: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const node = stage.plane.node(name);
  if (!node.connected) return undefined;
  node.powerOff();
  forAWhile(stage, {
    ms: random.delay(120_000, 600_000),
    undo: () => {
      for (const pod of podsOn(stage, name)) state(stage, pod, undefined);
      node.powerOn();
    },
  });
  const ms = random.delay(1_000, 60_000);
  later(stage, ms, 'user: states that its pods are dead', () => {
    if (node.powered) return;
    for (const pod of podsOn(stage, name)) state(stage, pod, pod.metadata.uid);
  });
  return `${name}, and its pods are stated dead after ${ms} ms`;
};

/** Off, and tainted at once by who switched it off; the taint is taken off before the machine comes back, or forgotten. */
const switchedOff: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const node = stage.plane.node(name);
  if (!node.connected) return undefined;
  const isForgotten = random.chance(0.3);
  node.powerOff();
  taint(stage, name, true);
  forAWhile(stage, {
    ms: random.delay(10_000, 300_000),
    undo: () => {
      if (!isForgotten) taint(stage, name, false);
      node.powerOn();
    },
  });
  return `${name}${isForgotten ? ', and its taint will be forgotten' : ''}`;
};

/** The wrong machine. */
const taintedWell: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  if (!stage.plane.node(name).connected) return undefined;
  taint(stage, name, true);
  forAWhile(stage, { ms: random.delay(5_000, 120_000), undo: () => taint(stage, name, false) });
  return name;
};

/** Copied from another pod, or from what somebody read: it says nothing of this one. */
const statedWrongly: Act = (stage, random) => {
  const pod = aPod(stage, random);
  if (pod === undefined) return undefined;
  const uid = random.pick(['true', '', aPod(stage, random)?.metadata.uid ?? 'none', `uid-${random.between(1, 60)}`]);
  if (uid === pod.metadata.uid) return undefined;
  state(stage, pod, uid);
  return `${pod.metadata.name}: ${uid}`;
};

const believed: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const nodeFailurePolicy = {
    type: random.pick(['Wait', 'ReplaceOnProof', 'ReplaceOnProof']),
    unreachableSeconds: random.pick([0, 30, 60]),
  };
  stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), nodeFailurePolicy } }));
  return `${app.metadata.name}: ${JSON.stringify(nodeFailurePolicy)}`;
};

export const LOST_NODES: readonly Intervention[] = [
  { name: 'stated dead', kind: 'fault', weight: 2, act: statedDead },
  { name: 'switched off', kind: 'fault', weight: 2, act: switchedOff },
  { name: 'tainted by mistake', kind: 'fault', weight: 1, act: taintedWell },
  { name: 'stated wrongly', kind: 'saboteur', weight: 2, act: statedWrongly },
  { name: 'failure policy', kind: 'user', weight: 1, act: believed },
];

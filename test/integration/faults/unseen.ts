// What the operator cannot see: a pod that ended while no operator ran, and watches that fall silent with their connections
// open.

import { expect } from 'vitest';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { isReady, type Scene } from '../stage.ts';
import { type Instance, startInstance } from './instance.ts';
import { type Ground, settled } from './run.ts';
import { fast } from './workflows.ts';

/** Grace period of one second, and ten for a kubelet that was cut off (docs/adr/0005), less what is heard late. */
const UNSEEN_MS = 10_500;
/** A watch without a byte counts as dead after two minutes at most (kube/follow.ts); then the pod's end was not seen. */
const SILENT_S = 180;

/** R1, over a crash: the ledger names the pod, nobody saw how it ended, so its name is not free at once. */
export async function endedUnseen(ground: Ground): Promise<void> {
  const scene = await ground.stage.namespace();
  const life = { ...ground, namespaces: [scene.name], lease: scene.name, log: [] };
  const first = await startInstance(life);
  const lives = [first];
  try {
    await ready(scene, first);
    first.crash();
    await loseFirst(scene);
    await scene.until('web-0 to be gone', () => scene.pod('web-0') === undefined);
    lives.push(await startInstance(life));
    await scene.until('web-0 to come back', () => isReady(scene.pod('web-0')));
    const told = scene.podEvents.filter(({ pod }) => pod.metadata.name === 'web-0');
    const end = told.find(({ type }) => type === 'deleted')?.atMs ?? Number.NaN;
    const back = told.findLast(({ type }) => type === 'added')?.atMs ?? Number.NaN;
    expect(back - end).toBeGreaterThan(UNSEEN_MS);
  } finally {
    await Promise.all(lives.map((one) => one.end()));
  }
}

export async function silentWatches(ground: Ground): Promise<void> {
  const scene = await ground.stage.namespace();
  const instance = await startInstance({ ...ground, namespaces: [scene.name], lease: scene.name, log: [] });
  try {
    await ready(scene, instance);
    instance.proxy.freeze(({ verb }) => verb === 'watch');
    const former = scene.pod('web-0')?.metadata.uid;
    await loseFirst(scene);
    const isBack = () => scene.pod('web-0')?.metadata.uid !== former && isReady(scene.pod('web-0'));
    await scene.until('web-0 to come back', isBack, SILENT_S);
  } finally {
    await instance.end();
  }
}

async function ready(scene: Scene, instance: Instance): Promise<void> {
  await scene.start(fast(2));
  expect(await settled(scene, instance, { holds: () => true })).toBe('over');
}

async function loseFirst(scene: Scene): Promise<void> {
  const uid = scene.pod('web-0')?.metadata.uid ?? '';
  await scene.client.delete(RESOURCES.pods, { namespace: scene.name, name: 'web-0' }, { uid });
}

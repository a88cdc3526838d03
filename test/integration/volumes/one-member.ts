// What the tests of identity share: an app of two members whose second one, web-1, loses its volume, its claim or its pod.

import { isOfWeb } from '../semantics/rolling.ts';
import { isReady, type Scene } from '../stage.ts';
import { dropClaim, onDisks, record } from './disks.ts';

export const CLAIM = 'data-web-1';
/** An app of two members, web-1 of which is looked at; resolves once its volume is recorded, and the spec is like this. */
export async function started(scene: Scene, spec: object = {}): Promise<void> {
  await scene.start(await onDisks(scene), 90);
  await record(scene, CLAIM);
  await scene.edit('web', spec);
}
export const podsOf = (scene: Scene) => scene.made('pods').filter(isOfWeb).length;
export const isBack = (scene: Scene, count: number) =>
  scene.until(
    'web-1 to be back',
    () => scene.made('pods', 'web-1').length === count && isReady(scene.pod('web-1')),
    90,
  );
export async function lose(scene: Scene): Promise<void> {
  await scene.deletePod('web-1');
  await scene.until('web-1 to be gone', () => scene.pod('web-1') === undefined);
}
/** Its pod and its claim go; the app is paused, so that nothing is made in between. */
export async function loseClaim(scene: Scene): Promise<void> {
  await scene.edit('web', { paused: true });
  await lose(scene);
  await dropClaim(scene, CLAIM);
}

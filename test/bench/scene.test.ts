// Pods counted as events come in: the counts that every time is taken by.
import { expect, test } from 'vitest';
import { type Change, Scene } from '../../bench/measure/scene.ts';

function told(scene: Scene) {
  return (type: Change, name: string, isReady: boolean, { uid = name, image = 'a', app = 'web' } = {}) =>
    scene.hear(type, { metadata: { name, namespace: 'n', uid, resourceVersion: '1' }, isReady, image, app });
}

test('counts follow pods through Ready, not Ready, another image, and their end', () => {
  const scene = new Scene('n');
  const tell = told(scene);
  const counts = () => [scene.pods, scene.ready, scene.readyOf('web'), scene.readyWith('a'), scene.readyWith('b')];
  tell('added', 'web-0', false);
  expect(counts()).toEqual([1, 0, 0, 0, 0]);
  tell('modified', 'web-0', true);
  tell('modified', 'web-0', true);
  tell('added', 'other-0', true, { app: 'other' });
  expect(counts()).toEqual([2, 2, 1, 2, 0]);
  tell('modified', 'web-0', true, { image: 'b' });
  expect(counts()).toEqual([2, 2, 1, 1, 1]);
  tell('modified', 'web-0', false);
  tell('deleted', 'web-0', false);
  expect(counts()).toEqual([1, 1, 0, 1, 0]);
});

test('a pod that is Ready when its end is told is Ready no more', () => {
  const scene = new Scene('n');
  const tell = told(scene);
  tell('added', 'web-0', true);
  tell('deleted', 'web-0', true);
  expect([scene.pods, scene.ready]).toEqual([0, 0]);
});

test('who waits hears of it with the event that makes it so, and with its time', async () => {
  const scene = new Scene('n');
  const tell = told(scene);
  const times: number[] = [];
  const stop = scene.listen(({ atMs }) => times.push(atMs));
  const waiting = scene.until('two', () => scene.ready === 2);
  tell('added', 'web-0', true);
  tell('added', 'web-1', true);
  tell('added', 'web-2', true);
  expect(await waiting).toBe(times[1]);
  stop();
  tell('added', 'web-3', true);
  expect(times).toHaveLength(3);
});

test('who waits for what does not come is told what there is', async () => {
  const scene = new Scene('n');
  told(scene)('added', 'web-0', false);
  await expect(scene.until('two', () => scene.ready === 2, 0.01)).rejects.toThrow(
    'n: no pod has changed for 0.01 s while waiting for two; there are 1 pods, 0 of them Ready.',
  );
});

// In which order a plan's actions run.

import { expect, test } from 'vitest';
import { inLanes } from '../../src/operator/lanes.ts';
import { actionKey } from '../../src/plan/describe.ts';
import type { Action } from '../../src/plan/types.ts';
import { settled } from './daemon.ts';

const object = (name: string) => ({ metadata: { name } });
const existing = (name: string) => ({ name, uid: `${name}-uid`, resourceVersion: '1', reason: 'so' });
const service: Action = { type: 'createService', object: object('web'), reason: 'so' };
const revision: Action = {
  type: 'createRevision',
  object: object('web-1a'),
  trial: { hash: '1a', object: {}, rivals: [] },
  reason: 'so',
};
const claim = (ordinal: number): Action => ({
  type: 'createClaim',
  ordinal,
  object: object(`data-web-${ordinal}`),
  reason: 'so',
});
const pod = (ordinal: number): Action => ({
  type: 'createPod',
  ordinal,
  revision: '1a',
  object: object(`web-${ordinal}`),
  reason: 'so',
});
const removal = (ordinal: number, because: 'condemned' | 'ended' = 'condemned'): Action => ({
  type: 'deletePod',
  ordinal,
  because,
  ...existing(`web-${ordinal}`),
});

/** Runs the actions; a test ends each when it likes. */
function run(actions: readonly Action[]) {
  const started: string[] = [];
  const ends = new Map<string, { resolve: (done: boolean) => void; reject: (error: unknown) => void }>();
  const perform = (action: Action) => {
    started.push(actionKey(action));
    return new Promise<boolean>((resolve, reject) => ends.set(actionKey(action), { resolve, reject }));
  };
  const take = (key: string) => {
    const end = ends.get(key);
    if (end === undefined) throw new Error(`${key} has not been started`);
    ends.delete(key);
    return end;
  };
  const state = { ended: false };
  const ended = inLanes(actions, perform).finally(() => {
    state.ended = true;
  });
  ended.catch(() => {});
  return {
    started,
    ended,
    state,
    underway: () => [...ends.keys()],
    async finish(...keys: readonly string[]) {
      for (const key of keys) take(key).resolve(true);
      await settled(2);
    },
    async refuse(key: string) {
      take(key).resolve(false);
      await settled(2);
    },
    async reject(key: string, error: Error) {
      take(key).reject(error);
      await settled(2);
    },
  };
}

test('what everything stands on comes first, one after the other', async () => {
  const scene = run([pod(0), service, removal(5), revision]);
  expect(scene.underway()).toEqual(['createService/web']);
  await scene.finish('createService/web');
  expect(scene.underway()).toEqual(['createRevision/web-1a']);
  await scene.finish('createRevision/web-1a');
  expect(scene.underway()).toEqual(['createPod/web-0', 'deletePod/web-5']);
  await scene.finish('createPod/web-0', 'deletePod/web-5');
  await expect(scene.ended).resolves.toBeUndefined();
});

test('without a foundation nothing is built and nothing is taken down', async () => {
  const scene = run([service, revision, pod(0), removal(5)]);
  await scene.refuse('createService/web');
  await scene.ended;
  expect(scene.started).toEqual(['createService/web']);
});

test('a member gets its claims before its pod', async () => {
  const scene = run([claim(0), { ...claim(0), object: object('wal-web-0') } as Action, pod(0)]);
  expect(scene.underway()).toEqual(['createClaim/data-web-0']);
  await scene.finish('createClaim/data-web-0');
  expect(scene.underway()).toEqual(['createClaim/wal-web-0']);
  await scene.finish('createClaim/wal-web-0');
  expect(scene.underway()).toEqual(['createPod/web-0']);
  await scene.finish('createPod/web-0');
  await scene.ended;
});

test('a member whose claim is refused gets no pod', async () => {
  const scene = run([claim(0), pod(0)]);
  await scene.refuse('createClaim/data-web-0');
  await scene.ended;
  expect(scene.started).toEqual(['createClaim/data-web-0']);
});

test('members are made in batches of 1, 2, 4 and the rest', async () => {
  const scene = run(Array.from({ length: 10 }, (_, ordinal) => pod(ordinal)));
  const sizes: number[] = [];
  while (!scene.state.ended) {
    sizes.push(scene.underway().length);
    await scene.finish(...scene.underway());
  }
  expect(sizes).toEqual([1, 2, 4, 3]);
});

test('a refusal ends its lane after the batch that it is in', async () => {
  const scene = run([pod(0), pod(1), pod(2), pod(3)]);
  await scene.finish('createPod/web-0');
  await scene.refuse('createPod/web-1');
  expect(scene.state.ended).toBe(false);
  await scene.finish('createPod/web-2');
  await scene.ended;
  expect(scene.started).not.toContain('createPod/web-3');
});

test('a refusal on the way up does not end the way down', async () => {
  const scene = run([pod(0), pod(1), removal(9), removal(8)]);
  await scene.refuse('createPod/web-0');
  await scene.finish('deletePod/web-9');
  expect(scene.underway()).toEqual(['deletePod/web-8']);
  await scene.finish('deletePod/web-8');
  await scene.ended;
  expect(scene.started).not.toContain('createPod/web-1');
});

test('a pod that has ended is replaced on the way up: nothing below has to go for it', async () => {
  const scene = run([removal(9), removal(0, 'ended')]);
  expect(scene.underway().sort()).toEqual(['deletePod/web-0', 'deletePod/web-9']);
  await scene.finish('deletePod/web-0', 'deletePod/web-9');
  await scene.ended;
});

test('a failure on the way up is told once the way down has come to its end', async () => {
  const broken = new Error('no connection');
  const scene = run([pod(0), pod(1), removal(9), removal(8)]);
  await scene.reject('createPod/web-0', broken);
  expect(scene.state.ended).toBe(false);
  await scene.finish('deletePod/web-9');
  await scene.finish('deletePod/web-8');
  await expect(scene.ended).rejects.toBe(broken);
  expect(scene.started).not.toContain('createPod/web-1');
});

test('a failure of a foundation is told at once', async () => {
  const broken = new Error('no connection');
  const scene = run([service, pod(0)]);
  await scene.reject('createService/web', broken);
  await expect(scene.ended).rejects.toBe(broken);
  expect(scene.started).toEqual(['createService/web']);
});

test('an empty plan is done', async () => {
  await expect(run([]).ended).resolves.toBeUndefined();
});

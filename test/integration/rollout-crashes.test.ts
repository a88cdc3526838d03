// An update survives its operator: killed at one moment after the other, it ends the same, with each member replaced once.
// Counted from the watch stream; the moments are what the API server has told since the template changed.

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { APPS } from '../../src/operator/resources.ts';
import { A, BAD, goneOf, images, isOfWeb, mostAway, template, updated } from './semantics/rolling.ts';
import { app, openStage, type Scene, type Stage } from './stage.ts';

const FLAGS = ['--lease-duration=3', '--renew-deadline=2', '--retry-period=0.5'];
/** So many things happened to pods, revisions and the app since its template changed; a round of two members has about 25. */
const MOMENTS = [1, 2, 4, 6, 8, 11, 15];

let stage: Stage;
let running: OperatorProcess | undefined;

beforeAll(async () => {
  stage = await openStage({ name: 'rollout-crashes' });
});
afterAll(() => stage?.end());

async function start(): Promise<void> {
  running = await startOperatorProcess(stage.cluster, { flags: FLAGS });
  await running.line(({ msg }) => msg === 'leading');
}

/** Changes the template, and kills the operator once so much has happened; another one is there when this resolves. */
async function crashAfter(scene: Scene, moment: number, spec: object): Promise<void> {
  const happened = () => scene.history.filter(({ kind, object }) => kind === 'apps' || isOfWeb(object)).length;
  const from = happened();
  await scene.patch(APPS, 'web', { spec });
  await scene.until(`${moment} happenings`, () => happened() >= from + moment);
  await running?.end('SIGKILL');
  await start();
}

test('an operator killed at every moment of an update: it ends the same, and each member was replaced once', async () => {
  onTestFinished(async () => {
    await running?.end('SIGTERM');
  });
  await start();
  const scene = await stage.namespace();
  await scene.start(app({ spec: { replicas: 2, ...A } }));
  const claims = scene.uids('claims');
  for (const [round, moment] of MOMENTS.entries()) {
    const image = `round:${round}`;
    const before = goneOf(scene).length;
    await crashAfter(scene, moment, template(image));
    await updated(scene, 90);
    expect(images(scene)).toEqual([image, image]);
    expect([moment, goneOf(scene).slice(before)]).toEqual([moment, ['web-1', 'web-0']]);
  }
  expect(scene.uids('claims')).toEqual(claims);
  expect(mostAway(scene)).toBe(1);
}, 300_000);

test('an operator killed while a broken member is replaced: the correction comes through', async () => {
  onTestFinished(async () => {
    await running?.end('SIGTERM');
  });
  await start();
  const scene = await stage.namespace();
  await scene.start(app({ spec: { replicas: 2, ...A } }));
  for (const moment of [1, 3, 6]) {
    const image = `round:${moment}`;
    await scene.edit('web', BAD);
    await scene.reason('web', 'Ready', 'UpdateFailed');
    const before = goneOf(scene).length;
    await crashAfter(scene, moment, template(image));
    await updated(scene, 90);
    expect(images(scene)).toEqual([image, image]);
    expect([moment, goneOf(scene).slice(before)]).toEqual([moment, ['web-1', 'web-0']]);
  }
  expect(mostAway(scene)).toBe(1);
}, 200_000);

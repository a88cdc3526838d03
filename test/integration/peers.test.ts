// The same scenarios on Kubernetes' own StatefulSet controller and on this operator, in one run beside each other. What
// comes out is asserted for both, printed, and has to be what docs/peers.md says. That a controller stays stuck is shown by
// two more looks that it took, not by time that passed.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { APPS } from '../../src/operator/resources.ts';
import { A, B, BAD, imageOf, images, NO_IMAGE, run, waitsForImage } from './semantics/rolling.ts';
import {
  type App,
  type AppOptions,
  app,
  condition,
  isReady,
  type MemberStatus,
  openStage,
  type Scene,
  type Stage,
} from './stage.ts';

vi.setConfig({ maxConcurrency: 8 });

const QUOTAS = { ...RESOURCES.pods, plural: 'resourcequotas', kind: 'ResourceQuota' };
const LONG_NAME = `web-${'x'.repeat(51)}`;

/** One controller under comparison. */
interface Side {
  readonly resource: ApiResource;
  readonly find: (scene: Scene, name: string) => App | undefined;
}
const SET: Side = { resource: RESOURCES.statefulsets, find: (scene, name) => scene.set(name) };
const APP: Side = { resource: APPS, find: (scene, name) => scene.app(name) };

async function create({ resource }: Side, scene: Scene, options: AppOptions): Promise<void> {
  const { metadata, spec } = app(options);
  await scene.create(resource, { metadata, spec });
}

/** Resolves once the controller has said that it looked at the spec as it is after this edit. */
async function edit({ resource, find }: Side, scene: Scene, { name = 'web', spec }: { name?: string; spec: object }) {
  const { metadata } = await scene.patch(resource, name, { spec });
  const generation = metadata.generation ?? 0;
  await scene.until(
    `generation ${generation} to be seen`,
    () => (find(scene, name)?.status?.observedGeneration ?? 0) >= generation,
  );
}

/** Two more passes of the controller over this object: what it would do, it has done by then. */
async function looksTwice(side: Side, scene: Scene, name = 'web'): Promise<void> {
  await edit(side, scene, { name, spec: { revisionHistoryLimit: 7 } });
  await edit(side, scene, { name, spec: { revisionHistoryLimit: 8 } });
}

const events = (scene: Scene, name: string, words: string) =>
  scene
    .events()
    .some(
      ({ message, involvedObject }) =>
        (involvedObject as { readonly name?: string }).name === name && String(message).includes(words),
    );

async function badImageThenCorrected(side: Side, scene: Scene): Promise<string> {
  await create(side, scene, { spec: { ...A } });
  await run(scene, ['a:1', 'a:1', 'a:1']);
  await edit(side, scene, { spec: BAD });
  await scene.until('web-2 to fail', () => waitsForImage(scene, 'web-2'));
  await edit(side, scene, { spec: B });
  if (side === APP) {
    await run(scene, ['b:2', 'b:2', 'b:2']);
    return 'all run the corrected template';
  }
  await looksTwice(side, scene);
  expect(images(scene)).toEqual(['a:1', 'a:1', NO_IMAGE]);
  expect(scene.made('pods', 'web-2')).toHaveLength(2);
  // What the documentation of StatefulSet asks of people then.
  await scene.deletePod('web-2');
  await run(scene, ['b:2', 'b:2', 'b:2']);
  return 'stuck until the broken pod is deleted by hand';
}

async function scaleDownUnderQuota(side: Side, scene: Scene): Promise<string> {
  await create(side, scene, { spec: { ...A, replicas: 4, podManagementPolicy: 'Parallel' }, claims: [] });
  await run(scene, ['a:1', 'a:1', 'a:1', 'a:1']);
  await scene.create(QUOTAS, { metadata: { name: 'few' }, spec: { hard: { pods: '3' } } });
  await scene.kubectl('wait', 'resourcequota/few', '--for=jsonpath={.status.used.pods}=4', '--timeout=60s');
  await scene.deletePod('web-1');
  await scene.until('web-1 to be gone', () => scene.gone('pods', 'web-1').length === 1);
  await edit(side, scene, { spec: { replicas: 6 } });
  await scene.until('a refusal', () => events(scene, 'web', 'exceeded quota'));
  await edit(side, scene, { spec: { replicas: 2 } });
  if (side === APP) {
    await scene.until(
      '0 and 1 alone',
      () => scene.podNames().join() === 'web-0,web-1' && scene.pods().every(isReady),
      90,
    );
    return 'scales down, and has room for who is missing';
  }
  await looksTwice(side, scene);
  expect(scene.podNames()).toEqual(['web-0', 'web-2', 'web-3']);
  expect(scene.made('pods')).toHaveLength(4);
  return 'stuck: removes nothing';
}

async function longName(side: Side, scene: Scene): Promise<string> {
  const name = LONG_NAME;
  await create(side, scene, { name, spec: { replicas: 1 } });
  if (side === APP) {
    await scene.ready(name);
    expect(isReady(scene.pod(`${name}-0`))).toBe(true);
    return 'runs';
  }
  await scene.until('a refusal', () => events(scene, name, 'must be no more than 63'));
  await looksTwice(side, scene, name);
  expect(scene.made('pods')).toEqual([]);
  return 'no pod: a label would be too long';
}

async function claimBeforePod(side: Side, scene: Scene): Promise<string> {
  await create(side, scene, { spec: { ...A, replicas: 1 } });
  await run(scene, ['a:1']);
  const pod = scene.pod('web-0')?.metadata.uid;
  const claim = scene.claim('data-web-0')?.metadata.uid;
  // A claim is protected once its volume is recorded, which the next status write after its binding does.
  const isRecorded = ({ claims = [] }: MemberStatus) => claims.some(({ uid, volume }) => uid === claim && volume);
  if (side === APP) await scene.member('web', 0, isRecorded);
  await scene.kubectl('delete', 'pvc', 'data-web-0', '--wait=false');
  await scene.deletePod('web-0');
  await scene.until('the claim to be gone', () => scene.gone('claims', 'data-web-0').length === 1);
  if (side === APP) {
    const { message } = await scene.member(
      'web',
      0,
      (one) => one.message?.includes('the claim that held its data') === true,
    );
    expect(message).toContain('data-web-0');
    await looksTwice(side, scene);
    expect([scene.made('pods', 'web-0').length, scene.made('claims').length]).toEqual([1, 1]);
    expect(condition(scene.app('web'), 'Stalled')?.reason).toBe('VolumeAtRisk');
    return 'held back; the status names the claim and the ways on';
  }
  await scene.until('web-0 to be back', () => scene.pod('web-0')?.metadata.uid !== pod && isReady(scene.pod('web-0')));
  expect(scene.claim('data-web-0')?.metadata.uid).not.toBe(claim);
  expect(imageOf(scene.pod('web-0'))).toBe('a:1');
  return 'starts on a new, empty volume';
}

interface Scenario {
  readonly what: string;
  readonly play: (side: Side, scene: Scene) => Promise<string>;
  readonly set: string;
  readonly app: string;
}

const SCENARIOS: readonly Scenario[] = [
  {
    what: 'bad image, then corrected, OrderedReady (k/k#67250)',
    play: badImageThenCorrected,
    set: 'stuck until the broken pod is deleted by hand',
    app: 'all run the corrected template',
  },
  {
    what: 'Parallel scale-down after a scale-up limited by a quota (k/k#140858)',
    play: scaleDownUnderQuota,
    set: 'stuck: removes nothing',
    app: 'scales down, and has room for who is missing',
  },
  {
    what: 'a name of 55 characters',
    play: longName,
    set: 'no pod: a label would be too long',
    app: 'runs',
  },
  {
    what: 'claim deleted before its pod (k/k#79164)',
    play: claimBeforePod,
    set: 'starts on a new, empty volume',
    app: 'held back; the status names the claim and the ways on',
  },
];

let stage: Stage;
let operator: OperatorProcess;
const seen = new Map<string, string>();

beforeAll(async () => {
  stage = await openStage({ name: 'peers' });
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

describe.concurrent('the StatefulSet controller', () => {
  test.each(SCENARIOS)('$what: $set', async ({ what, play, set }) => {
    const outcome = await play(SET, await stage.namespace());
    seen.set(`${what} set`, outcome);
    expect(outcome).toBe(set);
  });
});

describe.concurrent('this operator', () => {
  test.each(SCENARIOS)('$what: $app', async ({ what, play, app: expected }) => {
    const outcome = await play(APP, await stage.namespace());
    seen.set(`${what} app`, outcome);
    expect(outcome).toBe(expected);
  });
});

test('what was seen is what docs/peers.md says', async () => {
  const version = JSON.parse(await stage.cluster.kubectl('version', '-o', 'json')) as {
    readonly serverVersion: { readonly gitVersion: string };
  };
  const { gitVersion } = version.serverVersion;
  const rows = SCENARIOS.map(({ what }) => `| ${what} | ${seen.get(`${what} set`)} | ${seen.get(`${what} app`)} |`);
  console.log([`| scenario | StatefulSet of ${gitVersion} | StatefulApp |`, '|---|---|---|', ...rows].join('\n'));
  const [first = ''] = readFileSync(new URL('../../docs/peers.md', import.meta.url), 'utf8').split('\n## ');
  const text = first.split('\n');
  expect(text.filter((line) => line.startsWith('| ') && !line.startsWith('| scenario'))).toEqual(rows);
  expect(text.find((line) => line.startsWith('| scenario'))).toContain(gitVersion);
});

// The hands on volumes: what a read of a volume tells, and the last look at a disk before a pod is made or goes. Lacks what is
// done to claims (claim-acts.test.ts).

import { describe, expect, test } from 'vitest';
import { execute } from '../../src/operator/execute.ts';
import type { Action } from '../../src/plan/types.ts';
import type { Disk } from '../../src/volumes/volume-view.ts';
import { readVolume } from '../../src/volumes/volume-view.ts';
import { APP, rawPod } from '../plan/objects.ts';
import { type Api, LEAST, refusal, type Sent } from './api.ts';
import { bench, KEY } from './hands.ts';

const reason = 'so it is wanted';
const CLAIM = 'data-web-0';
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: APP.namespace }, ...LEAST['pods'] };
const csi = (volumeHandle: string) => ({
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle } },
});
const volume = (name: string, handle: string) => ({ metadata: { name, uid: `${name}-uid` }, ...csi(handle) });
const diskOf = (name: string, handle: string) => readVolume(volume(name, handle)).disk ?? '';
const disk = (handle: string): Disk => ({ claim: CLAIM, volume: 'pv-0', disk: diskOf('pv-0', handle) });
const deeds = (api: Api) => api.deeds.filter((deed) => !deed.includes('events'));
const readsOf = (api: Api, plural: string) => api.sent.filter((sent) => sent.verb === 'get' && sent.plural === plural);
const isVolumeRead = ({ verb, plural }: Pick<Sent, 'verb' | 'plural'>) =>
  verb === 'get' && plural === 'persistentvolumes';

describe('a volume is read', () => {
  const read: Action = { type: 'readVolume', ordinal: 0, name: 'pv-0', reason };

  test('by its name alone: its disk is known to the next plan, with when and how often it was read', async () => {
    const { api, pass, job, clock, told } = bench();
    api.add('persistentvolumes', volume('pv-0', 'vol-1'));
    await expect(execute(pass, job(), [read])).resolves.toBe(0);
    await execute(pass, job(), [read]);
    expect(job().observed.volumes).toEqual([
      { name: 'pv-0', disk: diskOf('pv-0', 'vol-1'), readAtMs: clock.now(), reads: 2 },
    ]);
    expect(readsOf(api, 'persistentvolumes').map(({ path }) => path)).toEqual([
      '/api/v1/persistentvolumes/pv-0',
      '/api/v1/persistentvolumes/pv-0',
    ]);
    expect(told()).toEqual([]);
  });

  test('and that there is none is an answer', async () => {
    const { pass, job } = bench();
    await execute(pass, job(), [read]);
    expect(job().observed.volumes).toMatchObject([{ name: 'pv-0', disk: '' }]);
  });

  test('and that it is forbidden is one, too: then volumes are told apart by name', async () => {
    const { api, pass, job, gate } = bench();
    api.rule((call) => (isVolumeRead(call) ? refusal(403, 'Forbidden') : undefined));
    await expect(execute(pass, job(), [read])).resolves.toBe(0);
    expect(job().observed.volumes).toMatchObject([{ name: 'pv-0', disk: null, reads: 1 }]);
    expect(gate.refusalsOf(KEY)).toEqual([]);
  });

  test.each([
    ['500', refusal(500, 'InternalError')],
    ['503', refusal(503, 'ServiceUnavailable')],
    ['401', refusal(401, 'Unauthorized')],
    ['429', refusal(429, 'TooManyRequests')],
  ])('but %s says nothing of it: the pass fails, and what was known stays (R7)', async (_, answer) => {
    const { api, pass, job } = bench();
    api.add('persistentvolumes', volume('pv-0', 'vol-1'));
    await execute(pass, job(), [read]);
    api.rule((call) => (isVolumeRead(call) ? answer : undefined));
    await expect(execute(pass, job(), [read])).rejects.toThrow('cannot get PersistentVolume pv-0');
    expect(job().observed.volumes).toMatchObject([{ disk: diskOf('pv-0', 'vol-1'), reads: 1 }]);
  });
});

describe('the disk of a member is looked at once more', () => {
  const made = (disks?: readonly Disk[], after?: string): Action => ({
    type: 'createPod',
    ordinal: 0,
    revision: '1a',
    object: POD,
    ...(disks === undefined ? {} : { disks }),
    ...(after === undefined ? {} : { after }),
    reason,
  });

  test('before its pod is made', async () => {
    const { api, pass, job } = bench();
    api.add('persistentvolumes', volume('pv-0', 'vol-1'));
    await execute(pass, job(), [made([disk('vol-1')])]);
    expect(deeds(api)).toEqual(['create pods web-0']);
    expect(readsOf(api, 'persistentvolumes')).toHaveLength(1);
  });

  test.each([
    ['a look when its former pod had stopped will do', 'former', 1000, 1],
    ['unless that is longer ago', 'former', 1001, 2],
    ['or was for another pod', 'other', 0, 2],
    ['or there was none that is known', undefined, 0, 2],
  ])('before its pod is made: %s', async (_, after, ms, looks) => {
    const { api, pass, job, clock } = bench();
    api.add('persistentvolumes', volume('pv-0', 'vol-1'));
    await execute(pass, job(), [{ type: 'readVolume', ordinal: 0, name: 'pv-0', leaving: 'former', reason }]);
    clock.advance(ms);
    await execute(pass, job(), [made([disk('vol-1')], after)]);
    expect(deeds(api)).toEqual(['create pods web-0']);
    expect(readsOf(api, 'persistentvolumes')).toHaveLength(looks);
  });

  test('before its pod is made: that it may not be read is no look', async () => {
    const { api, pass, job } = bench();
    api.rule((call) => (isVolumeRead(call) ? refusal(403, 'Forbidden') : undefined));
    await execute(pass, job(), [{ type: 'readVolume', ordinal: 0, name: 'pv-0', leaving: 'former', reason }]);
    await execute(pass, job(), [made([disk('vol-1')], 'former')]);
    expect(deeds(api)).toEqual([]);
    expect(readsOf(api, 'persistentvolumes')).toHaveLength(2);
  });

  test('before its pod is made: of a look that found another disk nothing is made', async () => {
    const { api, pass, job } = bench();
    api.add('persistentvolumes', volume('pv-0', 'vol-2'));
    await execute(pass, job(), [{ type: 'readVolume', ordinal: 0, name: 'pv-0', leaving: 'former', reason }]);
    await expect(execute(pass, job(), [made([disk('vol-1')], 'former')])).resolves.toBe(200);
    expect(deeds(api)).toEqual([]);
  });

  const WRONG: readonly (readonly [string, (api: Api) => unknown])[] = [
    ['another one is there', (api) => api.add('persistentvolumes', volume('pv-0', 'vol-2'))],
    ['none is there', () => undefined],
  ];
  test.each(WRONG)('and when %s, nothing is written, and the next plan knows', async (_, change) => {
    const { api, pass, job, told } = bench();
    change(api);
    await expect(execute(pass, job(), [made([disk('vol-1')])])).resolves.toBe(200);
    expect(deeds(api)).toEqual([]);
    const [reading] = job().observed.volumes;
    expect(reading?.disk).not.toBe(diskOf('pv-0', 'vol-1'));
    expect(told()).toEqual([]);
  });

  test('and one of several that is another is enough', async () => {
    const { api, pass, job } = bench();
    for (const name of ['pv-0', 'pv-1']) api.add('persistentvolumes', volume(name, 'vol-1'));
    const other: Disk = { claim: 'wal-web-0', volume: 'pv-1', disk: diskOf('pv-1', 'vol-2') };
    await expect(execute(pass, job(), [made([disk('vol-1'), other])])).resolves.toBe(200);
    expect(deeds(api)).toEqual([]);
  });

  test.each([
    ['it cannot be read', refusal(503, 'ServiceUnavailable'), 'fails'],
    ['it may not be read any more', refusal(403, 'Forbidden'), 'is refused'],
  ])('and when %s, no pod is made, and the pass %s', async (_, answer, outcome) => {
    const { api, pass, job, gate } = bench();
    api.rule((call) => (isVolumeRead(call) ? answer : undefined));
    const done = execute(pass, job(), [made([disk('vol-1')])]);
    if (outcome === 'fails') await expect(done).rejects.toThrow('cannot get PersistentVolume pv-0');
    else await expect(done).resolves.toBe(0);
    expect(deeds(api)).toEqual([]);
    expect(gate.refusalsOf(KEY).map(({ key }) => key)).toEqual(outcome === 'fails' ? [] : ['createPod/web-0']);
  });

  test('but not where the ledger names none', async () => {
    const { api, pass, job } = bench();
    await execute(pass, job(), [made()]);
    expect([deeds(api), readsOf(api, 'persistentvolumes')]).toEqual([['create pods web-0'], []]);
  });

  test.each(['ended', 'condemned', 'rebuild'] as const)('before its pod goes because it is %s', async (because) => {
    const { api, pass, job, show } = bench();
    const state = because === 'ended' ? 'Failed' : 'Available';
    const { metadata } = show('Pod', 'pods', rawPod({ ordinal: 0, state, revision: '1a', seconds: 60 }));
    api.add('persistentvolumes', volume('pv-0', 'vol-2'));
    const { uid, resourceVersion } = metadata;
    const gone: Action = {
      type: 'deletePod',
      ordinal: 0,
      name: 'web-0',
      uid,
      resourceVersion,
      because,
      disks: [disk('vol-1')],
      reason,
    };
    await expect(execute(pass, job(), [gone])).resolves.toBe(200);
    expect(deeds(api)).toEqual([]);
    await execute(pass, job(), [{ ...gone, disks: [disk('vol-2')] }]);
    expect(deeds(api)).toEqual(['delete pods web-0']);
  });
});

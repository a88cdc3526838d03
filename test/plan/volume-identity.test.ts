// Which volume is a member's (R12): what counts as the recorded one, what is blocked, and how people let it go on. The words
// of a request are `<claim>=<uid>`, and one that names anything else asks for nothing.

import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { NOW, type Raw } from './objects.ts';
import { deeds, diskOf, type Given, planned, rows, see, type World, waiting, world } from './world.ts';

const ACCEPT = 'statefulapp.dev/accept-volume-loss';
const one = { replicas: 1, volumes: ['data'] };
const pair = { replicas: 1, volumes: ['data', 'wal'] };
const accepting = (what: string, more: Given['app'] = one) => ({
  ...more,
  metadata: { annotations: { [ACCEPT]: what } },
});
const entry = (volume: string, more: Raw = {}): Raw => {
  const name = `${volume}-web-0`;
  return { name, uid: `${name}-uid`, volume: `pv-${name}`, disk: diskOf(`pv-${name}`), ...more };
};
const recordsOf = (given: Given) => planned(see(world(given))).status.members?.[0]?.claims;
const asking = 'kubectl annotate statefulapp web -n prod --overwrite statefulapp.dev/accept-volume-loss=';

describe('a member whose pod is gone', () => {
  rows([
    {
      it: 'is made on its claim, and the disk behind it is looked at once more',
      app: one,
      pods: '0 Stopped',
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'waits when another disk is behind its claim',
      app: one,
      pods: '0 Stopped',
      disks: { 'pv-data-web-0': 'another' },
      waits: 'web-0 VolumeAtRisk',
      says: 'it is bound to another disk: volume pv-data-web-0 was made anew',
    },
    {
      it: 'waits when the volume of its claim is gone',
      app: one,
      pods: '0 Stopped',
      disks: { 'pv-data-web-0': '' },
      waits: 'web-0 VolumeAtRisk',
      says: 'its volume pv-data-web-0 is gone',
    },
    {
      it: 'is made on a claim that was made again and is bound to the recorded disk',
      app: one,
      pods: '0 Stopped',
      claims: 'data-0 Restored',
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'waits until the volume of such a claim is read',
      app: one,
      pods: '0 Stopped',
      claims: 'data-0 Restored',
      disks: { 'pv-data-web-0': 'unread' },
      does: 'read PersistentVolume pv-data-web-0',
      waits: 'web-0 VolumeUnread',
    },
    {
      it: 'waits for the right to read it',
      app: one,
      pods: '0 Stopped',
      claims: 'data-0 Restored',
      disks: { 'pv-data-web-0': null },
      waits: 'web-0 VolumeUnread',
      says: 'grant it get on them',
    },
    {
      it: 'waits when the claim is bound to another volume, and says how to go on',
      app: one,
      pods: '0 Stopped',
      claims: 'data-0 Replaced',
      waits: 'web-0 VolumeAtRisk',
      says: `${asking}data-web-0=data-web-0-uid`,
    },
    {
      it: 'goes on with what is there when that is accepted',
      app: accepting('data-web-0=data-web-0-uid'),
      pods: '0 Stopped',
      claims: 'data-0 Replaced',
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'gets a new claim when the loss of the old one is accepted',
      app: accepting('other-web-7=x, data-web-0=data-web-0-uid'),
      pods: '0 Stopped',
      claims: 'data-0 -',
      does: 'create PersistentVolumeClaim data-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'gets none under Require, whatever is accepted',
      app: { ...accepting('data-web-0=data-web-0-uid'), volumeLossPolicy: 'Require' },
      pods: '0 Stopped',
      claims: 'data-0 -',
      waits: 'web-0 VolumeAtRisk',
      says: 'spec.volumeLossPolicy is Require',
    },
    {
      it: 'waits when the loss of another claim is accepted',
      app: accepting('data-web-0=some-other-uid'),
      pods: '0 Stopped',
      claims: 'data-0 -',
      waits: 'web-0 VolumeAtRisk',
    },
    {
      it: 'waits when its claim is lost and nobody knows of it, and says by which UID to go on',
      app: one,
      pods: '0 Stopped',
      ledger: { 0: { claims: [] } },
      claims: 'data-0 Lost',
      waits: 'web-0 VolumeAtRisk',
      says: `${asking}data-web-0=data-web-0-uid`,
    },
    {
      it: 'waits for a claim of which a hand wrote no UID, which no request can name',
      app: accepting('data-web-0=null, data-web-0=undefined'),
      pods: '0 Stopped',
      ledger: { 0: { claims: [{ name: 'data-web-0', volume: 'pv-data-web-0' }] } },
      claims: 'data-0 -',
      waits: 'web-0 VolumeAtRisk',
      says: 'bound to volume pv-data-web-0, or let spec.volumeLossPolicy be Recreate.',
    },
    {
      it: 'goes on with a lost claim that nobody knows of when that is accepted',
      app: accepting('data-web-0=data-web-0-uid'),
      pods: '0 Stopped',
      ledger: { 0: { claims: [] } },
      claims: 'data-0 Lost',
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'goes on with another disk when that is accepted',
      app: accepting('data-web-0=data-web-0-uid'),
      pods: '0 Stopped',
      disks: { 'pv-data-web-0': 'another' },
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'goes on under Recreate',
      app: { ...one, volumeLossPolicy: 'Recreate' },
      pods: '0 Stopped',
      disks: { 'pv-data-web-0': 'another' },
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
  ]);

  test('an accepted disk is recorded, and the request is spent: the next one is blocked again', () => {
    const given = { app: accepting('data-web-0=data-web-0-uid'), pods: '0 Stopped' };
    const accepted = entry('data', { disk: 'another', accepted: 'data-web-0-uid' });
    expect(recordsOf({ ...given, disks: { 'pv-data-web-0': 'another' } })).toEqual([accepted]);
    const third = { ...given, ledger: { 0: { claims: [accepted] } }, disks: { 'pv-data-web-0': 'third' } };
    expect(waiting(planned(see(world(third))))).toEqual(['web-0 VolumeAtRisk']);
    const retracted = { app: one, pods: '0 Stopped', ledger: { 0: { claims: [accepted] } } };
    expect(recordsOf({ ...retracted, disks: { 'pv-data-web-0': 'another' } })).toEqual([
      entry('data', { disk: 'another' }),
    ]);
  });

  test('a disk that nobody has read yet is read, and recorded', () => {
    const { disk: _, ...bare } = entry('data');
    const given = { app: one, pods: '0 Available', ledger: { 0: { claims: [bare] } } };
    expect(recordsOf(given)).toEqual([entry('data')]);
    const unread = planned(see(world({ ...given, disks: { 'pv-data-web-0': 'unread' } })));
    expect(deeds(unread, ['data'])).toEqual(['read PersistentVolume pv-data-web-0']);
    const forbidden = world({ ...given, disks: { 'pv-data-web-0': null } });
    expect(planned(see(forbidden)).status.members?.[0]?.claims).toEqual([bare]);
    expect(deeds(planned(see(forbidden)), ['data'])).toEqual([]);
    // Asked for once more an hour later: the right may have been given.
    expect(planned(see(forbidden)).wakeAtMs).toBe(NOW + 3_600_000);
  });
});

describe('a member that runs', () => {
  rows([
    {
      it: 'is not updated while another disk is behind its claim',
      app: { ...one, version: 'v2' },
      pods: '0 Available @v1',
      disks: { 'pv-data-web-0': 'another' },
      waits: 'web-0 VolumeAtRisk, web-0 VolumeAtRisk',
    },
    {
      it: 'is not updated while nobody knows which disk is behind a claim made again under it',
      app: { ...one, version: 'v2' },
      pods: '0 Available @v1',
      claims: 'data-0 Restored',
      disks: { 'pv-data-web-0': null },
      waits: 'web-0 VolumeUnread, web-0 VolumeUnread',
    },
  ]);
});

describe('the claims of a member are one unit', () => {
  const siblings = (seen: World, text = 'data,wal'): World => {
    for (const [name, claim] of seen.claims) {
      const metadata = claim['metadata'] as { annotations: Raw };
      const annotations = { ...metadata.annotations, 'statefulapp.dev/claims': text };
      seen.claims.set(name, { ...claim, metadata: { ...metadata, annotations } });
    }
    return seen;
  };
  const lost = { app: pair, pods: '0 Stopped', claims: 'wal-0 -' };

  test('one that is gone blocks the member, also when no ledger tells of it', () => {
    const { waits } = planned(see(siblings(world({ ...lost, ledger: 'none' }))));
    expect(waits).toMatchObject([{ reason: 'VolumeAtRisk' }]);
    expect(waits[0]?.message).toContain('data-web-0, which is there, was made together with it');
    expect(waits[0]?.message).toContain(`${asking}wal-web-0=data-web-0-uid`);
  });

  test('its loss is accepted by the UID of the one that is there', () => {
    const app = accepting('wal-web-0=data-web-0-uid', pair);
    const result = planned(see(siblings(world({ ...lost, app, ledger: 'none' }))));
    expect(deeds(result, ['data', 'wal'])).toEqual(['create PersistentVolumeClaim wal-web-0', 'create Pod web-0']);
    expect(result.statusFirst).toBe(true);
    expect(result.status.members?.[0]?.claims).toContainEqual({ name: 'wal-web-0' });
  });

  test('one that was not made with the others is made', () => {
    const result = planned(see(siblings(world({ ...lost, ledger: 'none' }), 'data')));
    expect(deeds(result, ['data', 'wal'])).toEqual(['create PersistentVolumeClaim wal-web-0', 'create Pod web-0']);
  });

  test('one that the ledger says is yet to be made is made', () => {
    const ledger = { 0: { claims: [entry('data'), { name: 'wal-web-0' }] } };
    const result = planned(see(siblings(world({ ...lost, ledger }))));
    expect(deeds(result, ['data', 'wal'])).toEqual(['create PersistentVolumeClaim wal-web-0', 'create Pod web-0']);
  });

  test('they are made only once the ledger says that they are to be', () => {
    const first = planned(see(world({ app: pair })));
    expect(first.statusFirst).toBe(true);
    const stored = planned(see(world({ app: { ...pair, status: first.status as Raw } })));
    expect(stored.statusFirst).toBe(false);
    expect(carryOut(world({ app: pair })).last.waits).toEqual([]);
  });

  test('a lost ledger is recorded anew from what is there', () => {
    const records = planned(see(siblings(world({ app: pair, pods: '0 Available', ledger: 'none' })))).status.members;
    expect(records?.[0]?.claims).toEqual([entry('data'), entry('wal')].map((record) => ({ ...record })));
  });
});

describe('requests are never taken off, and it is said what became of them', () => {
  const notesOf = (what: string, more: Given = {}) =>
    planned(see(world({ pods: '0 Available', ...more, app: accepting(what) }))).notes;

  test.each([
    ['data-web-0=former-uid', 'RequestDone', 'it can be taken off'],
    ['data-web-0', 'RequestUnclear', '"data-web-0" is no <claim>=<uid>'],
    ['data-web-7=x', 'RequestUnclear', 'no wanted member of this app has a claim of that name'],
    ['data-web-0=data-web-0-uid', 'RequestUnclear', 'its loss is accepted unasked'],
  ])('%s: %s', (what, reason, words) => {
    const [note] = notesOf(what);
    expect(note).toMatchObject({ reason });
    expect(note?.message).toContain(words);
  });

  test('one that names a claim which is there is told at once, recorded or not', () => {
    for (const claims of ['data-0 Bound', 'data-0 Plain', 'data-0 Replaced']) {
      const uid = claims.endsWith('Replaced') ? 'data-web-0-other-uid' : 'data-web-0-uid';
      const unrecorded = { claims, ledger: { 0: { claims: [] } } };
      expect(notesOf(`data-web-0=${uid}`, unrecorded)).toMatchObject([{ reason: 'RequestUnclear' }]);
    }
    // The recorded one is no more, and the other is taken with this very status.
    const seen = {
      claims: 'data-0 Replaced',
      ledger: { 0: { claims: [{ name: 'data-web-0', uid: 'data-web-0-uid' }] } },
    };
    expect(notesOf('data-web-0=data-web-0-uid', seen)).toMatchObject([{ reason: 'RequestDone' }]);
  });

  test('one that is done leaves the app as specified', () => {
    const { status } = planned(see(world({ pods: '0 Available', app: accepting('data-web-0=former-uid') })));
    expect(status.conditions?.find(({ type }) => type === 'AsSpecified')).toMatchObject({ status: 'True' });
  });

  test('one that is in force says nothing', () => {
    expect(notesOf('data-web-0=data-web-0-uid', { pods: '0 Stopped', claims: 'data-0 Lost' })).toEqual([]);
  });
});

test('what is recorded of a claim that is gone stays while nobody can tell which claims its member needs', () => {
  const app = { replicas: 1, volumes: ['data'], version: 'v2', updateStrategy: { rollingUpdate: { partition: 1 } } };
  const seen = see(world({ app, pods: '0 Stopped @v1', claims: 'data-0 -', revisions: ['v2'] }));
  const plan = planned(seen);
  expect(waiting(plan)).toEqual(['web-0 RevisionLost']);
  expect(plan.status.members?.[0]?.claims).toMatchObject([{ name: 'data-web-0', volume: 'pv-data-web-0' }]);
});

describe('a pod that is deleted', () => {
  /** All of its containers have ended, as its kubelet says. */
  function stopped(given: Given): World {
    const seen = world(given);
    const pod = { ...seen.pods.get('web-0') };
    return {
      ...seen,
      pods: new Map([['web-0', { ...pod, status: { ...(pod['status'] as Raw), phase: 'Succeeded' } }]]),
    };
  }
  const leaving = { app: one, pods: '0 Terminating 5s' };
  const reads = (seen: World, looked: object = {}) => {
    const observed = see(seen);
    const volumes = observed.volumes.map((reading) => ({ ...reading, ...looked }));
    return planned({ ...observed, volumes }).actions.filter(({ type }) => type === 'readVolume');
  };

  test('has its disk looked at once, when it has stopped, for the one that follows', () => {
    expect(reads(stopped(leaving))).toMatchObject([{ name: 'pv-data-web-0', leaving: 'web-0-uid' }]);
    expect(reads(stopped(leaving), { leaving: 'web-0-uid' })).toEqual([]);
    expect(reads(stopped(leaving), { leaving: 'of-one-before' })).toHaveLength(1);
  });

  test.each([
    ['while its containers run', world(leaving)],
    ['under Recreate', stopped({ ...leaving, app: { ...one, volumeLossPolicy: 'Recreate' } })],
    ['when nobody wants the next one', stopped({ ...leaving, app: { ...one, replicas: 0 } })],
    [
      'where no disk is recorded',
      stopped({ ...leaving, ledger: { 0: { claims: [entry('data', { disk: undefined })] } } }),
    ],
  ])('and not %s', (_, seen) => {
    expect(reads(seen)).toEqual([]);
  });

  test('its successor says whom it follows', () => {
    const { actions } = planned(see(world({ app: one, pods: '0 Stopped' })));
    expect(actions).toMatchObject([{ type: 'createPod', after: 'web-0-uid' }]);
  });
});

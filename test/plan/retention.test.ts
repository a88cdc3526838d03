// persistentVolumeClaimRetentionPolicy: whom each claim belongs to, and which claims end with whom (semantics.md, Claims; R5).

import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { APP, type Raw } from './objects.ts';
import { deeds, diskOf, type Given, planned, see, type World, waiting, world } from './world.ts';

type Retention = 'Retain' | 'Delete';

const policy = (whenDeleted: Retention, whenScaled: Retention) => ({ whenDeleted, whenScaled });
const app = (replicas: number, retention: Raw) => ({
  replicas,
  volumes: ['data'],
  persistentVolumeClaimRetentionPolicy: retention,
});
const APP_OWNER = {
  apiVersion: 'statefulapp.dev/v1alpha1',
  kind: 'StatefulApp',
  name: APP.name,
  uid: APP.uid,
  controller: true,
};
const podOwner = (ordinal: number, uid = `web-${ordinal}-uid`) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name: `web-${ordinal}`,
  uid,
  controller: true,
});
const OTHER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'backup', uid: 'backup-uid' };

function owned(seen: World, name: string, ownerReferences: readonly Raw[]): World {
  const claim = seen.claims.get(name) as Raw;
  seen.claims.set(name, { ...claim, metadata: { ...(claim['metadata'] as Raw), ownerReferences } });
  return seen;
}

/** Two members; the claim of the upper one has these owners. */
const two = (given: Given['app'], owners: readonly Raw[] = [], pods = '0 Available, 1 Available') =>
  owned(world({ ...(given === undefined ? {} : { app: given }), pods }), 'data-web-1', owners);

const ownersSet = (seen: World) =>
  planned(see(seen)).actions.flatMap((action) =>
    action.type === 'keepClaim' ? [[action.name, action.patch.metadata.ownerReferences]] : [],
  );

describe('a claim of a wanted member', () => {
  const both = (owners: readonly Raw[]) => [
    ['data-web-0', owners],
    ['data-web-1', owners],
  ];

  test.each([
    ['Retain', 'Retain', []],
    ['Retain', 'Delete', []],
    ['Delete', 'Retain', both([APP_OWNER])],
    ['Delete', 'Delete', both([APP_OWNER])],
  ] as const)('under %s, %s belongs to the app, or to nobody', (whenDeleted, whenScaled, set) => {
    expect(ownersSet(two(app(2, policy(whenDeleted, whenScaled))))).toEqual(set);
  });

  test('that has the owner it is to have is left alone', () => {
    const seen = two(app(2, policy('Delete', 'Retain')), [APP_OWNER]);
    expect(ownersSet(owned(seen, 'data-web-0', [OTHER, APP_OWNER]))).toEqual([]);
  });

  test('loses our reference when the policy becomes Retain, and keeps those of others', () => {
    expect(ownersSet(two(app(2, policy('Retain', 'Retain')), [OTHER, APP_OWNER]))).toEqual([['data-web-1', [OTHER]]]);
  });

  test('that a former app of this name owns, and a pod runs on, is taken over before garbage collection takes it', () => {
    const former = { ...APP_OWNER, uid: 'former' };
    expect(ownersSet(two(app(2, policy('Retain', 'Retain')), [former]))).toEqual([['data-web-1', []]]);
  });

  test('that another controller has is not touched', () => {
    const database = { apiVersion: 'v1', kind: 'Database', name: 'db', uid: 'db-uid', controller: true };
    expect(ownersSet(two(app(2, policy('Delete', 'Delete')), [database]))).toEqual([['data-web-0', [APP_OWNER]]]);
  });

  test('is rescued from a pod that is on its way out, once its member is wanted again', () => {
    const seen = two(app(2, policy('Retain', 'Delete')), [podOwner(1)], '0 Available, 1 Terminating');
    expect(ownersSet(seen)).toEqual([['data-web-1', []]]);
  });

  test('is rescued from an owner that is gone while a pod runs on it', () => {
    expect(ownersSet(two(app(2, policy('Delete', 'Retain')), [podOwner(1, 'former')]))).toContainEqual([
      'data-web-1',
      [APP_OWNER],
    ]);
  });

  test.each([
    ['a pod of its member', podOwner(1, 'former')],
    ['a former app of this name', { ...APP_OWNER, uid: 'former' }],
  ])('that belongs to %s that is gone is waited for: garbage collection takes it', (_, owner) => {
    const result = planned(see(two(app(2, policy('Retain', 'Retain')), [owner], '0 Available, 1 Stopped')));
    expect([deeds(result, ['data']), waiting(result)]).toEqual([[], ['web-1 ClaimTerminating']]);
  });
});

describe('a claim of a member that is not wanted any more', () => {
  test.each(['Replaced', 'Restored', 'Lost'])(
    'that was made again (%s) does not become the recorded one, which ends with it',
    (state) => {
      const seen = world({
        app: { ...app(1, policy('Retain', 'Delete')), volumeLossPolicy: 'Recreate' },
        pods: '0 Available, 1 Available',
        claims: `data-1 ${state}`,
        disks: { 'pv-data-web-1': 'unread' },
        ...(state === 'Lost'
          ? { ledger: { 1: { claims: [{ name: 'data-web-1', uid: 'former', volume: 'pv-data-web-1' }] } } }
          : {}),
      });
      const { claims } = planned(see(seen)).status.members?.[1] ?? {};
      expect(claims).toMatchObject([{ name: 'data-web-1', uid: state === 'Lost' ? 'former' : 'data-web-1-uid' }]);
    },
  );

  test('is kept, remembered and told while another disk is behind it, and goes once that is the recorded one (seed 238)', () => {
    const given = { app: app(1, policy('Retain', 'Delete')), pods: '0 Available, 1 Stopped' };
    const swapped = planned(see(world({ ...given, disks: { 'pv-data-web-1': 'another' } })));
    expect([deeds(swapped, ['data']), waiting(swapped)]).toEqual([[], []]);
    expect(swapped.status.members?.[1]?.claims).toMatchObject([{ name: 'data-web-1', uid: 'data-web-1-uid' }]);
    expect(swapped.notes).toMatchObject([
      { reason: 'ClaimDiffers', message: expect.stringContaining('Claim data-web-1 is kept') },
    ]);
    expect(waiting(planned(see(world(given))))).toEqual(['web-1 ClaimsDeleted']);
  });

  test('is kept under Retain', () => {
    const result = planned(see(two(app(1, policy('Retain', 'Retain')))));
    expect([deeds(result), waiting(result)]).toEqual([['delete Pod web-1'], ['web-1 PodTerminating']]);
  });

  test('under Delete belongs to the pod before that goes, and the status says so before either is done', () => {
    const seen = two(app(1, policy('Delete', 'Delete')), [APP_OWNER]);
    owned(seen, 'data-web-0', [APP_OWNER]);
    const first = planned(see(seen));
    expect([first.statusFirst, waiting(first)]).toEqual([true, ['web-1 ClaimsDeleted']]);
    expect(first.status.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'its claims data-web-1 are deleted with it (persistentVolumeClaimRetentionPolicy.whenScaled: Delete)',
    );
    Object.assign(seen.app, { status: first.status });
    const second = planned(see(seen));
    expect([second.statusFirst, ownersSet(seen)]).toEqual([false, [['data-web-1', [podOwner(1)]]]]);
    expect(second.actions.map(({ type }) => type)).toEqual(['keepClaim']);
    owned(seen, 'data-web-1', [podOwner(1)]);
    expect(deeds(planned(see(seen)))).toEqual(['delete Pod web-1']);
  });

  test.each([
    ['given to its pod', 'Available', 'keepClaim/data-web-1'],
    ['deleted', 'Stopped', 'deleteClaim/data-web-1'],
  ])('is announced, also when that it is %s was refused, which is told beside it (seed 380)', (_, state, key) => {
    const pods = `0 Available, 1 ${state}`;
    const given = { app: app(1, policy('Retain', 'Delete')), pods, refused: [key], refusedFor: 'a webhook says no' };
    const seen = world(given);
    seen.refusals = seen.refusals.map((refusal) => ({ ...refusal, retryAtMs: seen.nowMs }));
    const { status, statusFirst } = planned(see(seen));
    expect([status.members?.[1]?.reason, statusFirst]).toEqual(['ClaimsDeleted', true]);
    expect(status.members?.[1]?.message).toMatch(/data-web-1 are deleted with it.* a webhook says no/);
  });

  test('is given back when the policy becomes Retain while the pod is being stopped', () => {
    const seen = two(app(1, policy('Retain', 'Retain')), [podOwner(1)], '0 Available, 1 Terminating');
    expect(ownersSet(seen)).toEqual([['data-web-1', []]]);
  });

  test('goes with a pod that is being stopped already when the policy becomes Delete, after the status has said so', () => {
    const seen = two(app(1, policy('Retain', 'Delete')), [], '0 Available, 1 Terminating');
    const first = planned(see(seen));
    expect([first.statusFirst, waiting(first)]).toEqual([true, ['web-1 ClaimsDeleted', 'web-1 PodTerminating']]);
    Object.assign(seen.app, { status: first.status });
    expect([planned(see(seen)).statusFirst, ownersSet(seen)]).toEqual([false, [['data-web-1', [podOwner(1)]]]]);
    owned(seen, 'data-web-1', [podOwner(1)]);
    expect(waiting(planned(see(seen)))).toEqual(['web-1 PodTerminating']);
  });

  const left = (retention: Raw, owners: readonly Raw[] = []) =>
    two(app(1, retention), owners, '0 Available, 1 Stopped');

  test('and that went under Retain stays, whatever the policy becomes before the ledger has forgotten it', () => {
    const going = two(app(1, policy('Retain', 'Retain')), [], '0 Available, 1 Terminating');
    const { members } = planned(see(going)).status;
    expect(members).toMatchObject([{ ordinal: 0 }, { ordinal: 1, kept: true }]);
    const status = { ...(going.app['status'] as Raw), members };
    const flipped = (replicas: number, pods: string) =>
      planned(see(two({ ...app(replicas, policy('Delete', 'Delete')), status }, [], pods)));
    const gone = flipped(1, '0 Available, 1 Stopped');
    expect(gone.actions.filter(({ type }) => type === 'deleteClaim')).toEqual([]);
    expect(gone.status.members).toHaveLength(1);
    // While its pod is there, the policy is as it is now.
    expect(flipped(1, '0 Available, 1 Terminating').status.members?.[1]).not.toHaveProperty('kept');
    expect(flipped(1, '0 Available, 1 Orphan').status.members?.[1]).not.toHaveProperty('kept');
    expect(flipped(2, '0 Available, 1 Stopped').status.members?.[1]).not.toHaveProperty('kept');
  });

  test('and whose pod is gone already is deleted by the operator, after the status has said so', () => {
    const seen = left(policy('Retain', 'Delete'));
    const first = planned(see(seen));
    expect([first.statusFirst, deeds(first), waiting(first)]).toEqual([
      true,
      ['delete PersistentVolumeClaim data-web-1'],
      ['web-1 ClaimsDeleted'],
    ]);
    Object.assign(seen.app, { status: first.status });
    const claim = (seen.claims.get('data-web-1') as { metadata: Raw }).metadata;
    expect(planned(see(seen)).actions).toMatchObject([
      { type: 'deleteClaim', uid: claim['uid'], resourceVersion: claim['resourceVersion'] },
    ]);
  });

  test('is not deleted when the ledger does not name it: it was kept once, whatever the policy is now', () => {
    const seen = left(policy('Retain', 'Delete'));
    const { status } = planned(see(world({ app: app(1, policy('Retain', 'Retain')), pods: '0 Available' })));
    Object.assign(seen.app, { status });
    expect(deeds(planned(see(seen)))).toEqual([]);
  });

  test.each([
    ['belongs to the pod that is gone: garbage collection takes it', [podOwner(1)]],
    ['has another controller', [{ ...podOwner(1), kind: 'Database' }]],
  ])('is not deleted by us when it %s', (_, owners) => {
    expect(deeds(planned(see(left(policy('Retain', 'Delete'), owners))))).toEqual([]);
  });

  test('is recorded without its volume once it is given up: wanted again after its end, the member gets a new one (R12)', () => {
    const seen = two(app(1, policy('Retain', 'Delete')));
    const { status } = planned(see(seen));
    expect(status.members?.[1]?.claims).toEqual([{ name: 'data-web-1', uid: 'data-web-1-uid' }]);
    const again = world({ app: { ...app(2, policy('Retain', 'Delete')), status }, pods: '0 Available, 1 Stopped' });
    again.claims.delete('data-web-1');
    expect(deeds(planned(see(again)), ['data'])).toEqual([
      'create PersistentVolumeClaim data-web-1',
      'create Pod web-1',
    ]);
  });

  test('and that is wanted again stays given up until it is given back: its pod may be gone before (R12, seed 387)', () => {
    const seen = two(app(1, policy('Retain', 'Delete')), [podOwner(1)], '0 Available, 1 Terminating');
    const { status } = planned(see(seen));
    const again = world({ app: { ...app(2, policy('Retain', 'Delete')), status }, pods: '0 Available, 1 Terminating' });
    const claims = () => planned(see(again)).status.members?.[1]?.claims;
    owned(again, 'data-web-1', [podOwner(1)]);
    expect(claims()).toEqual([{ name: 'data-web-1', uid: 'data-web-1-uid' }]);
    owned(again, 'data-web-1', []);
    const volume = 'pv-data-web-1';
    expect(claims()).toEqual([{ name: 'data-web-1', uid: 'data-web-1-uid', volume, disk: diskOf(volume) }]);
  });

  test('is remembered while a stranger`s pod has the name, and deleted when that is gone (seed 169)', () => {
    const seen = two(app(1, policy('Retain', 'Delete')), [], '0 Available, 1 Foreign');
    const claims = [{ name: 'data-web-1', uid: 'data-web-1-uid' }];
    const members = [{ ordinal: 1, pod: 'web-1', claims }];
    Object.assign(seen.app, { status: { ...(seen.app['status'] as Raw), members } });
    const { status, actions, waits } = planned(see(seen));
    expect([actions, waits]).toEqual([[], []]);
    expect(status.members?.[1]).toMatchObject({ ordinal: 1, state: 'NameTaken', claims });
    const after = left(policy('Retain', 'Delete'));
    Object.assign(after.app, { status });
    expect(deeds(planned(see(after)))).toEqual(['delete PersistentVolumeClaim data-web-1']);
  });

  test('is deleted by what the ledger says also when its revision is gone', () => {
    const seen = left(policy('Retain', 'Delete'));
    seen.revisions.clear();
    const members = [{ ordinal: 1, revision: 'gone', claims: [{ name: 'data-web-1', uid: 'data-web-1-uid' }] }];
    Object.assign(seen.app, { status: { ...(seen.app['status'] as Raw), members } });
    expect(deeds(planned(see(seen)))).toContain('delete PersistentVolumeClaim data-web-1');
  });

  test('and still belongs to the app is deleted as it is, and not given up by the app in the same plan', () => {
    const seen = left(policy('Retain', 'Delete'), [APP_OWNER]);
    expect(ownersSet(seen)).toEqual([]);
    expect(deeds(planned(see(seen)))).toEqual(['delete PersistentVolumeClaim data-web-1']);
  });

  test('waits to be removed until its claims are the app`s, and says so', () => {
    const seen = two(app(0, policy('Delete', 'Retain')), [], '1 Available');
    const result = planned(see(seen));
    expect([result.actions.map(({ type }) => type), waiting(result)]).toEqual([
      ['keepClaim'],
      ['web-1 PodTerminating'],
    ]);
  });

  test('is kept under Retain when its pod is gone, and forgotten by the ledger', () => {
    const seen = left(policy('Retain', 'Retain'));
    expect(carryOut(seen).actions).toEqual([]);
    expect(seen.claims.has('data-web-1')).toBe(true);
  });
});

describe('a claim that the app would take with it, once whenDeleted is Retain, is not the app`s any more', () => {
  const OURS = [OTHER, APP_OWNER];
  const RETAIN = policy('Retain', 'Retain');

  test('though nobody wants its ordinal', () => {
    const seen = two(app(1, RETAIN), OURS, '0 Available, 1 Stopped');
    expect(ownersSet(seen)).toEqual([['data-web-1', [OTHER]]]);
  });

  test('though another`s pod has the name of its member, which is to end with its claims', () => {
    const seen = two(app(1, policy('Retain', 'Delete')), OURS, '0 Available, 1 Foreign');
    expect(ownersSet(seen)).toEqual([['data-web-1', [OTHER]]]);
  });

  test('though its member has no pod, and waits for a lower one', () => {
    const seen = two(app(2, RETAIN), OURS, '0 Pending, 1 Stopped');
    expect(ownersSet(seen)).toEqual([['data-web-1', [OTHER]]]);
  });

  test.each(['Available', 'Stopped'])('though its template is gone; its member is %s', (state) => {
    const seen = two(app(2, RETAIN), [], `0 Available, 1 ${state}`);
    const claim = seen.claims.get('data-web-1') as { metadata: Raw };
    seen.claims.set('log-web-1', {
      ...claim,
      metadata: { ...claim.metadata, name: 'log-web-1', uid: 'log-uid', ownerReferences: OURS },
    });
    expect(ownersSet(seen)).toEqual([['log-web-1', [OTHER]]]);
  });

  test('though its volume is lost', () => {
    const seen = two(app(2, RETAIN), OURS);
    seen.claims.set('data-web-1', { ...(seen.claims.get('data-web-1') as Raw), status: { phase: 'Lost' } });
    expect(ownersSet(seen)).toEqual([['data-web-1', [OTHER]]]);
  });

  test('though its member is not wanted, and waits in line to be removed', () => {
    const seen = two(app(1, RETAIN), OURS, '0 Pending, 1 Available');
    expect([ownersSet(seen), waiting(planned(see(seen)))]).toEqual([
      [['data-web-1', [OTHER]]],
      ['web-0 PodPending', 'web-1 PodNotReady'],
    ]);
  });

  test('though a hand made the app an owner that is not the controller', () => {
    const { controller: _controller, ...idle } = APP_OWNER;
    const seen = two(app(1, RETAIN), [OTHER, idle], '0 Available, 1 Stopped');
    expect(ownersSet(seen)).toEqual([['data-web-1', [OTHER]]]);
  });

  test('unless it is being deleted', () => {
    const seen = two(app(1, RETAIN), OURS, '0 Available, 1 Stopped');
    const claim = seen.claims.get('data-web-1') as { metadata: Raw };
    const metadata = { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    seen.claims.set('data-web-1', { ...claim, metadata });
    expect(ownersSet(seen)).toEqual([]);
  });

  test('set once for a member that is removed now: the removal waits for it', () => {
    const seen = two(app(1, RETAIN), OURS);
    const result = planned(see(seen));
    expect([ownersSet(seen), result.actions.length, waiting(result)]).toEqual([
      [['data-web-1', [OTHER]]],
      1,
      ['web-1 PodTerminating'],
    ]);
  });

  test.each([
    [
      'another controller has it',
      [
        { ...OTHER, kind: 'Database', controller: true },
        { ...APP_OWNER, controller: false },
      ],
    ],
    ['it ends with its member`s pod, before which it waits in line', [APP_OWNER]],
  ])('unless %s', (why, owners) => {
    const retention = why.startsWith('another') ? RETAIN : policy('Retain', 'Delete');
    expect(ownersSet(two(app(1, retention), owners, '0 Pending, 1 Available'))).toEqual([]);
  });

  test.each([
    ['another app', { labels: { 'statefulapp.dev/name': 'other' } }],
    ['another ordinal', { annotations: { 'statefulapp.dev/app-uid': APP.uid, 'statefulapp.dev/ordinal': '7' } }],
    ['a former app', { annotations: { 'statefulapp.dev/app-uid': 'former', 'statefulapp.dev/ordinal': '1' } }],
    ['nobody', { annotations: {} }],
  ])('unless it is stamped as the claim of %s', (_, stamps) => {
    const seen = two(app(1, RETAIN), OURS, '0 Available, 1 Stopped');
    const claim = seen.claims.get('data-web-1') as { metadata: Raw };
    seen.claims.set('data-web-1', { ...claim, metadata: { ...claim.metadata, ...stamps } });
    expect(ownersSet(seen)).toEqual([]);
  });
});

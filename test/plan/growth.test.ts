// Claims follow their templates: size, labels, annotations, class of attributes; directly, whatever the pods do. What a claim
// cannot follow is said.

import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { claimTemplate, type Raw } from './objects.ts';
import { deeds, diskOf, type Given, planned, see, type World, waiting, world } from './world.ts';

const one = { replicas: 1, volumes: ['data'] };
const NAME = 'data-web-0';

/** The claim template of the app says this, too. */
function template(seen: World, more: { readonly metadata?: Raw; readonly spec?: Raw }): World {
  const base = claimTemplate('data');
  const changed = { metadata: { ...base.metadata, ...more.metadata }, spec: { ...base.spec, ...more.spec } };
  seen.app = { ...seen.app, spec: { ...(seen.app['spec'] as Raw), volumeClaimTemplates: [changed] } };
  return seen;
}

/** The claim is like this, too. */
function claim(seen: World, more: { readonly metadata?: Raw; readonly spec?: Raw; readonly status?: Raw }): World {
  const before = seen.claims.get(NAME) ?? {};
  const part = (field: 'metadata' | 'spec' | 'status') => ({ ...(before[field] as Raw), ...more[field] });
  seen.claims.set(NAME, { metadata: part('metadata'), spec: part('spec'), status: part('status') });
  return seen;
}

const size = (storage: unknown) => ({ spec: { resources: { requests: { storage } } } });
const has = (storage: string) => ({ status: { capacity: { storage } } });
const seenWith = (given: Given, storage: unknown) =>
  template(world({ app: one, pods: '0 Available', ...given }), size(storage));
const patchesOf = (seen: World) =>
  planned(see(seen)).actions.flatMap((action) =>
    action.type === 'changeClaim' || action.type === 'labelClaim' ? [action.patch] : [],
  );
const notesOf = (seen: World) => planned(see(seen)).notes;

describe('a bigger size', () => {
  const grown = { metadata: { uid: `${NAME}-uid`, resourceVersion: '1' }, ...size('2Gi') };

  test.each([
    '0 Available',
    '0 NotReady',
    '0 Pending',
    '0 Failed',
    '0 Terminating',
    '0 Stopped',
    '0 Foreign',
    '0 Vanished 9s',
  ])('is asked for whatever the pod does: %s', (pods) => {
    expect(patchesOf(seenWith({ pods }, '2Gi'))).toEqual([grown]);
  });

  test.each([
    ['updates are paused', { updateStrategy: { rollingUpdate: { paused: true } } }],
    ['an update is under way', { version: 'v2' }],
    ['under OnDelete', { updateStrategy: { type: 'OnDelete' } }],
  ])('is asked for while %s', (_, more) => {
    expect(patchesOf(seenWith({ app: { ...one, ...more }, pods: '0 Available @v1' }, '2Gi'))).toEqual([grown]);
  });

  test('moves no pod', () => {
    expect(deeds(planned(see(seenWith({}, '2Gi'))), ['data'])).toEqual(['change PersistentVolumeClaim data-web-0']);
  });

  test.each([
    ['Pending', 'claims are resized only when they are bound'],
    ['Plain', 'it is stamped first'],
    ['Lost', 'there is nothing to grow'],
    ['Terminating', 'it is on its way out'],
    ['Foreign', 'it is not ours'],
    ['Replaced', 'it is not the recorded one'],
  ])('is not asked of a claim that is %s: %s', (state) => {
    expect(patchesOf(seenWith({ claims: `data-0 ${state}` }, '2Gi'))).toEqual([]);
  });

  test('is not asked for while the app is paused', () => {
    expect(patchesOf(seenWith({ app: { ...one, paused: true } }, '2Gi'))).toEqual([]);
  });

  test('is told while it is under way, and the app stays Ready', () => {
    const growing = claim(seenWith({}, '2Gi'), { ...size('2Gi'), ...has('1Gi') });
    const pending = claim(growing, {
      status: { conditions: [{ type: 'FileSystemResizePending', status: 'True', message: 'waits for a pod' }] },
    });
    const { status, notes, waits } = planned(see(pending));
    expect(waits).toEqual([]);
    expect(notes).toMatchObject([{ reason: 'ClaimGrows' }]);
    const resize = '1Gi to 2Gi, FileSystemResizePending: waits for a pod';
    expect(notes[0]?.message).toBe(`Claim ${NAME}: it grows from ${resize}.`);
    expect(status.members?.[0]?.claims).toMatchObject([{ name: NAME, resize }]);
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    const done = claim(growing, has('2Gi'));
    expect(planned(see(done)).status.members?.[0]?.claims?.[0]).not.toHaveProperty('resize');
  });

  test('that is refused is told in the words of the API server, and holds nothing up', () => {
    const refused = {
      refused: ['changeClaim/data-web-0'],
      refusedFor: 'only dynamically provisioned pvc can be resized',
    };
    const { actions, waits, notes, status, wakeAtMs } = planned(
      see(seenWith({ ...refused, pods: '0 Stopped' }, '2Gi')),
    );
    expect(actions.map(({ type }) => type)).toEqual(['createPod']);
    expect(waits).toMatchObject([{ reason: 'PodPending' }]);
    expect(notes).toMatchObject([{ reason: 'ClaimRefused' }]);
    expect(notes[0]?.message).toContain('only dynamically provisioned pvc can be resized');
    expect(status.members?.[0]?.claims).toMatchObject([
      { resize: 'refused: only dynamically provisioned pvc can be resized' },
    ]);
    expect(wakeAtMs).toBeDefined();
  });
});

describe('labels beside a bigger size', () => {
  const both = (given: Given = {}) =>
    template(seenWith(given, '2Gi'), { ...size('2Gi'), metadata: { labels: { tier: 'db' } } });

  test('come after it: a full disk is more urgent', () => {
    const { actions } = carryOut(both());
    expect(actions.map(({ type }) => type)).toEqual(['changeClaim', 'labelClaim']);
  });

  test('follow while it is refused, and when they are refused that is told, too', () => {
    const refused = { refused: ['changeClaim/data-web-0'] };
    expect(planned(see(both(refused))).actions).toMatchObject([
      { type: 'labelClaim', patch: { metadata: { labels: { tier: 'db' } } } },
    ]);
    const altered = { refused: ['labelClaim/data-web-0'], refusedFor: 'it was taken, and tier set to something else' };
    const { actions, notes, waits, status } = planned(
      see(template(seenWith(altered, '1Gi'), { metadata: { labels: { tier: 'db' } } })),
    );
    expect([actions, waits]).toEqual([[], []]);
    expect(notes).toMatchObject([{ reason: 'ClaimRefused' }]);
    expect(status.members?.[0]?.claims?.[0]).not.toHaveProperty('resize');
  });
});

describe('a smaller size', () => {
  const asked = (request: string, capacity: string, wanted: unknown) =>
    claim(seenWith({}, wanted), { ...size(request), ...has(capacity) });

  test('takes an expansion back that has not come, as far as the API server lets it', () => {
    expect(patchesOf(asked('9Gi', '1Gi', '2Gi'))).toMatchObject([size('2Gi')]);
  });

  test.each(['1Gi', '512Mi'])('that is not above what the volume has is left, and said: %s', (wanted) => {
    const seen = asked('9Gi', '1Gi', wanted);
    expect(patchesOf(seen)).toEqual([]);
    expect(notesOf(seen)).toMatchObject([{ reason: 'ClaimGrows' }, { reason: 'ClaimDiffers' }]);
  });

  test.each(['0', '-1Gi', 'much', '', 7.5e300, null, {}])('that is none changes nothing: %j', (wanted) => {
    expect(patchesOf(asked('1Gi', '1Gi', wanted))).toEqual([]);
  });

  test('that is no size is said', () => {
    expect(notesOf(asked('1Gi', '1Gi', '0'))[0]?.message).toContain('the template\'s size "0" is none');
  });
});

describe('labels and annotations', () => {
  const KEYS = 'statefulapp.dev/template-keys';
  const labelled = (labels: Raw, annotations: Raw = {}) =>
    template(world({ app: one, pods: '0 Available' }), { metadata: { labels, annotations } });
  const on = (seen: World, labels: Raw, annotations: Raw = {}) => {
    const metadata = seen.claims.get(NAME)?.['metadata'] as { labels: Raw; annotations: Raw };
    return claim(seen, {
      metadata: { labels: { ...metadata.labels, ...labels }, annotations: { ...metadata.annotations, ...annotations } },
    });
  };

  test('follow the template, and the claim remembers which are the template`s', () => {
    expect(patchesOf(labelled({ tier: 'db' }, { note: 'x' }))).toMatchObject([
      { metadata: { labels: { tier: 'db' }, annotations: { note: 'x', [KEYS]: 'label:tier annotation:note' } } },
    ]);
  });

  test('are taken off when they are taken out of it, and those of others stay', () => {
    const seen = on(
      labelled({}),
      { tier: 'db', team: 'blue' },
      { [KEYS]: 'label:tier annotation:note', note: 'x', own: 'y' },
    );
    expect(patchesOf(seen)).toEqual([
      {
        metadata: {
          uid: `${NAME}-uid`,
          resourceVersion: '1',
          labels: { tier: null },
          annotations: { note: null, [KEYS]: null },
        },
      },
    ]);
  });

  test('cannot take our own label off', () => {
    const seen = on(labelled({}), {}, { [KEYS]: 'label:statefulapp.dev/name annotation:statefulapp.dev/app-uid' });
    expect(patchesOf(seen)).toMatchObject([{ metadata: { labels: {}, annotations: { [KEYS]: null } } }]);
    expect(patchesOf(seen)[0]?.metadata.annotations).not.toHaveProperty('statefulapp.dev/app-uid');
  });

  test('of the volume binder are its own', () => {
    const seen = labelled({}, { 'volume.kubernetes.io/selected-node': 'node-z' });
    expect(patchesOf(on(seen, {}, { [KEYS]: 'annotation:volume.kubernetes.io/selected-node' }))).toEqual([]);
  });

  test('come to rest', () => {
    const { actions } = carryOut(on(labelled({ tier: 'db' }), { tier: 'web' }));
    expect(actions.map(({ type }) => type)).toEqual(['labelClaim']);
  });
});

test('the class of volume attributes follows the template', () => {
  const seen = template(world({ app: one, pods: '0 Available' }), { spec: { volumeAttributesClassName: 'gold' } });
  expect(patchesOf(seen)).toMatchObject([{ spec: { volumeAttributesClassName: 'gold' } }]);
  expect(patchesOf(claim(seen, { spec: { volumeAttributesClassName: 'gold' } }))).toEqual([]);
});

test('another storage class and other access modes hold for new claims only, and that is said', () => {
  const seen = template(world({ app: one, pods: '0 Available' }), {
    spec: { storageClassName: 'fast', accessModes: ['ReadWriteOncePod'] },
  });
  const { actions, notes } = planned(
    see(claim(seen, { spec: { storageClassName: 'slow', accessModes: ['ReadWriteOnce'] } })),
  );
  expect(actions).toEqual([]);
  expect(notes).toMatchObject([{ reason: 'ClaimDiffers' }]);
  expect(notes[0]?.message).toBe(
    `Claim ${NAME}: it is of storage class slow where the template says fast; its access modes are ReadWriteOnce where the template says ReadWriteOncePod; that holds for new claims only.`,
  );
});

describe('claim templates that come and go', () => {
  test('a new one joins with the replacement of each member, the highest first, and its claim is made before', () => {
    const seen = world({
      app: { replicas: 2, volumes: ['data', 'wal'] },
      podVolumes: ['data'],
      pods: '0 Available, 1 Available',
    });
    const { actions, last } = carryOut(seen);
    const done = actions
      .filter(({ type }) => /Claim|Pod/.test(type))
      .map(
        (action) =>
          `${action.type} ${'name' in action ? action.name : 'object' in action ? action.object.metadata.name : ''}`,
      );
    expect(done.filter((deed) => /createClaim|deletePod|createPod/.test(deed))).toEqual([
      'createClaim wal-web-1',
      'deletePod web-1',
      'createPod web-1',
      'createClaim wal-web-0',
      'deletePod web-0',
      'createPod web-0',
    ]);
    expect(waiting(last)).toEqual([]);
    const siblings = [...seen.claims.values()].map(
      (raw) => (raw['metadata'] as { annotations: Raw }).annotations['statefulapp.dev/claims'],
    );
    expect(new Set(siblings)).toEqual(new Set(['data,wal']));
  });

  test('the claim that a member comes back to is remembered while it is gone, though its revision has it not', () => {
    const app = { replicas: 1, volumes: ['data', 'wal'], updateStrategy: { rollingUpdate: { partition: 1 } } };
    const entry = (volume: string) => {
      const name = `${volume}-web-0`;
      return { name, uid: `${name}-uid`, volume: `pv-${name}`, disk: diskOf(`pv-${name}`) };
    };
    const ledger = { 0: { claims: [entry('data'), entry('wal')] } };
    const { status } = planned(see(world({ app, podVolumes: ['data'], pods: '0 Available', ledger })));
    expect(status.members?.[0]?.claims).toEqual([entry('data'), entry('wal')]);
  });

  test('the claim of one that is gone is kept, mounted by nobody, and listed', () => {
    const app = { replicas: 1, volumes: ['data'] };
    const seen = world({ app, podVolumes: ['data', 'wal'], pods: '0 Available' });
    const { last } = carryOut(seen);
    expect([...seen.claims.keys()]).toEqual(['data-web-0', 'wal-web-0']);
    expect(last.notes).toMatchObject([{ reason: 'ClaimUnused' }]);
    const wal = { name: 'wal-web-0', uid: 'wal-web-0-uid', volume: 'pv-wal-web-0', disk: diskOf('pv-wal-web-0') };
    expect(last.status.members?.[0]?.claims).toContainEqual({ ...wal, unmounted: true });
    expect(last.status.conditions?.find(({ type }) => type === 'AsSpecified')).toMatchObject({ status: 'True' });
    seen.claims.delete('wal-web-0');
    expect(planned(see(seen)).status.members?.[0]?.claims).toHaveLength(1);
  });
});

// Claims: how one is made, what is read of one, and the one class it falls in for a member.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildClaim, draftClaim, stampPatch } from '../../src/volumes/claim-build.ts';
import { classifyClaim } from '../../src/volumes/claim-class.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';
import { amount } from '../../src/volumes/quantity.ts';

const app = { name: 'web', namespace: 'prod', uid: 'app-uid' };
const content = {
  metadata: { name: 'data', labels: { tier: 'db' }, annotations: { note: 'x' } },
  spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
};
const spec = {
  template: 'data',
  content,
  siblings: 'data,wal',
  selector: { matchLabels: { app: 'web' } },
  ownedByApp: false,
};
const built = (more: object = {}) => buildClaim(draftClaim(app, { ...spec, ...more }), 3);
const STAMPS = {
  'statefulapp.dev/app-uid': 'app-uid',
  'statefulapp.dev/ordinal': '3',
  'statefulapp.dev/claims': 'data,wal',
};

describe('a claim that we make', () => {
  test('has its template`s metadata, the selector`s labels, and our stamps', () => {
    expect(built()).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: 'data-web-3',
        namespace: 'prod',
        labels: { tier: 'db', app: 'web', 'statefulapp.dev/name': 'web' },
        annotations: { note: 'x', 'statefulapp.dev/template-keys': 'label:tier annotation:note', ...STAMPS },
      },
      spec: content.spec,
    });
  });

  test('is made as the app`s own when it is to end with it, so that no crash leaves it behind', () => {
    const { metadata } = built({ ownedByApp: true });
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'statefulapp.dev/v1alpha1', kind: 'StatefulApp', name: 'web', uid: 'app-uid', controller: true },
    ]);
  });

  test('has no owner: it outlives its member and its app', () => {
    const owned = {
      ...content,
      metadata: { ...content.metadata, ownerReferences: [{ uid: 'x' }], finalizers: ['f'], namespace: 'other' },
    };
    expect(built({ content: owned })).toEqual(built());
  });

  test('is ours for its member, and for no other', () => {
    const view = readClaim({ ...built(), status: { phase: 'Bound' } });
    const of = (claimant: object) =>
      classifyClaim(
        { template: 'data', name: 'data-web-3', view, recorded: null, volume: null, witness: null },
        { app: 'web', appUid: 'app-uid', ordinal: 3, podUid: null, mounted: false, accepts: new Set(), ...claimant },
      ).class;
    expect([of({}), of({ ordinal: 4 }), of({ app: 'other' })]).toEqual(['Usable', 'Foreign', 'Foreign']);
  });
});

const BOUND = { phase: 'Bound' };
const STAMPED = { labels: { 'statefulapp.dev/name': 'web' }, annotations: STAMPS };

describe('a claim is', () => {
  const recorded = { name: 'data-web-3', uid: 'claim-uid', volume: 'pv' };
  const classOf = (raw: object | null, known: object | null = null) => {
    const view = raw === null ? null : readClaim(raw);
    return classifyClaim(
      {
        template: 'data',
        name: 'data-web-3',
        view,
        recorded: known as typeof recorded | null,
        volume: null,
        witness: null,
      },
      { app: 'web', appUid: 'app-uid', ordinal: 3, podUid: null, mounted: false, accepts: new Set() },
    ).class;
  };
  const claim = (metadata: object, status: object = BOUND) => ({
    metadata: { name: 'data-web-3', uid: 'claim-uid', ...metadata },
    status,
  });
  const foreign = { ownerReferences: [{ uid: 'x', controller: true }] };

  test.each<readonly [what: string, raw: object | null, recorded: object | null]>([
    ['Missing', null, null],
    ['Missing', null, { name: 'data-web-3', uid: 'claim-uid' }],
    ['Gone', null, recorded],
    ['Usable', claim(STAMPED), recorded],
    ['Usable', claim(STAMPED, { phase: 'Pending' }), null],
    ['Usable', claim(STAMPED), { name: 'data-web-3', uid: 'another-uid' }],
    ['Replaced', claim(STAMPED), { ...recorded, uid: 'another-uid' }],
    ['Lost', claim(STAMPED, { phase: 'Lost' }), recorded],
    ['Terminating', claim({ ...STAMPED, deletionTimestamp: '2026-03-01T12:00:00Z' }), recorded],
    ['Usable', claim({ ...STAMPED, deletionTimestamp: null }), recorded],
    ['Unstamped', claim({}), null],
    ['Unstamped', claim({ labels: STAMPED.labels }), null],
    ['Unstamped', claim({ annotations: STAMPS }), null],
    ['Unstamped', claim({ ...STAMPED, annotations: { ...STAMPS, 'statefulapp.dev/app-uid': 'former-uid' } }), null],
    ['Foreign', claim({ ...STAMPED, labels: { 'statefulapp.dev/name': 'other' } }), recorded],
    ['Foreign', claim({ ...STAMPED, annotations: { ...STAMPS, 'statefulapp.dev/ordinal': '4' } }), recorded],
    ['Foreign', claim({ annotations: { 'statefulapp.dev/app-uid': 'another-app' } }), null],
    ['Foreign', claim({ ...STAMPED, ...foreign }), recorded],
    ['Usable', claim({ ...STAMPED, ownerReferences: [{ uid: 'app-uid', controller: true }] }), recorded],
    ['Usable', claim({ ...STAMPED, ownerReferences: [{ uid: 'pod-uid' }] }), recorded],
    ['Foreign', claim({ ...STAMPED, ...foreign, deletionTimestamp: '2026-03-01T12:00:00Z' }), null],
  ])('%s (%#)', (expected, raw, known) => {
    expect(classOf(raw, known)).toBe(expected);
  });

  test('Usable once its stamps are set', () => {
    const view = readClaim(claim({ resourceVersion: '5' }));
    const patch = stampPatch(app, { ordinal: 3, siblings: 'data,wal' }, view);
    expect(patch.metadata).toMatchObject({ uid: 'claim-uid', resourceVersion: '5' });
    expect(classOf({ metadata: { name: 'data-web-3', ...patch.metadata }, status: BOUND })).toBe('Usable');
  });
});

test.each([
  ...[undefined, null, 7, [], { metadata: 7, spec: 'x', status: [] }, { spec: { resources: { requests: 7 } } }],
  { spec: { resources: { requests: { storage: [7] } } } },
])('%j is read as a claim of nothing', (raw) => {
  expect(readClaim(raw)).toMatchObject({
    name: '',
    uid: '',
    controller: null,
    deleting: false,
    phase: 'Pending',
    volume: null,
    request: null,
  });
});

describe('sizes', () => {
  test.each([
    ['1Gi', '1024Mi'],
    ['1Gi', '1073741824'],
    ['0.5Gi', '512Mi'],
    ['1G', '1000M'],
    ['1e9', '1G'],
    ['1E9', '1000M'],
    ['1E', '1000P'],
    ['1500m', '1.5'],
    ['1.', '1'],
    ['.5', '500m'],
    ['+1', '1'],
    ['1000000000n', '1'],
    ['1Ei', '1024Pi'],
    ['-0', '0'],
  ])('%s is %s', (a, b) => {
    expect(amount(a)).not.toBeNull();
    expect(amount(a)).toBe(amount(b));
  });
  test.each([
    ['1Gi', '1G'],
    ['1', '-1'],
    ['9007199254740993', '9007199254740992'],
    ['1n', '0'],
    ['x', '0'],
    ['', '0'],
    ['1 Gi', '1Gi'],
    ['1gi', '1Gi'],
    ['.', '0'],
  ])('%j is not %j', (a, b) => {
    expect(amount(a)).not.toBe(amount(b));
  });
  test('no text makes it throw, and a sign turns it round', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^[+-]?\d{0,70}(\.\d{0,70})?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,2})?$/),
        ),
        (text) => {
          const size = amount(text);
          const isSigned = /^[+-]/.test(text);
          if (!isSigned) expect(amount(`-${text}`)).toBe(size === null ? null : -size);
        },
      ),
    );
  });
});

// The one class that a claim falls in: rows for each, the order in which they are looked for, and that there is always one.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemberClaim } from '../../src/api/status.ts';
import { type ClaimClass, classifyClaim } from '../../src/volumes/claim-class.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';

const NAME = 'data-web-3';
const STAMPS = {
  'statefulapp.dev/app-uid': 'app-uid',
  'statefulapp.dev/ordinal': '3',
  'statefulapp.dev/claims': 'data,wal',
};
const pod = (uid: string, name = 'web-3') => ({ kind: 'Pod', name, uid, controller: true });
const app = (uid: string, name = 'web') => ({ kind: 'StatefulApp', name, uid, controller: true });

interface Given {
  /** Null: there is none. */
  readonly claim?: Readonly<Record<string, unknown>> | null;
  readonly phase?: string;
  readonly volume?: string | null;
  readonly recorded?: Partial<MemberClaim> | null;
  /** What was read of the volume that it is bound to; undefined: nothing. */
  readonly disk?: string | null | undefined;
  readonly hasWitness?: boolean;
  readonly podUid?: string | null;
  readonly mounted?: boolean;
  readonly accepts?: readonly string[];
}

const SAME: MemberClaim = { name: NAME, uid: 'uid', volume: 'pv', disk: 'disk' };

function slotOf(given: Given) {
  const { claim = {}, phase = 'Bound', volume = 'pv', recorded = SAME, disk, hasWitness = false } = given;
  const metadata = { name: NAME, uid: 'uid', labels: { 'statefulapp.dev/name': 'web' }, annotations: STAMPS, ...claim };
  const raw = { metadata, spec: volume === null ? {} : { volumeName: volume }, status: { phase } };
  return classifyClaim(
    {
      template: 'data',
      name: NAME,
      view: claim === null ? null : readClaim(raw),
      recorded: recorded === null ? null : { name: NAME, ...recorded },
      volume: disk === undefined ? null : { name: 'pv', disk },
      witness: hasWitness ? readClaim({ metadata: { ...metadata, name: 'wal-web-3', uid: 'wal-uid' } }) : null,
    },
    {
      app: 'web',
      appUid: 'app-uid',
      ordinal: 3,
      podUid: given.podUid ?? null,
      mounted: given.mounted ?? false,
      accepts: new Set(given.accepts),
    },
  );
}

const OTHER = { uid: 'other' };
const GOING = { deletionTimestamp: '2026-03-01T12:00:00Z' };
const SEEN = { uid: 'uid' };
const BOUND = { uid: 'uid', volume: 'pv' };

const ROWS: Readonly<Record<ClaimClass, readonly Given[]>> = {
  Missing: [
    { claim: null, recorded: null },
    { claim: null, recorded: SEEN },
    { claim: null, recorded: {} },
    // One that is recorded without a volume was still being made, whatever its sibling says.
    { claim: null, recorded: SEEN, hasWitness: true },
    { claim: null, recorded: { uid: 'uid', volume: '' } },
  ],
  Incomplete: [{ claim: null, recorded: null, hasWitness: true }],
  Gone: [
    { claim: null },
    { claim: null, recorded: BOUND },
    { claim: null, recorded: BOUND, hasWitness: true },
    // It protects a volume, though nobody knows of which claim.
    { claim: null, recorded: { volume: 'pv' } },
  ],
  Foreign: [
    { claim: { labels: { 'statefulapp.dev/name': 'other' } } },
    { claim: { annotations: { ...STAMPS, 'statefulapp.dev/ordinal': '4' } } },
    { claim: { annotations: { ...STAMPS, 'statefulapp.dev/ordinal': '03' } } },
    { claim: { ownerReferences: [{ kind: 'Database', name: 'db', uid: 'db', controller: true }] } },
    { claim: { ownerReferences: [pod('x', 'web-4')] } },
    { claim: { ownerReferences: [app('x', 'other')] } },
    { claim: { labels: { 'statefulapp.dev/name': 'other' }, ...GOING }, recorded: null },
    { claim: { labels: { 'statefulapp.dev/name': 'other' }, ...GOING, ...OTHER } },
    { claim: { ...OTHER, labels: { 'statefulapp.dev/name': 'other' } }, phase: 'Lost' },
  ],
  Terminating: [
    { claim: GOING },
    { claim: GOING, recorded: null },
    { claim: GOING, phase: 'Lost' },
    { claim: { ...GOING, ...OTHER }, volume: 'pv-2' },
    { claim: { ...GOING, ownerReferences: [pod('gone')] } },
    { claim: { ...GOING, annotations: {} } },
    // Whoever has taken the recorded one meanwhile: a pod of ours may be all that keeps it.
    { claim: { labels: { 'statefulapp.dev/name': 'other' }, ...GOING } },
    { claim: { ...GOING, ownerReferences: [{ kind: 'Database', name: 'db', uid: 'db', controller: true }] } },
  ],
  Doomed: [
    { claim: { ownerReferences: [pod('gone')] } },
    { claim: { ownerReferences: [pod('gone')] }, podUid: 'another' },
    { claim: { ownerReferences: [app('former')] } },
    { claim: { ownerReferences: [app('former')] }, podUid: 'former' },
    { claim: { ownerReferences: [pod('gone')], ...OTHER }, volume: 'pv-2' },
    { claim: { ownerReferences: [pod('gone')] }, phase: 'Lost' },
  ],
  Lost: [
    { phase: 'Lost' },
    { phase: 'Lost', recorded: null },
    { phase: 'Lost', claim: OTHER, volume: 'pv-2' },
    { phase: 'Lost', claim: { annotations: {} } },
  ],
  Replaced: [
    { claim: OTHER, volume: 'pv-2' },
    { claim: OTHER, volume: null, phase: 'Pending' },
    { claim: OTHER, phase: 'Pending' },
    { claim: OTHER, volume: 'pv-2', recorded: BOUND },
    { volume: 'pv-2' },
    { disk: 'another' },
    { disk: '' },
    { claim: OTHER, disk: 'another' },
    { claim: OTHER, disk: '' },
    { claim: { ...OTHER, annotations: {} }, volume: 'pv-2' },
  ],
  Unread: [{ claim: OTHER }, { claim: OTHER, disk: null }, { claim: { ...OTHER, annotations: {} } }],
  Unstamped: [
    { claim: { labels: {}, annotations: {} } },
    { claim: { annotations: {} } },
    { claim: { labels: {} } },
    { claim: { annotations: { ...STAMPS, 'statefulapp.dev/app-uid': 'former' } } },
    { claim: { ...OTHER, annotations: {} }, disk: 'disk' },
    { claim: { labels: {}, annotations: {} }, recorded: null, volume: null, phase: 'Pending' },
  ],
  Usable: [
    {},
    { recorded: null },
    { recorded: SEEN, claim: OTHER },
    { recorded: BOUND, claim: OTHER },
    { claim: OTHER, disk: 'disk' },
    { disk: 'disk' },
    { disk: null },
    { volume: null, phase: 'Pending', recorded: SEEN },
    { claim: { ownerReferences: [app('app-uid')] } },
    { claim: { ownerReferences: [pod('mine')] }, podUid: 'mine' },
    { claim: { ownerReferences: [pod('gone')] }, mounted: true },
    { claim: { ownerReferences: [app('former')] }, mounted: true },
    { claim: { ownerReferences: [{ kind: 'ConfigMap', name: 'x', uid: 'x' }] } },
  ],
};

describe.each(Object.entries(ROWS))('%s', (expected, rows) => {
  test.each(rows.map((row) => [JSON.stringify(row), row] as const))('%s', (_, row) => {
    expect(slotOf(row).class).toBe(expected);
  });
});

describe('a loss is accepted by the UID', () => {
  const uidsOf = (given: Given) =>
    ['uid', 'other', 'wal-uid', 'former', 'undefined', 'null', ''].filter(
      (uid) => slotOf({ ...given, accepts: [`${NAME}=${uid}`] }).accepted,
    );

  test.each<readonly [what: string, uids: readonly string[], given: Given]>([
    ['that is recorded', ['uid'], { claim: null }],
    ['that is recorded, and not by that of the claim in its place', ['uid'], { claim: OTHER, volume: 'pv-2' }],
    ['of the claim that is there when none is recorded', ['other'], { claim: OTHER, phase: 'Lost', recorded: null }],
    [
      'of the sibling that is there when nothing else is',
      ['wal-uid'],
      { claim: null, recorded: null, hasWitness: true },
    ],
    ['of nothing when nothing is there', [], { claim: null, recorded: null }],
    ['once', [], { claim: null, recorded: { ...SAME, accepted: 'uid' } }],
  ])('%s', (_, uids, given) => {
    expect(uidsOf(given)).toEqual(uids);
  });

  test('of the very claim', () => {
    const accepts = [
      'wal-web-3=uid',
      'data-web-30=uid',
      'data-web-3=uid2',
      'data-web-3',
      '=uid',
      'uid',
      ' data-web-3=uid',
    ];
    expect(slotOf({ claim: null, accepts }).accepted).toBe(false);
  });
});

test('every claim in every state falls in one class, which is absent exactly if it is', () => {
  const owners = fc.constantFrom<readonly object[]>(
    [],
    [pod('gone')],
    [app('former')],
    [app('app-uid')],
    [pod('x', 'web-4')],
  );
  const claim = fc.option(
    fc.record({
      uid: fc.constantFrom('uid', 'other', ''),
      labels: fc.constantFrom<object>({ 'statefulapp.dev/name': 'web' }, {}, { 'statefulapp.dev/name': 'other' }),
      annotations: fc.constantFrom<object>(STAMPS, {}, { ...STAMPS, 'statefulapp.dev/ordinal': '__proto__' }),
      ownerReferences: owners,
      deletionTimestamp: fc.constantFrom(undefined, '2026-03-01T12:00:00Z'),
    }),
  );
  const recorded = fc.option(
    fc.record(
      {
        uid: fc.constantFrom('uid', ''),
        volume: fc.constantFrom('pv', ''),
        disk: fc.constantFrom('disk', ''),
        accepted: fc.constant('uid'),
      },
      { requiredKeys: [] },
    ),
  );
  const given = fc.record({
    claim,
    phase: fc.constantFrom('Bound', 'Pending', 'Lost', '', 'Unknown'),
    volume: fc.constantFrom('pv', 'pv-2', '', null),
    recorded,
    disk: fc.constantFrom(undefined, null, '', 'disk', 'another'),
    hasWitness: fc.boolean(),
    podUid: fc.constantFrom(null, 'gone', 'former'),
    mounted: fc.boolean(),
    accepts: fc.constantFrom([], [`${NAME}=uid`]),
  });
  fc.assert(
    fc.property(given, (one) => {
      const { class: found, ...slot } = slotOf(one);
      expect(Object.keys(ROWS)).toContain(found);
      expect(['Missing', 'Incomplete', 'Gone'].includes(found)).toBe(one.claim === null);
      // What is not ours, or going, is that before it is anything else.
      if (found === 'Usable' || found === 'Unstamped')
        expect([slot.view?.deleting, slot.view?.phase === 'Lost']).toEqual([false, false]);
      if (found === 'Foreign' || found === 'Replaced') expect(slot.why).toEqual(expect.any(String));
    }),
    { numRuns: 2000 },
  );
});

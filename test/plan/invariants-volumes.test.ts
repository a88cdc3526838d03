// What no plan may do to volumes (R5, R8, R12): each invariant has bad plans that it catches, and near them good ones.

import { expect, test } from 'vitest';
import type { Action } from '../../src/plan/types.ts';
import { doing, remove } from './bad-plans.ts';
import type { AppWords } from './objects.ts';

const claimAt = (claim: string, ordinal: number) => ({
  name: `${claim}-web-${ordinal}`,
  uid: `${claim}-web-${ordinal}-uid`,
});
/** As objects.ts numbers them. */
const existing = (claim: string, ordinal: number) => ({
  ...claimAt(claim, ordinal),
  resourceVersion: `${ordinal + 1}`,
  ordinal,
  reason: 'test',
});
const claimGoes = (ordinal: number, because: 'rebuild' | 'scaled', more: object = {}): Action =>
  ({ type: 'deleteClaim', ...existing('data', ordinal), because, ...more }) as Action;
const claimMade = (ordinal: number): Action => ({
  type: 'createClaim',
  ordinal,
  object: { metadata: { name: `data-web-${ordinal}` } },
  reason: 'test',
});
const claimChanged = (ordinal: number, type: 'changeClaim' | 'stampClaim' = 'changeClaim'): Action => {
  const { uid, resourceVersion, ...named } = existing('data', ordinal);
  return { type, ...named, uid, resourceVersion, patch: { metadata: { uid, resourceVersion } } };
};
const claimOwned = (ordinal: number): Action => {
  const { uid, resourceVersion, ...named } = existing('data', ordinal);
  const patch = { metadata: { uid, resourceVersion, ownerReferences: [] } };
  return { type: 'keepClaim', keeper: 'pod', ...named, uid, resourceVersion, patch };
};

const volume = { replicas: 1, volumes: ['data'] };
const volumes = { replicas: 2, volumes: ['data'] };
const asking = (annotation: 'rebuild' | 'accept-volume-loss', what: string, more: AppWords = volumes): AppWords => ({
  ...more,
  metadata: { annotations: { [`statefulapp.dev/${annotation}`]: what } },
});
const RIGHT = 'data-web-1=data-web-1-uid';
const scaled = { ...volume, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } };
const BOTH = '0 Available, 1 Available';
const another = { disks: { 'pv-data-web-0': 'another' } };

test.each<readonly [breach: string, found: readonly string[]]>([
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing({ app: volume, pods: '0 Failed', ...another }, remove(0, { because: 'ended' })),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing({ app: volume, pods: '0 Failed', disks: { 'pv-data-web-0': '' } }, remove(0, { because: 'ended' })),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing(
      { app: volume, pods: '0 Failed', claims: 'data-0 Restored', disks: { 'pv-data-web-0': 'unread' } },
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing(
      { app: asking('accept-volume-loss', 'data-web-0=former', volume), pods: '0 Failed', ...another },
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing(
      { app: asking('rebuild', 'data-web-0=former', volume), pods: '0 Failed', ...another },
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'R6: web-1 is to go for a rebuild, and no request names a claim of it',
    doing({ app: volumes, pods: BOTH }, remove(1, { because: 'rebuild' })),
  ],
  [
    'R6: web-1 is to go for a rebuild, and no request names a claim of it',
    doing({ app: asking('rebuild', 'data-web-1=former'), pods: BOTH }, remove(1, { because: 'rebuild' })),
  ],
  [
    'R6: web-1 is to go for a rebuild, and no request names a claim of it',
    doing({ app: asking('rebuild', 'data-web-0=data-web-0-uid'), pods: BOTH }, remove(1, { because: 'rebuild' })),
  ],
  [
    'R5: claim data-web-1 is to be deleted, and no request names UID data-web-1-uid',
    doing({ app: volumes, pods: BOTH }, claimGoes(1, 'rebuild')),
  ],
  [
    'R5: claim data-web-1 is to be deleted, and no request names UID former',
    doing({ app: asking('rebuild', RIGHT), pods: BOTH }, claimGoes(1, 'rebuild', { uid: 'former' })),
  ],
  [
    'R5: claim data-web-1 is to be deleted while another member is not ready',
    doing({ app: asking('rebuild', RIGHT), pods: '0 NotReady, 1 Available' }, claimGoes(1, 'rebuild')),
  ],
  [
    'R5: claim data-web-1 is to be deleted while another member is not ready',
    doing({ app: asking('rebuild', RIGHT), pods: '0 Foreign, 1 Available' }, claimGoes(1, 'rebuild')),
  ],
  [
    'R5: claim data-web-1 is to end, and whenScaled is Retain',
    doing({ app: volume, pods: BOTH }, claimGoes(1, 'scaled')),
  ],
  ['R5: claim data-web-1 is to end, and whenScaled is Retain', doing({ app: volume, pods: BOTH }, claimOwned(1))],
  [
    'R5: claim data-web-0 is to end, and ordinal 0 is wanted',
    doing({ app: scaled, pods: '0 Stopped' }, claimGoes(0, 'scaled')),
  ],
  [
    'R5: claim data-web-0 is to end, and ordinal 0 is wanted',
    doing({ app: scaled, pods: '0 Available' }, claimOwned(0)),
  ],
  [
    'R5: claim data-web-1 is to be deleted while its pod is there',
    doing({ app: scaled, pods: BOTH }, claimGoes(1, 'scaled')),
  ],
  [
    'R5: claim data-web-1 is to be deleted, and the ledger does not name it',
    doing({ app: scaled, pods: '0 Available, 1 Stopped' }, claimGoes(1, 'scaled', { uid: 'another' })),
  ],
  [
    'R5: claim data-web-1 is to be deleted, and the ledger does not name it',
    doing(
      { app: { ...scaled, status: { appUID: 'former-uid' } }, pods: '0 Available, 1 Stopped' },
      claimGoes(1, 'scaled'),
    ),
  ],
  [
    'R12: claim data-web-0 is to be made under Require',
    doing({ app: { ...volume, volumeLossPolicy: 'Require' } }, claimMade(0)),
  ],
  [
    'R12: claim data-web-0 is recorded, and another is to be made',
    doing({ app: volume, pods: '0 Stopped', claims: 'data-0 -' }, claimMade(0)),
  ],
  [
    'R12: claim data-web-0 is recorded, and another is to be made',
    doing(
      {
        app: asking('accept-volume-loss', 'data-web-0=former, data-web-1=data-web-0-uid', volume),
        pods: '0 Stopped',
        claims: 'data-0 -',
      },
      claimMade(0),
    ),
  ],
  [
    'R8: claim data-web-0 is to be changed, and is not stamped as ours',
    doing({ app: volume, pods: '0 Available', claims: 'data-0 Plain' }, claimChanged(0)),
  ],
])('%s (%#)', (breach, found) => {
  expect(found).toEqual([breach]);
});

test.each<readonly [what: string, found: readonly string[]]>([
  [
    'a rebuild that is asked for',
    doing(
      { app: asking('rebuild', RIGHT), pods: BOTH },
      claimGoes(1, 'rebuild'),
      remove(1, { because: 'rebuild', resourceVersion: '2' }),
    ),
  ],
  [
    'a rebuild of a member that is not ready itself',
    doing({ app: asking('rebuild', RIGHT), pods: '0 Available, 1 NotReady' }, claimGoes(1, 'rebuild')),
  ],
  [
    'a pod that goes with a disk whose loss is accepted',
    doing(
      { app: asking('accept-volume-loss', 'data-web-0=data-web-0-uid', volume), pods: '0 Failed', ...another },
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'a pod that goes with a claim that is asked to be made anew',
    doing(
      { app: asking('rebuild', 'data-web-0=data-web-0-uid', volume), pods: '0 Failed', claims: 'data-0 Terminating' },
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'a pod that goes while nobody has read the disk of the very claim',
    doing({ app: volume, pods: '0 Failed', disks: { 'pv-data-web-0': 'unread' } }, remove(0, { because: 'ended' })),
  ],
  ['a claim that ends by policy', doing({ app: scaled, pods: '0 Available, 1 Stopped' }, claimGoes(1, 'scaled'))],
  ['a claim that is to end by policy with its pod', doing({ app: scaled, pods: BOTH }, claimOwned(1))],
  [
    'a claim in the place of one whose loss is accepted',
    doing(
      {
        app: asking('accept-volume-loss', 'data-web-0=data-web-0-uid', volume),
        pods: '0 Stopped',
        claims: 'data-0 -',
      },
      claimMade(0),
    ),
  ],
  [
    'a claim in the place of one that was never bound',
    doing(
      { app: volume, pods: '0 Stopped', claims: 'data-0 -', ledger: { 0: { claims: [claimAt('data', 0)] } } },
      claimMade(0),
    ),
  ],
  [
    'a stamp on a bare claim',
    doing({ app: volume, pods: '0 Stopped', claims: 'data-0 Plain' }, claimChanged(0, 'stampClaim')),
  ],
])('%s is no breach', (_, found) => {
  expect(found).toEqual([]);
});

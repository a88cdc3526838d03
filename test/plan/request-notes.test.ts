// What is said of a request: nothing while it is in force, and otherwise that it is done, that it names nobody, or that it
// would accept a loss that has not happened.

import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { type Given, planned, see, world } from './world.ts';

const UID = 'data-web-0-uid';
const one = { replicas: 1, volumes: ['data'] };
type Ask = 'rebuild' | 'accept-volume-loss';

const asked = (ask: Ask, text: string, given: Given): Given => ({
  ...given,
  app: { ...one, ...given.app, metadata: { annotations: { [`statefulapp.dev/${ask}`]: text } } },
});
const notesOf = (ask: Ask, text: string, given: Given) => planned(see(world(asked(ask, text, given)))).notes;
const reasonsOf = (ask: Ask, text: string, given: Given) => notesOf(ask, text, given).map(({ reason }) => reason);

const DONE = ['RequestDone'];
const UNCLEAR = ['RequestUnclear'];
const IN_FORCE: readonly string[] = [];
const swapped = { disks: { 'pv-data-web-0': 'another' } };
const gone = { pods: '0 Stopped', claims: 'data-0 -' };
const unread = { claims: 'data-0 Restored', disks: { 'pv-data-web-0': 'unread' } };

describe.each(['Block', 'Recreate', 'Require'] as const)('under %s', (volumeLossPolicy) => {
  test.each<readonly [what: string, given: Given, said: readonly string[]]>([
    ['a claim that is there, and is as it was', { pods: '0 Available' }, UNCLEAR],
    ['a claim that is yet to be stamped', { pods: '0 Available', claims: 'data-0 Plain' }, UNCLEAR],
    ['a claim that is gone', gone, volumeLossPolicy === 'Require' ? IN_FORCE : DONE],
    ['a claim in whose place another is', { pods: '0 Stopped', claims: 'data-0 Replaced' }, DONE],
    ['a claim with another disk', { pods: '0 Stopped', ...swapped }, DONE],
    ['a claim that was made again, and of which nothing is known yet', { pods: '0 Stopped', ...unread }, DONE],
    ['a claim that is lost', { pods: '0 Stopped', claims: 'data-0 Lost' }, IN_FORCE],
    ['a claim that is being deleted', { pods: '0 Available', claims: 'data-0 Terminating' }, IN_FORCE],
    ['a claim that is not ours', { pods: '0 Stopped', claims: 'data-0 Foreign' }, IN_FORCE],
  ])('of the accepted loss of %s', (_, given, said) => {
    const app = { ...one, volumeLossPolicy };
    expect(reasonsOf('accept-volume-loss', `data-web-0=${UID}`, { ...given, app })).toEqual(said);
  });

  test.each<readonly [what: string, given: Given, said: readonly string[]]>([
    ['a claim that is there', { pods: '0 Available' }, IN_FORCE],
    ['a claim that is lost', { pods: '0 Available', claims: 'data-0 Lost' }, IN_FORCE],
    ['a claim that is being deleted', { pods: '0 Available', claims: 'data-0 Terminating' }, IN_FORCE],
    ['a claim that is gone', gone, DONE],
    ['a claim in whose place another is', { pods: '0 Stopped', claims: 'data-0 Replaced' }, DONE],
    ['a claim that is not ours', { pods: '0 Available', claims: 'data-0 Owned' }, UNCLEAR],
  ])('of the rebuild of %s', (_, given, said) => {
    const app = { ...one, volumeLossPolicy };
    expect(reasonsOf('rebuild', `data-web-0=${UID}`, { ...given, app })).toEqual(said);
  });

  test('carried out to the end, an accepted loss is done, and so is a rebuild', () => {
    for (const [ask, given] of [
      ['accept-volume-loss', gone],
      ['rebuild', { pods: '0 Available' }],
    ] as const) {
      const { last } = carryOut(
        world(asked(ask, `data-web-0=${UID}`, { ...given, app: { ...one, volumeLossPolicy } })),
      );
      // Under Require nobody but people makes the claim, and until then its loss is yet to be accepted.
      const isOpen = volumeLossPolicy === 'Require' && ask === 'accept-volume-loss';
      expect(last.notes.map(({ reason }) => reason)).toEqual(isOpen ? IN_FORCE : DONE);
    }
  });
});

describe('of several requests', () => {
  const available = { pods: '0 Available' };

  test.each<readonly [text: string, said: readonly string[]]>([
    ['data-web-0=former', DONE],
    ['data-web-0=former, data-web-0=older', DONE],
    [`data-web-0=former, data-web-0=${UID}`, IN_FORCE],
    [`data-web-9=x, data-web-0=${UID}`, UNCLEAR],
    ['data-web-0=former, data-web-9=x', UNCLEAR],
    ['data-web-0=former, data-web-0', UNCLEAR],
    ['data-web-0, data-web-9=x', [...UNCLEAR, ...UNCLEAR]],
    ['x, y, z', UNCLEAR],
    [', ,', []],
    ['', []],
  ])('%j is said what concerns people, each kind once', (text, said) => {
    expect(reasonsOf('rebuild', text, available)).toEqual(said);
  });

  test('both annotations are told of, by name and with the words that take them off', () => {
    const metadata = {
      annotations: { 'statefulapp.dev/rebuild': 'data-web-0=a', 'statefulapp.dev/accept-volume-loss': 'data-web-0=b' },
    };
    const { notes } = planned(see(world({ ...available, app: { ...one, metadata } })));
    expect(notes.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^Annotation statefulapp.dev\/rebuild: done.*annotate statefulapp web -n prod statefulapp.dev\/rebuild-$/,
      ),
      expect.stringMatching(
        /^Annotation statefulapp.dev\/accept-volume-loss: done.*-n prod statefulapp.dev\/accept-volume-loss-$/,
      ),
    ]);
  });
});

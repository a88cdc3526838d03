// The demo's judgements on the history of pods: that they pass what is right, and above all that they can fail.
import { describe, expect, test } from 'vitest';
import { creationBreaches, disturbances, doubleBreaches, removalBreaches } from '../../e2e/demo/history.ts';
import { type Happening, history } from './samples.ts';

type Row = readonly [what: string, happenings: readonly Happening[], breaches: readonly string[]];

describe('created in order', () => {
  test.each<Row>([
    ['each after the lower one was Ready', ['created 0', 'ready 0', 'created 1', 'ready 1'], []],
    ['too early', ['created 0', 'created 1', 'ready 0'], ['web-1 was created while member 0 was not Ready']],
    ['the wrong way round', ['created 1', 'created 0'], ['web-1 was created while member 0 did not exist']],
    [
      'while the lower one goes',
      ['created 0', 'ready 0', 'deleting 0', 'created 1'],
      ['web-1 was created while member 0 was being deleted'],
    ],
    [
      'after the lower one turned not Ready',
      ['created 0', 'ready 0', 'unready 0', 'created 1'],
      ['web-1 was created while member 0 was not Ready'],
    ],
    ['one is missing', ['created 0', 'ready 0'], ['member 1 was created 0 times']],
    ['one twice', ['created 0', 'ready 0', 'created 1', 'gone 1', 'created 1'], ['member 1 was created 2 times']],
  ])('%s', (_what, happenings, breaches) => {
    expect(creationBreaches(history(happenings), [0, 1])).toEqual(breaches);
  });

  test('what happened before the span is known, not judged', () => {
    const past: readonly Happening[] = ['created 1', 'created 0', 'ready 0', 'ready 1'];
    expect(creationBreaches(history([...past, 'created 2'], past.length), [2])).toEqual([]);
    expect(creationBreaches(history([...past, 'unready 1', 'created 2'], past.length), [2])).toHaveLength(1);
  });
});

describe('removed from the highest down', () => {
  test.each<Row>([
    ['one after the other', ['deleting 4', 'ended 4', 'gone 4', 'deleting 3', 'ended 3', 'gone 3'], []],
    [
      'both at once',
      ['deleting 4', 'deleting 3', 'gone 4', 'gone 3'],
      ['web-3 was removed while member 4 still existed'],
    ],
    ['the lower one first', ['gone 3', 'gone 4'], ['web-3 was removed while member 4 still existed']],
    ['one stays', ['deleting 4', 'gone 4'], ['member 3 was not removed']],
  ])('%s', (_what, happenings, breaches) => {
    expect(removalBreaches(history(['created 3', 'created 4', ...happenings], 2), [3, 4])).toEqual(breaches);
  });
});

describe('never two pods of one name', () => {
  test.each<Row>([
    ['ended, gone, created', ['deleting 0', 'ended 0', 'gone 0', 'created 0'], []],
    ['failed, gone, created', ['failed 0', 'deleting 0', 'gone 0', 'created 0'], []],
    [
      'taken away while it ran',
      ['deleting 0', 'torn 0', 'created 0'],
      ['web-0 (uid-1) was taken away in phase Running, before it had ended'],
    ],
    ['a second one beside it', ['created 0'], ['a second web-0 (uid-2) came while the first one (uid-1) existed']],
  ])('%s', (_what, happenings, breaches) => {
    expect(doubleBreaches(history(['created 0', 'ready 0', ...happenings], 2))).toEqual(breaches);
  });
});

test.each<Row>([
  ['only 1 is touched', ['deleting 1', 'gone 1', 'created 1'], []],
  ['0 is deleted', ['deleting 0', 'gone 0'], ['web-0 was deleted']],
  ['0 restarts', ['unready 0', 'ready 0'], ['web-0 was not Ready']],
  ['2 appears', ['created 2'], ['web-2 was created']],
])('the others are left alone: %s', (_what, happenings, breaches) => {
  expect(disturbances(history(['created 0', 'ready 0', ...happenings], 2), [1])).toEqual(breaches);
});

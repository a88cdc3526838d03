// What is news, and what is only an echo of our own writes.

import { expect, test } from 'vitest';
import { Rest } from '../../src/operator/rest.ts';

const HOUR = 3_600_000;

function resting(): Rest {
  const rest = new Rest();
  rest.begins('a');
  rest.until('a', HOUR);
  return rest;
}

test('an app of which nothing is known is due', () => {
  expect(new Rest().leftMs('a', 5)).toBe(0);
});

test('it rests until the time that its last pass has named', () => {
  const rest = resting();
  expect(rest.leftMs('a', 1000)).toBe(HOUR - 1000);
  expect(rest.leftMs('a', HOUR)).toBe(0);
  rest.until('a', Number.POSITIVE_INFINITY);
  expect(rest.leftMs('a', HOUR)).toBe(Number.POSITIVE_INFINITY);
});

test('an echo of what we wrote is no news, whichever of watch and answer comes first', () => {
  const rest = resting();
  rest.wrote('a', 'pods', '7');
  expect(rest.hears('a', 'pods', '7')).toBe(false);
  expect(rest.hears('a', 'pods', '8')).toBe(true);
  rest.wrote('a', 'pods', '8');
  expect(rest.leftMs('a', 0)).toBe(HOUR);
});

test.each([
  ['another version', 'a', 'pods', '8'],
  ['that version of another kind', 'a', 'services', '7'],
])('%s is news', (_, key, scope, version) => {
  const rest = resting();
  rest.wrote('a', 'pods', '7');
  expect(rest.hears(key, scope, version)).toBe(true);
  expect(rest.leftMs('a', 0)).toBe(0);
});

test('what is written for one app explains nothing to another', () => {
  const rest = resting();
  rest.until('b', HOUR);
  rest.wrote('a', 'pods', '7');
  expect(rest.hears('b', 'pods', '7')).toBe(true);
});

test('news stays news until a pass begins', () => {
  const rest = resting();
  rest.hears('a', 'pods', '7');
  rest.disturb('a');
  rest.wrote('a', 'pods', '7');
  expect(rest.leftMs('a', 0)).toBe(0);
  rest.begins('a');
  rest.until('a', HOUR);
  expect(rest.leftMs('a', 0)).toBe(HOUR);
});

test('what is heard while no pass ever begins, since another process leads, is not kept without bound', () => {
  const rest = resting();
  for (let version = 0; version < 5000; version += 1) rest.hears('a', 'pods', `${version}`);
  for (let version = 0; version < 5000; version += 1) rest.wrote('a', 'pods', `${version}`);
  expect(rest.leftMs('a', 0)).toBe(0);
});

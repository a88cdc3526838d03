// What the demo says of a program that cannot be had: short enough for its first line, true to what was tried.
import { expect, test } from 'vitest';
import { clauseOf } from '../../e2e/demo/programs.ts';

const tried = (...ways: readonly string[]) =>
  ['No etcd (etcd-v3.6.8) for the local cluster. Tried:', ...ways.map((way) => `  - ${way}`), 'Install Go.'].join('\n');

test.each([
  [
    'both ways',
    tried('the cache /c/etcd: not there', 'a download: github.com could not be reached', 'a Go build: no go in PATH'),
    'no etcd; a download: github.com could not be reached; a Go build: no go in PATH',
  ],
  [
    'a build that failed',
    tried('a download: nothing is released for plan9', 'a Go build (go build x): exit 1: go: many\nlines'),
    'no etcd; a download: nothing is released for plan9; a Go build failed',
  ],
  ['something else', "EACCES: permission denied, mkdir '/c'\nmore", "no etcd; EACCES: permission denied, mkdir '/c'"],
])('%s', (_what, message, clause) => {
  expect(clauseOf('etcd', message)).toBe(clause);
});

test('a long reason is cut', () => {
  const clause = clauseOf('etcd', tried(`a download: ${'x'.repeat(500)}`));
  expect(clause).toHaveLength(200);
  expect(clause.endsWith('x…')).toBe(true);
});

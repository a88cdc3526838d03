// Each planted bug can still be planted: its place is there exactly once, and what comes out is a program. Whether it is
// caught is for `npm run sim:mutants`, which takes minutes.
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plant } from './mutants/plant.ts';
import { PLANTED } from './mutants/planted.ts';

const ROOT = join(import.meta.dirname, '../..');

test('there are at least 20 planted bugs, each with a name of its own', () => {
  expect(PLANTED.length).toBeGreaterThanOrEqual(20);
  expect(new Set(PLANTED.map(({ name }) => name)).size).toBe(PLANTED.length);
});

test.for(PLANTED.map((bug) => [bug.name, bug] as const))('%s can be planted', ([, bug]) => {
  const text = readFileSync(join(ROOT, bug.file), 'utf8');
  const planted = plant(text, bug);
  expect(planted).not.toBe(text);
  expect(() => stripTypeScriptTypes(planted)).not.toThrow();
});

test('a place that is gone, or that is no longer the only one, is an error', () => {
  const bug = { name: 'x', why: 'y', file: 'f', find: 'if (a)', replace: 'if (b)' };
  expect(plant('{ if (a) c(); }', bug)).toBe('{ if (b) c(); }');
  expect(() => plant('if (c)', bug)).toThrow('occurs 0 times');
  expect(() => plant('if (a) if (a)', bug)).toThrow('occurs 2 times');
});

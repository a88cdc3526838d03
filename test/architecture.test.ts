// The rules of architecture.md, enforced on src/; and the checker itself, on planted breaches, so that it cannot pass by
// seeing nothing.

import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { breaches, FOLDERS } from './architecture/rules.ts';
import { parseSource } from './architecture/source.ts';
import { tokenize } from './architecture/tokens.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const FILES = globSync('src/**/*.ts', { cwd: ROOT }).sort();
const SOURCES = FILES.map((path) => parseSource(path, readFileSync(`${ROOT}${path}`, 'utf8')));

describe('src/ keeps the rules of architecture.md', () => {
  const all = breaches(SOURCES);

  test.each(Object.keys(FOLDERS))('in %s', (folder) => {
    expect(all.filter((breach) => breach.includes(`src/${folder}/`))).toEqual([]);
  });

  test('everywhere', () => {
    expect(all).toEqual([]);
  });

  test('and the check sees the files, their imports and their functions', () => {
    const plan = SOURCES.find(({ path }) => path === 'src/plan/plan.ts');
    expect(SOURCES.length).toBeGreaterThan(50);
    expect(plan?.imports.map(({ from }) => from)).toContain('./fill.ts');
    expect(plan?.functions.map(({ name }) => name)).toEqual(expect.arrayContaining(['plan', 'manage', 'finish']));
    const declared = SOURCES.flatMap(({ tokens }) =>
      tokens.filter(({ kind, text }) => kind === 'word' && text === 'function'),
    );
    const measured = SOURCES.flatMap(({ functions }) => functions.filter(({ name }) => name !== '(arrow)'));
    expect(measured.length).toBeGreaterThanOrEqual(declared.length);
  });
});

/** `@{` stands for the mark that opens an expression in a template, which the linter suspects in a plain string. */
const written = (text: string) => text.replaceAll('@{', '$' + '{');
const found = (path: string, text: string) => breaches([parseSource(path, written(text))]);
const long = (count: number, line = 'x();') => `${line}\n`.repeat(count);

describe('a planted breach is found:', () => {
  test.each<readonly [rule: string, path: string, text: string, breach: string]>([
    ['api imports another folder', 'src/api/a.ts', "import { x } from '../plan/x.ts';", 'api may not import plan'],
    ['api imports another package', 'src/api/a.ts', "import { x } from 'undici';", 'api may not import undici'],
    ['identity imports zod', 'src/identity/a.ts', "import { z } from 'zod';", 'identity may not import zod'],
    [
      'identity imports volumes',
      'src/identity/a.ts',
      "import type { X } from '../volumes/x.ts';",
      'identity may not import volumes',
    ],
    ['volumes imports plan', 'src/volumes/a.ts', "import * as x from '../plan/x.ts';", 'volumes may not import plan'],
    ['plan imports kube', 'src/plan/a.ts', "import '../kube/x.ts';", 'plan may not import kube'],
    [
      'plan imports operator',
      'src/plan/a.ts',
      "export { x } from '../operator/x.ts';\nexport const y = 1;",
      'plan may not import operator',
    ],
    ['plan imports at run time', 'src/plan/a.ts', "const x = import('../kube/x.ts');", 'plan may not import kube'],
    ['plan imports a type in place', 'src/plan/a.ts', "type X = import('../kube/x.ts').X;", 'plan may not import kube'],
    ['plan requires', 'src/plan/a.ts', "const x = require('node:fs');", 'plan may not import node:fs'],
    ['kube imports ours', 'src/kube/a.ts', "import { x } from '../api/names.ts';", 'kube may not import api'],
    ['operator imports cli', 'src/operator/a.ts', "import { x } from '../cli/x.ts';", 'operator may not import cli'],
    ['cli imports operator', 'src/cli/a.ts', "import { x } from '../operator/x.ts';", 'cli may not import operator'],
    ['cli imports identity', 'src/cli/a.ts', "import { x } from '../identity/x.ts';", 'cli may not import identity'],
    ['src imports tests', 'src/operator/a.ts', "import { x } from '../../test/x.ts';", 'outside src/'],
    ['a folder without a rule', 'src/misc/a.ts', 'export const x = 1;', 'no import rule'],
    [
      'a node module in a pure folder',
      'src/plan/a.ts',
      "import { readFileSync } from 'node:fs';",
      'plan may not import node:fs',
    ],
    [
      'a hash elsewhere',
      'src/plan/a.ts',
      "import { createHash } from 'node:crypto';",
      'plan may not import node:crypto',
    ],
    [
      'more than a hash',
      'src/identity/revision.ts',
      "import { createHash, randomUUID } from 'node:crypto';",
      'may not import node:crypto',
    ],
    ['the clock', 'src/plan/a.ts', 'const now = Date.now();', 'Date in a pure folder'],
    ['the clock in the time file', 'src/identity/time.ts', 'const now = new Date();', 'Date in a pure folder'],
    ['the clock by call in the time file', 'src/identity/time.ts', 'const now = Date.now();', 'Date in a pure folder'],
    ['the clock under another name', 'src/identity/time.ts', 'const Clock = Date;', 'Date in a pure folder'],
    ['a timer', 'src/plan/a.ts', 'setTimeout(go, 1);', 'setTimeout in a pure folder'],
    ['chance', 'src/plan/a.ts', 'const x = Math.random();', 'Math.random in a pure folder'],
    ['the process', 'src/volumes/a.ts', "const x = process.env['X'];", 'process in a pure folder'],
    ['a global of the process', 'src/volumes/a.ts', 'const x = globalThis;', 'globalThis in a pure folder'],
    ['the console', 'src/api/a.ts', "console.log('x');", 'console in a pure folder'],
    ['async', 'src/plan/a.ts', 'export async function x() {}', 'async in a pure folder'],
    ['await', 'src/plan/a.ts', 'await x;', 'await in a pure folder'],
    ['a promise', 'src/plan/a.ts', 'type X = Promise<string>;', 'Promise in a pure folder'],
    ['impurity inside a template', 'src/plan/a.ts', 'const x = `now @{`@{Date.now()}`}`;', 'Date in a pure folder'],
    ['impurity after a comment', 'src/plan/a.ts', '/* ok */ const x = Date.now(); // fine', 'Date in a pure folder'],
    [
      'impurity after a regular expression',
      'src/plan/a.ts',
      'const x = /[\'"`]/.test(y) && Date.now();',
      'Date in a pure folder',
    ],
    [
      'impurity after a division',
      'src/plan/a.ts',
      'const x = (a) / 2; const y = Date.now(); const z = 1 / 2;',
      'Date in a pure folder',
    ],
    ['a default export', 'src/kube/a.ts', 'export default function x() {}', 'a default export'],
    ['a default export by name', 'src/kube/a.ts', 'const x = 1;\nexport { x as default };', 'a default export'],
    ['a barrel', 'src/kube/index.ts', "export { x } from './x.ts';\nexport type { Y } from './y.ts';", 'a barrel'],
    ['a barrel of everything', 'src/kube/index.ts', "// all of it\nexport * from './x.ts';", 'a barrel'],
    ['a barrel in two steps', 'src/kube/index.ts', "import { x } from './x.ts';\nexport { x };", 'a barrel'],
    ['a long file', 'src/kube/a.ts', long(251), '251 lines'],
    ['a long function', 'src/kube/a.ts', `function big() {\n${long(59)}}\n`, 'big has 61 lines'],
    [
      'a long method',
      'src/kube/a.ts',
      `class A {\n  async big(): Promise<void> {\n${long(59)}  }\n}\n`,
      'big has 61 lines',
    ],
    ['a long arrow', 'src/kube/a.ts', `const big = (x: X): Y<Z> => {\n${long(59)}};\n`, 'big has 61 lines'],
    ['a long expression', 'src/kube/a.ts', `const big = (x) =>\n  f(\n${long(59, 'x,')});\n`, 'big has 62 lines'],
    ['a long private method', 'src/kube/a.ts', `class A {\n  #big() {\n${long(59)}  }\n}\n`, '#big has 61 lines'],
    [
      'a long constructor',
      'src/kube/a.ts',
      `class A {\n  constructor() {\n${long(59)}  }\n}\n`,
      'constructor has 61 lines',
    ],
    ['a long template in a function', 'src/kube/a.ts', `const big = () => \`${long(60)}\`;\n`, 'big has 61 lines'],
    [
      'a long function that makes functions',
      'src/kube/a.ts',
      `function big(): (a: A) => B {\n${long(59)}}\n`,
      'big has 61 lines',
    ],
    ['four parameters of an arrow among parameters', 'src/kube/a.ts', 'f(x, (a, b, c, d) => a);', 'has 4 parameters'],
    ['four parameters of a default', 'src/kube/a.ts', 'function f(g = (a, b, c, d) => a) {}', 'has 4 parameters'],
    ['four parameters', 'src/kube/a.ts', 'function wide(a: A, b: B, c: C, d?: D): void {}', 'wide has 4 parameters'],
    ['four parameters of an arrow', 'src/kube/a.ts', 'const wide = (a, b, c, d) => a;', 'wide has 4 parameters'],
    [
      'four parameters of a method',
      'src/kube/a.ts',
      'class A { wide<T>(a: T, { b, c }, [d], ...e) { return a; } }',
      'has 4 parameters',
    ],
    [
      'four parameters, typed',
      'src/kube/a.ts',
      'const wide = (a: Map<A, B>, b: [C, D], c = f(1, 2), d: (x: X) => Y): Z => a;',
      'wide has 4 parameters',
    ],
    ['four parameters of a guard', 'src/kube/a.ts', 'function wide(a, b, c, d): a is B {}', 'wide has 4 parameters'],
    ['a file of utils', 'src/kube/string-utils.ts', 'export const x = 1;', '"utils" names nothing'],
    ['a helper', 'src/kube/helper.ts', 'export const x = 1;', '"helper" names nothing'],
    ['a manager', 'src/operator/pod-manager.ts', 'export const x = 1;', '"manager" names nothing'],
    ['a folder of common things', 'src/plan/common/x.ts', 'export const x = 1;', '"common" names nothing'],
  ])('%s', (_rule, path, text, breach) => {
    expect(found(path, text)).toEqual([expect.stringContaining(breach)]);
  });

  test('a cycle, through types too', () => {
    const sources = [
      parseSource('src/plan/a.ts', "import { b } from './b.ts';\nexport const a = b;"),
      parseSource('src/plan/b.ts', "import { c } from './c.ts';\nexport const b = c;"),
      parseSource('src/plan/c.ts', "import type { A } from './a.ts';\nexport const c = 1;"),
    ];
    expect(breaches(sources)).toEqual([
      'a cycle of imports: src/plan/a.ts -> src/plan/b.ts -> src/plan/c.ts -> src/plan/a.ts',
    ]);
  });
});

describe('what keeps the rules is left alone:', () => {
  test.each<readonly [what: string, path: string, text: string]>([
    ['the one hash', 'src/identity/digest.ts', "import { createHash } from 'node:crypto';"],
    ['times converted', 'src/identity/time.ts', 'const a = Date.parse(x);\nconst b = new Date(ms).toISOString();'],
    ['zod in api', 'src/api/a.ts', "import { z } from 'zod';"],
    ['a folder importing itself', 'src/kube/a.ts', "import { x } from './x.ts';\nimport { y } from 'undici';"],
    ['forbidden words in strings', 'src/plan/a.ts', 'const a = "Date.now()" + \'await\' + `console @{x} process`;'],
    [
      'forbidden words in comments',
      'src/plan/a.ts',
      '// await Date.now()\n/* process.exit()\n console */\nconst x = 1;',
    ],
    ['forbidden words in a regular expression', 'src/plan/a.ts', 'const a = /Date.now()|[/]process/u;'],
    ['fields of such names', 'src/plan/a.ts', 'const a = x.process?.console;'],
    ['an import in a string', 'src/plan/a.ts', 'const a = "import { x } from \'../kube/x.ts\'";'],
    ['a file that re-exports beside its own', 'src/kube/a.ts', "export { x } from './x.ts';\nexport const y = 1;"],
    ['a file of 250 lines', 'src/kube/a.ts', long(250)],
    ['a function of 60 lines', 'src/kube/a.ts', `function big() {\n${long(58)}}\n`],
    ['three parameters', 'src/kube/a.ts', 'function f(a: Map<A, B>, { b, c }: { b: B; c: C }, d = [1, 2, 3]) {}'],
    ['a trailing comma', 'src/kube/a.ts', 'function f(\n  a: A,\n  b: B,\n  c: C,\n) {}'],
    [
      'calls and conditions of any width',
      'src/kube/a.ts',
      'if (f(a, b, c, d)) { g(a, b, c, d); }\nfor (const a of [1, 2, 3, 4]) { h(a); }',
    ],
    [
      'a function that makes functions, and what follows it',
      'src/kube/a.ts',
      `function f(): (a: A) => B {\n  return (a) => a;\n}\n${long(60)}`,
    ],
    ['a long block that is no function', 'src/kube/a.ts', `describe(a, b, c, {\n${long(60, 'x,')}});\n`],
  ])('%s', (_what, path, text) => {
    expect(found(path, text)).toEqual([]);
  });
});

test.each<readonly [source: string, words: string]>([
  ['a `b @{c + `d @{e}`} f` g', 'a c + e g'],
  ['a `b @{{ c: { d } }.c} e` f', 'a { c : { d } } . c f'],
  ["a 'b // c' d // e\nf", 'a d f'],
  ['a /* b\n`c` */ d', 'a d'],
  ['a = /[/"]/g.test(b) / c', 'a = . test ( b ) / c'],
  ['return /x\\/"/; a', 'return ; a'],
  ["a '\\'b' c", 'a c'],
  ['a `\\`@{b}` c', 'a b c'],
  ['#!/usr/bin/env node\na', 'a'],
])('the code of %j is %j', (source, words) => {
  const code = tokenize(written(source)).filter(({ kind }) => kind !== 'string' && kind !== 'regex');
  expect(code.map(({ text }) => text).join(' ')).toBe(words);
});

test('lines are counted through strings, comments and templates', () => {
  const text = 'a;\n/* \n */ b;\n`c\nd @{e\n}\n`; f;';
  const lines = tokenize(written(text))
    .filter(({ kind }) => kind === 'word')
    .map((token) => `${token.text}${token.line}`);
  expect(lines).toEqual(['a1', 'b3', 'e5', 'f7']);
});

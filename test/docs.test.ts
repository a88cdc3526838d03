// The documentation says what the code does: words that users meet are explained, commands and files exist.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...markdown('docs'),
  ...markdown('examples'),
];

function markdown(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}

function quoted(text: string): readonly string[] {
  return [...text.matchAll(/'([A-Z][A-Za-z]+)'/g)].map(([, word]) => word ?? '');
}

function unionIn(path: string, start: string): readonly string[] {
  const text = read(path);
  const from = text.indexOf(start);
  expect(from, `${start} in ${path}`).toBeGreaterThan(-1);
  return quoted(text.slice(from, text.indexOf(';', from)));
}

test('every reason to wait, every note and every state of a pod is explained to users', () => {
  const guide = read('docs/using.md');
  const words = [
    ...unionIn('src/plan/types.ts', 'export type WaitReason'),
    ...unionIn('src/plan/types.ts', 'export interface Note {'),
    ...unionIn('src/identity/slot.ts', 'export type PodState'),
  ];
  expect(words.length).toBeGreaterThan(25);
  expect(words.filter((word) => !guide.includes(`\`${word}\``))).toEqual([]);
});

test.each(pages)('%s: its links lead to files that exist', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
});

test.each(pages)('%s: the npm scripts that it names exist', (page) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...read(page).matchAll(/npm run (?:-s )?([a-z0-9]+)/g)].map(([, script]) => script ?? '');
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test('every decision is listed', () => {
  const list = read('docs/adr/README.md');
  expect(readdirSync(join(root, 'docs/adr')).filter((file) => file !== 'README.md' && !list.includes(file))).toEqual(
    [],
  );
});

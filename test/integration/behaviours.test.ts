// docs/peers.md says which test shows what Kubernetes' own specs describe: that these tests are there. Lacks whether they pass,
// which is for their own runs.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const [, table = ''] = read('../../docs/peers.md').split('\n## Behaviours ');
const ROWS = table
  .split('\n')
  .map((line) => /^\| *(.*?) *\| `(.+?)` \| (.+) \|$/.exec(line))
  .flatMap((found) => (found === null ? [] : [{ what: found[1], file: found[2] ?? '', name: found[3] ?? '' }]));

test.each(ROWS)('$file: $name', ({ file, name }) => {
  const lines = read(file).split('\n');
  const titles = lines.filter((line) => /^ *(test(\.each\(.*\))?\(|\]\)\(|')/.test(line) && line.includes(`'${name}`));
  expect(titles).toHaveLength(1);
});

test('every line of the table was read', () => {
  expect(ROWS.filter(({ what }) => what !== '').length).toBeGreaterThanOrEqual(25);
  expect(table.split('\n').filter((line) => line.startsWith('| ')).length - 1).toBe(ROWS.length);
});

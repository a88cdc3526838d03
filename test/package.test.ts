// The lock file is complete: `npm ci`, the first thing that happens on a fresh machine, refuses one that is not.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Entry {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
const packages: Readonly<Record<string, Entry>> = read('package-lock.json').packages;

/** As Node resolves: in the package's own node_modules, then in those of the folders around it. */
function places(path: string, name: string): readonly string[] {
  const folders = path.split('/node_modules/');
  const around = folders.map(
    (_, depth) => `${folders.slice(0, folders.length - depth).join('/node_modules/')}/node_modules/${name}`,
  );
  return [...around, `node_modules/${name}`].map((place) => place.replace(/^\//, ''));
}

test('every dependency of every package, also those for other platforms, is locked', () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies, devDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })
      .filter((name) => !places(path, name).some((place) => place in packages))
      .map((name) => `${name} of ${path || 'the root'}`),
  );
  expect(missing).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')).not.toMatch(/"resolved": "https?:/);
});

test('what users install brings no Node and nothing for development', () => {
  const { dependencies, workspaces } = read('package.json');
  expect(Object.keys(dependencies).sort()).toEqual(['@kubernetes/client-node', 'pino', 'prom-client', 'undici', 'zod']);
  expect(workspaces).toEqual(['tools/node']);
  expect(read('tools/node/package.json').private).toBe(true);
});

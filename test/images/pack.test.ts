// packImage: what is in the archive, that the same content gives the same bytes, and which names are refused.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkImageName } from '../../e2e/images/manifest.ts';
import { packImage } from '../../e2e/images/pack.ts';

const isGnuTar = execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar');

describe.runIf(isGnuTar)('packImage', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pack-test-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const root = (name: string, files: readonly string[]) => {
    const folder = join(dir, name);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    for (const file of files) writeFileSync(join(folder, 'bin', file), `#!/bin/sh\necho ${file}\n`);
    for (const file of files) chmodSync(join(folder, 'bin', file), 0o755);
    symlinkSync('bin', join(folder, 'sbin'));
    return folder;
  };
  const spec = { name: 'store-test:1', entrypoint: ['/bin/b'], env: { MODE: 'test' }, user: '1000:1000' };
  const unpack = (archive: string) => {
    const folder = mkdtempSync(join(dir, 'unpacked-'));
    execFileSync('tar', ['-xf', archive, '-C', folder]);
    return folder;
  };

  test('the archive names its configuration and its layer by their hashes', async () => {
    const archive = await packImage(root('a', ['b', 'a']), spec);
    const folder = unpack(archive);
    const [entry] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(entry.RepoTags).toEqual(['store-test:1']);
    const hash = (file: string) =>
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
    expect(entry.Config).toBe(`${hash(entry.Config)}.json`);
    expect(entry.Layers).toEqual([`${hash(entry.Layers[0])}.tar`]);
    const config = JSON.parse(readFileSync(join(folder, entry.Config), 'utf8'));
    expect(config.rootfs.diff_ids).toEqual([`sha256:${hash(entry.Layers[0])}`]);
    expect(config.config).toMatchObject({ User: '1000:1000', Entrypoint: ['/bin/b'], WorkingDir: '/' });
    expect(config.config.Env).toContain('MODE=test');
    const listed = execFileSync('tar', ['-tvf', join(folder, entry.Layers[0])], { encoding: 'utf8' });
    expect(listed).toMatch(/-rwxr-xr-x 0\/0 .* 1970-01-01 .* \.\/bin\/a\n/);
    expect(listed).toMatch(/\.\/sbin -> bin/);
  });

  test('the same content gives the same bytes, and leaves nothing beside the archive', async () => {
    const first = readFileSync(await packImage(root('a', ['a', 'b']), spec));
    const second = readFileSync(await packImage(root('b', ['b', 'a']), spec));
    expect(second.equals(first)).toBe(true);
    const other = readFileSync(await packImage(root('c', ['a', 'b', 'c']), spec));
    expect(other.equals(first)).toBe(false);
    expect(readdirSync(dir).sort()).toEqual(['a', 'a.tar', 'b', 'b.tar', 'c', 'c.tar']);
  });

  test('what is excluded stays out', async () => {
    const archive = await packImage(root('a', ['a', 'b']), { ...spec, exclude: ['./bin/b'] });
    const [layer = ''] = readdirSync(unpack(archive)).filter((file) => file.endsWith('.tar'));
    execFileSync('tar', ['-xf', archive, '-C', dir, layer]);
    const listed = execFileSync('tar', ['-tf', join(dir, layer)], { encoding: 'utf8' });
    expect(listed).toContain('./bin/a\n');
    expect(listed).not.toContain('./bin/b\n');
  });
});

test.each(['store', 'store:latest', 'Store:1', 'store:', ':1', 'a b:1'])('%j is refused as a name', (name) => {
  expect(() => checkImageName(name)).toThrow();
});

test.each(['store:1', 'statefulapp-operator:0.1.0', 'registry.k8s.io/etcd:3.6.8-0'])('%j is a name', (name) => {
  expect(() => checkImageName(name)).not.toThrow();
});

// The parts of the image that need no network: archives byte for byte, what is loaded of a program, and that the Dockerfile and
// our own builder make the same thing. (The real build: test/chart/cluster/image.test.ts.)
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { archive, digestOf, image, index, layer, layout, qualified } from '../../e2e/images/oci.ts';
import { strip } from '../../e2e/images/operator/elf.ts';
import { placeOf } from '../../e2e/images/operator/places.ts';
import { DEBIAN_PACKAGES, ENTRYPOINT, NODE_VERSION, REFERENCE, RUN, USER } from '../../e2e/images/operator/recipe.ts';
import { type Entry, tar, textFile } from '../../e2e/images/tar.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const scratch = () => {
  const folder = mkdtempSync(join(tmpdir(), 'statefulapp-image-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const entries: readonly Entry[] = [
  textFile('b/c', 'content'),
  { type: 'symlink', path: 'a', target: 'b/c' },
  { type: 'directory', path: 'tmp', mode: 0o1777 },
  textFile(`deep/${'x'.repeat(90)}/${'y'.repeat(90)}`, 'far down'),
];

describe('tar', () => {
  test('is what the system unpacks: files, links, modes, long names', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'a.tar'), tar(entries));
    execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('content');
    expect(readFileSync(join(folder, 'deep', 'x'.repeat(90), 'y'.repeat(90)), 'utf8')).toBe('far down');
    expect(execFileSync('tar', ['-tvf', 'a.tar'], { cwd: folder, encoding: 'utf8' })).toMatch(/^drwxrwxrwt.* tmp\/$/m);
  });

  test('is the same for the same entries in any order, and another for another content', () => {
    const same = digestOf(tar([...entries].reverse()));
    expect(digestOf(tar(entries))).toBe(same);
    expect(digestOf(tar([...entries, textFile('b/c', 'other')]))).not.toBe(same);
  });

  test('a name that does not fit is an error, not a shorter name', () => {
    expect(() => tar([textFile('x'.repeat(101), '')])).toThrow('too long for a tar archive');
  });
});

describe('the image as data', () => {
  const one = image('amd64', RUN, [layer('first', entries), layer('second', [textFile('d', 'e')])]);

  test('every blob that a manifest names is there, under its digest and with its size', () => {
    const files = new Map(layout(index([one]), [one], REFERENCE).map((entry) => [entry.path, entry]));
    const named = (text: string) => [...text.matchAll(/"digest":"sha256:([0-9a-f]{64})","size":(\d+)/g)];
    const todo = named(contentOf(files.get('index.json')).toString());
    let seen = 0;
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const content = contentOf(files.get(`blobs/sha256/${next[1]}`));
      expect([digestOf(content), content.byteLength]).toEqual([`sha256:${next[1]}`, Number(next[2])]);
      todo.push(...named(content.toString()));
      seen += 1;
    }
    expect(seen).toBe(5); // index, manifest, configuration, two layers
  });

  test('the archive is for docker load and for containerd', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'image.tar'), archive(one, 'registry.example/x:1'));
    const part = (name: string) =>
      JSON.parse(execFileSync('tar', ['-xOf', 'image.tar', name], { cwd: folder, encoding: 'utf8' }));
    const [docker] = part('manifest.json');
    expect(docker.RepoTags).toEqual(['registry.example/x:1']);
    expect(part(docker.Config).config.Entrypoint).toEqual(ENTRYPOINT);
    expect(part('index.json').manifests[0].annotations['io.containerd.image.name']).toBe('registry.example/x:1');
  });

  test.each([
    ['a:1', 'docker.io/library/a:1'],
    ['team/a:1', 'docker.io/team/a:1'],
    ['registry.example/a:1', 'registry.example/a:1'],
    ['localhost/a:1', 'localhost/a:1'],
  ])('the kubelet knows %s as %s', (reference, expected) => {
    expect(qualified(reference)).toBe(expected);
  });
});

function contentOf(entry: Entry | undefined): Buffer {
  if (entry?.type !== 'file') throw new Error(`there is no such file: ${entry?.path}`);
  return Buffer.from(entry.content);
}

describe('strip', () => {
  test.runIf(process.platform === 'linux')('leaves a program that runs, and is smaller', () => {
    const folder = scratch();
    const whole = readFileSync(process.execPath);
    const stripped = strip(whole);
    writeFileSync(join(folder, 'node'), stripped, { mode: 0o755 });
    const ran = spawnSync(join(folder, 'node'), ['-p', '6 * 7'], { encoding: 'utf8' });
    expect(ran.stdout).toBe('42\n');
    expect(stripped.byteLength).toBeLessThanOrEqual(whole.byteLength);
    expect(digestOf(strip(stripped))).toBe(digestOf(stripped));
  });

  test('what is no such program is an error', () => {
    expect(() => strip(Buffer.from('#!/bin/sh\n'.repeat(10)))).toThrow('no 64-bit little-endian ELF program');
  });
});

test.each([
  ['lib/x86_64-linux-gnu/libc.so.6', 'usr/lib/x86_64-linux-gnu/libc.so.6'],
  ['lib/ld-linux-aarch64.so.1', 'usr/lib/ld-linux-aarch64.so.1'],
  ['lib64/ld-linux-x86-64.so.2', 'usr/lib64/ld-linux-x86-64.so.2'],
  ['usr/share/doc/libc6/copyright', 'usr/share/doc/libc6/copyright'],
  ['usr/lib/x86_64-linux-gnu/gconv/UTF-16.so', undefined],
  ['usr/share/doc/libc6/changelog.Debian.gz', undefined],
  ['usr/share/gdb/auto-load/libstdc++.so.6-gdb.py', undefined],
  ['bin/sh', undefined],
])('of a package, %s goes to %s', (path, place) => {
  expect(placeOf(path)).toBe(place);
});

describe('the Dockerfile makes the same image', () => {
  const lines = read('Dockerfile').split('\n');
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const value = (word: string) =>
    last.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  test('user, entrypoint, folder, port, environment', () => {
    expect(value('USER')).toEqual([`${USER}:${USER}`]);
    expect(JSON.parse(value('ENTRYPOINT').join())).toEqual(ENTRYPOINT);
    expect(value('WORKDIR')).toEqual([RUN.WorkingDir]);
    expect(value('EXPOSE').map((port) => `${port}/tcp`)).toEqual(Object.keys(RUN.ExposedPorts ?? {}));
    expect(value('ENV').sort()).toEqual(RUN.Env.filter((one) => !one.startsWith('PATH=')).toSorted());
  });

  test('the same major of Node in every stage, and Debian as here', () => {
    const bases = lines.flatMap((line) => /^FROM (?:--platform=\S+ )?(\S+)/.exec(line)?.[1] ?? []);
    const major = NODE_VERSION.split('.')[0];
    const nodes = bases.filter((base) => base.startsWith('node:'));
    expect(nodes.length).toBeGreaterThan(0);
    expect(nodes.filter((base) => base !== `node:${major}-bookworm-slim`)).toEqual([]);
    expect(bases.at(-1)).toBe('gcr.io/distroless/cc-debian12:nonroot');
    // What the base image lacks of the packages.
    expect(DEBIAN_PACKAGES).toContain('libatomic1');
    expect(read('Dockerfile')).toMatch(/apt-get install .*\blibatomic1\b/);
  });

  test('it names the version of today, and copies what the checkout has and .dockerignore lets through', () => {
    expect(lines.filter((line) => line.includes(REFERENCE)).length).toBe(2);
    const copied = lines.flatMap((line) => /^COPY (?!--from)(.*) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
    expect(copied).toEqual(['package.json', 'package-lock.json', 'tools', 'scripts', 'src']);
    const admitted = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(admitted.map((line) => line.slice(1))).toEqual(copied);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

// A download is used when its hash is the published one, and in no other case.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checksumOf, fetchRelease } from '../../e2e/cluster/download.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('fetchRelease', () => {
  let dir: string;
  let server: Server;
  let base: string;
  const files = new Map<string, Uint8Array>();

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'download-test-'));
    files.clear();
    server = createServer((request, response) => {
      const file = files.get(request.url ?? '');
      response.statusCode = file === undefined ? 404 : 200;
      response.end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });

  test('a program with the published hash is put in place, executable', async () => {
    const program = Buffer.from('#!/bin/sh\n');
    files.set('/tool', program).set('/tool.sha256', Buffer.from(sha256(program)));
    await fetchRelease({ url: `${base}/tool`, checksumUrl: `${base}/tool.sha256` }, join(dir, 'tool'), () => {});
    expect(readFileSync(join(dir, 'tool'))).toEqual(program);
    expect(statSync(join(dir, 'tool')).mode & 0o111).toBe(0o111);
    expect(readdirSync(dir)).toEqual(['tool']);
  });

  test('a program out of an archive', async () => {
    mkdirSync(join(dir, 'src/tool-1'), { recursive: true });
    writeFileSync(join(dir, 'src/tool-1/tool'), 'the program');
    execFileSync('tar', ['-czf', join(dir, 'a.tgz'), '-C', join(dir, 'src'), 'tool-1']);
    const archive = readFileSync(join(dir, 'a.tgz'));
    files.set('/a.tgz', archive).set('/SUMS', Buffer.from(`${'0'.repeat(64)}  b.tgz\n${sha256(archive)}  a.tgz\n`));
    await fetchRelease(
      { url: `${base}/a.tgz`, checksumUrl: `${base}/SUMS`, member: 'tool-1/tool' },
      join(dir, 'tool'),
      () => {},
    );
    expect(readFileSync(join(dir, 'tool'), 'utf8')).toBe('the program');
  });

  test('another hash: an error that says both, and nothing is left', async () => {
    files.set('/tool', Buffer.from('evil')).set('/tool.sha256', Buffer.from('0'.repeat(64)));
    const release = { url: `${base}/tool`, checksumUrl: `${base}/tool.sha256` };
    await expect(fetchRelease(release, join(dir, 'tool'), () => {})).rejects.toThrow(
      /has SHA-256 .* but 0{64} is published/,
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  test('no published hash: nothing is fetched', async () => {
    files.set('/tool', Buffer.from('x'));
    const release = { url: `${base}/tool`, checksumUrl: `${base}/tool.sha256` };
    await expect(fetchRelease(release, join(dir, 'tool'), () => {})).rejects.toThrow(/answered 404/);
    expect(existsSync(join(dir, 'tool'))).toBe(false);
  });
});

describe('checksumOf', () => {
  const hash = 'a'.repeat(64);
  test.each([
    ['a bare hash', `${hash}\n`],
    ['hash and file', `${hash}  tool\n`],
    ['binary mode', `${hash} *tool\n`],
    ['with a path', `${hash}  release/tool\n`],
    ['among others', `${'b'.repeat(64)}  other\n${hash}  tool\n`],
  ])('%s', (_, published) => {
    expect(checksumOf(published, 'tool')).toBe(hash);
  });

  test.each([['', `<html>${hash}</html>`, `${hash}  other`]])('%j is no hash of the file', (published) => {
    expect(() => checksumOf(published, 'tool')).toThrow('no SHA-256 of tool is published');
  });
});

// Fetches an official release and checks it against the checksum its project publishes; without a published checksum
// nothing is used. Gives up within seconds where there is no internet, and then does not ask again in this process.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, createWriteStream, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Binary, platform, type Release } from './catalog.ts';

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

const CONNECT_MS = 4_000;
const WHOLE_MS = 10 * 60_000;

// Once a host could not be reached, the others need not be waited for.
let offline: string | undefined;

/** Puts the released program at `target`, whole or not at all. */
export async function download(wanted: Binary, target: string, progress: (line: string) => void): Promise<Outcome> {
  const { os, arch } = platform();
  const release = wanted.release(os, arch);
  if (process.env['STATEFULAPP_NO_DOWNLOAD'] === '1')
    return { ok: false, why: 'a download: STATEFULAPP_NO_DOWNLOAD=1 forbids it' };
  if (release === undefined) return { ok: false, why: `a download: nothing is released for ${os} ${arch}` };
  if (offline !== undefined) return { ok: false, why: `a download: skipped, ${offline}` };
  const startedAt = performance.now();
  try {
    await fetchRelease(release, target, () => progress(`downloading ${wanted.name} (${wanted.version}) …`));
  } catch (error) {
    return { ok: false, why: `a download: ${reason(error, release)}` };
  }
  progress(`downloaded ${wanted.name} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return { ok: true };
}

/** Exported for its test, which serves a release of its own. */
export async function fetchRelease(release: Release, target: string, onConnected: () => void): Promise<void> {
  const expected = checksumOf(await text(release.checksumUrl), basename(release.url));
  onConnected();
  const scratch = mkdtempSync(join(dirname(target), 'download-'));
  try {
    const file = join(scratch, 'release');
    const response = await get(release.url, WHOLE_MS);
    if (response.body === null) throw new Error(`${release.url} answered without a body`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    const actual = hash.digest('hex');
    if (actual !== expected)
      throw new Error(`${release.url} has SHA-256 ${actual}, but ${expected} is published. It was discarded.`);
    if (release.member !== undefined) await promisify(execFile)('tar', ['-xzf', file, '-C', scratch, release.member]);
    const program = release.member === undefined ? file : join(scratch, release.member);
    chmodSync(program, 0o755);
    renameSync(program, target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A checksum file is one hash, or lines of `hash  file`. */
export function checksumOf(published: string, file: string): string {
  for (const line of published.split('\n')) {
    const [hash, name] = line.trim().split(/\s+/);
    if (
      hash !== undefined &&
      /^[0-9a-f]{64}$/.test(hash) &&
      (name === undefined || basename(name.replace(/^\*/, '')) === file)
    ) {
      return hash;
    }
  }
  throw new Error(`no SHA-256 of ${file} is published`);
}

async function text(url: string): Promise<string> {
  return (await get(url, CONNECT_MS)).text();
}

async function get(url: string, timeoutMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

function reason(error: unknown, release: Release): string {
  const { message, name, cause } = error as Error;
  const noAnswer = name === 'TimeoutError' || message === 'fetch failed';
  if (!noAnswer) return message;
  const detail = cause instanceof Error ? ` (${cause.message})` : '';
  offline = `${new URL(release.url).host} could not be reached${detail}`;
  return offline;
}

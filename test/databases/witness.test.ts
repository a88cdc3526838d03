// The identity witness: its script, with two processes on one folder, and the judgement of what it writes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readWitness } from '../../e2e/databases/witness/folder.ts';
import { judgeIdentity } from '../../e2e/databases/witness/judgement.ts';

const SCRIPT = new URL('../../e2e/databases/witness/witness.sh', import.meta.url).pathname;

describe('the judgement', () => {
  const judged = (files: Record<string, string>, expected: readonly string[] = []) =>
    judgeIdentity('web-0', new Map(Object.entries(files)), expected).breaches;

  test.each<readonly [what: string, files: Record<string, string>, breaches: readonly string[]]>([
    ['one holder', { lease: 'a', 'holders/a': '100 20 110\n' }, []],
    ['one after another', { 'holders/a': '100 20 110', 'holders/b': '112 4 114' }, []],
    [
      'a handover within a second, whose order cannot be known',
      { 'holders/a': '100 20 110', 'holders/b': '110 4 114' },
      [],
    ],
    [
      'an overlap of a second',
      { 'holders/b': '109 4 114', 'holders/a': '100 20 110' },
      ['web-0: pod a was still there 1 s after pod b had begun'],
    ],
    [
      'one that comes back later',
      { 'holders/a': '100 20 200', 'holders/b': '120 4 150' },
      ['web-0: pod a was still there 80 s after pod b had begun'],
    ],
    [
      'two that met',
      { 'holders/a': '100 20 110', 'holders/b': '110 4 114', 'meetings/a.b': '110 a met b\n110 a met b\n' },
      ['web-0: two holders at once: 110 a met b (2 times)'],
    ],
    ['nobody', {}, ['web-0: no witness wrote anything, so nothing is shown']],
    ['a file of a write that was cut off', { 'holders/a': '100 20 110', 'holders/a.a.new': '' }, []],
    [
      'one whose end is not known',
      { 'holders/a': '100', 'holders/b': '120 4 150' },
      ['web-0: pod a was still there NaN s after pod b had begun'],
    ],
  ])('%s', (_, files, breaches) => {
    expect(judged(files)).toEqual(breaches);
  });

  test('a pod without a witness shows nothing', () => {
    expect(judged({ 'holders/a': '100 20 110' }, ['a', 'b'])).toEqual(['web-0: pod b had no witness']);
  });
});

describe('the script', () => {
  let folder: string;
  const running: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'statefulapp-witness-'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((child) => stop(child, 'SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (uid: string) => {
    const env = { PATH: process.env['PATH'], POD_UID: uid, WITNESS: folder };
    const child = spawn('sh', [SCRIPT], { env, stdio: 'inherit' });
    running.push(child);
    return child;
  };
  const stop = async (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const beats = (uid: string) => {
    const path = join(folder, 'holders', uid);
    return existsSync(path) ? Number(readFileSync(path, 'utf8').split(' ')[1]) : 0;
  };
  const until = async (holds: () => boolean) => {
    const watcher = watch(folder, { recursive: true });
    try {
      while (!holds()) await once(watcher, 'change', { signal: AbortSignal.timeout(20_000) });
    } finally {
      watcher.close();
    }
  };
  const breaches = () => judgeIdentity('web-0', readWitness(folder)).breaches;

  test.each(['SIGTERM', 'SIGKILL'] as const)('one after another, ended by %s: no breach', async (signal) => {
    const first = start('a');
    await until(() => beats('a') >= 2);
    await stop(first, signal);
    start('b');
    await until(() => beats('b') >= 3);
    expect(breaches()).toEqual([]);
    expect(judgeIdentity('web-0', readWitness(folder)).holders.map(({ podUid }) => podUid)).toEqual(['a', 'b']);
  });

  test('a restart of the container within the pod is the same holder', async () => {
    const first = start('a');
    await until(() => beats('a') >= 2);
    await stop(first, 'SIGKILL');
    start('a');
    await until(() => beats('a') >= 4);
    expect(breaches()).toEqual([]);
  });

  test('two at the same time are both caught, and it stays written when they are gone', async () => {
    const first = start('a');
    await until(() => beats('a') >= 1);
    const second = start('b');
    const met = (name: string) => existsSync(join(folder, 'meetings', name));
    await until(() => met('a.b') && met('b.a'));
    await Promise.all([stop(first, 'SIGTERM'), stop(second, 'SIGTERM')]);
    start('c');
    await until(() => beats('c') >= 2);
    expect(breaches().join('\n')).toMatch(/two holders at once: \d+ a met b \(\d+ times\)/);
    expect(breaches().join('\n')).toMatch(/two holders at once: \d+ b met a \(\d+ times\)/);
    expect(readdirSync(join(folder, 'meetings')).toSorted()).toEqual(['a.b', 'b.a']);
  });
});

// Namespaces that a process holds: prepared before anyone is let in, left by all when the first process ends.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../../e2e/cluster/processes.ts';
import {
  ALL_NAMESPACES,
  type Holder,
  hold,
  inside,
  killHolder,
  killInside,
  startInside,
} from '../../../e2e/cluster/real/namespaces.ts';
import { unfit } from '../../../e2e/cluster/real/requirements.ts';
import { until } from '../../../e2e/cluster/requests.ts';
import { run } from '../../../e2e/cluster/run.ts';

describe.skipIf(unfit() !== undefined)('namespaces', () => {
  let dir: string;
  let holder: Holder | undefined;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'namespaces-test-'));
  });
  afterEach(async () => {
    if (holder !== undefined) await killHolder(holder);
    holder = undefined;
    rmSync(dir, { recursive: true });
  });

  const logFile = () => join(dir, 'log');
  const make = async (prepare: string) => {
    const wish = {
      namespaces: ALL_NAMESPACES,
      enterCgroup: '',
      prepare,
      command: ['sleep', '1000'],
      logFile: logFile(),
    };
    holder = await hold(wish);
    return holder;
  };

  test('are prepared when they are there, and are not this machine’s', async () => {
    const made = await make(
      `mount -t tmpfs tmpfs ${dir}\ntouch ${dir}/inside\necho elsewhere > /proc/sys/kernel/hostname`,
    );
    expect(existsSync(join(dir, 'inside'))).toBe(false);
    const seen = await run([...inside(made, ALL_NAMESPACES), 'sh', '-c', `ls ${dir}; hostname; echo $$`]);
    const [file, name, pid] = seen.split('\n');
    expect([file, name]).toEqual(['inside', 'elsewhere']);
    expect(Number(pid)).toBeLessThan(100); // a process namespace of its own
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).not.toBe('elsewhere\n');
  });

  test('that cannot be prepared are an error with what was said', async () => {
    await expect(make('echo the disk is full >&2; false')).rejects.toThrow('the disk is full');
  });

  test('end with their first process, and everything in them with it', async () => {
    const made = await make('');
    const program = ['sh', '-c', 'setsid sleep 1000 & echo $! started; exec sleep 1000'];
    const id = startInside({ holder: made, enterCgroup: '', command: program, logFile: logFile() });
    await until(
      async () => readFileSync(logFile(), 'utf8').includes('started'),
      5_000,
      () => 'nothing was started',
    );
    await killHolder(made);
    await until(
      async () => !isAlive(id),
      5_000,
      () => 'a process outlived its namespace',
    );
  });

  test('a program in them is ended alone: what it started goes on', async () => {
    const made = await make('');
    const program = ['sh', '-c', 'setsid sleep 1000 & exec sleep 2000'];
    const id = startInside({ holder: made, enterCgroup: '', command: program, logFile: logFile() });
    const sleeping = async () =>
      (await run([...inside(made, ALL_NAMESPACES), 'sh', '-c', 'cat /proc/[0-9]*/cmdline'])).replaceAll('\0', ' ');
    const count = (text: string, what: string) => text.split(what).length - 1;
    const started = async () => {
      const now = await sleeping();
      return !now.includes('setsid') && count(now, 'sleep 1000') === 2 && count(now, 'sleep 2000') === 1;
    };
    await until(started, 5_000, () => 'nothing was started');
    await killInside(id);
    expect(isAlive(id)).toBe(false);
    const left = await sleeping();
    expect(count(left, 'sleep 1000')).toBe(2); // the first process, and what the program started
    expect(left).not.toContain('sleep 2000');
  });
});

// The lock of builds: one at a time, and a dead owner holds nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from '../../e2e/cluster/lock.ts';
import { isAlive, killAll, processId } from '../../e2e/cluster/processes.ts';

describe('withLock', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lock-test-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('work never overlaps, and the waiter hears whom it waits for', async () => {
    const path = join(dir, 'lock');
    const waits: number[] = [];
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, work, (owner) => waits.push(owner))));
    expect(most).toBe(1);
    expect(waits).toContain(process.pid);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('the lock of a dead process, or of an earlier one with the same pid, is broken', async () => {
    for (const owner of [
      { pid: 2 ** 22 + 1, startTime: '1' },
      { pid: process.pid, startTime: 'long ago' },
    ]) {
      writeFileSync(join(dir, 'lock'), JSON.stringify(owner));
      expect(
        await withLock(
          join(dir, 'lock'),
          async () => 'done',
          () => {},
        ),
      ).toBe('done');
    }
  });

  test('it is released when the work fails', async () => {
    const failing = withLock(
      join(dir, 'lock'),
      () => Promise.reject(new Error('no')),
      () => {},
    );
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('processes', () => {
  test('a process is known by pid and start time, and killed only as that', async () => {
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    await once(child, 'spawn');
    const id = processId(child.pid ?? 0);
    expect(isAlive(id)).toBe(true);
    await killAll([{ ...id, startTime: 'another' }]);
    expect(isAlive(id)).toBe(true);
    await killAll([id]);
    expect(isAlive(id)).toBe(false);
  });
});

// cgroups of a cluster: which hierarchies there are, and groups made and removed, on folders that stand in for them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cgroups, hierarchies } from '../../../e2e/cluster/real/cgroups.ts';

const MOUNTS = `25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
32 30 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

test('hierarchies are what is mounted as such', () => {
  expect(hierarchies(MOUNTS)).toEqual([
    { path: '/sys/fs/cgroup/cpu', version: 1 },
    { path: '/sys/fs/cgroup/unified', version: 2 },
  ]);
});

describe('a group', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cgroups-test-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('is made in every hierarchy, with a leaf for processes, and removed whole', async () => {
    for (const name of ['cpu', 'memory']) mkdirSync(join(dir, name));
    const cgroups = new Cgroups(['cpu', 'memory'].map((name) => ({ path: join(dir, name), version: 1 })));
    cgroups.create('c/node-0');
    expect(cgroups.enterScript('c/node-0').split('\n')).toEqual([
      `echo 0 > '${dir}/cpu/c/node-0/system/cgroup.procs'`,
      `echo 0 > '${dir}/memory/c/node-0/system/cgroup.procs'`,
    ]);
    expect(cgroups.folders('c').length).toBe(6);
    await cgroups.remove('c');
    expect(readdirSync(join(dir, 'cpu'))).toEqual([]);
    await cgroups.remove('c'); // again, when nothing is there
  });

  test('finds the processes of all groups below it', () => {
    const cgroups = new Cgroups([{ path: dir, version: 1 }]);
    cgroups.create('c/node-0');
    writeFileSync(join(dir, 'c/cgroup.procs'), '');
    writeFileSync(join(dir, 'c/node-0/system/cgroup.procs'), '12\n7\n');
    mkdirSync(join(dir, 'c/node-0/kubepods'));
    writeFileSync(join(dir, 'c/node-0/kubepods/cgroup.procs'), '7\n9\n');
    expect([...cgroups.processes('c')].sort()).toEqual([12, 7, 9]);
    expect(cgroups.processes('other')).toEqual([]);
  });

  test('gets the processors and memory of its parent (version 1)', () => {
    mkdirSync(join(dir, 'c'));
    for (const folder of ['', 'c']) {
      writeFileSync(join(dir, folder, 'cpuset.cpus'), folder === '' ? '0-1\n' : '\n');
      writeFileSync(join(dir, folder, 'cpuset.mems'), folder === '' ? '0\n' : '\n');
    }
    new Cgroups([{ path: dir, version: 1 }]).create('c');
    expect(readFileSync(join(dir, 'c/cpuset.cpus'), 'utf8')).toBe('0-1\n');
    expect(readFileSync(join(dir, 'c/cpuset.mems'), 'utf8')).toBe('0\n');
  });

  test('has the controllers handed down to it (version 2)', () => {
    for (const folder of ['', 'c']) {
      mkdirSync(join(dir, folder), { recursive: true });
      writeFileSync(join(dir, folder, 'cgroup.controllers'), 'cpu\n');
    }
    new Cgroups([{ path: dir, version: 2 }]).create('c');
    expect(readFileSync(join(dir, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu');
    expect(readFileSync(join(dir, 'c/cgroup.subtree_control'), 'utf8')).toBe('+cpu');
    expect(readdirSync(join(dir, 'c/system'))).toEqual([]); // a leaf: processes are allowed there
  });
});

// What a node's programs are told, and the lines its network is made of.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { leaseSeconds } from '../../../e2e/cluster/patience.ts';
import { addressesOf } from '../../../e2e/cluster/real/addresses.ts';
import { nodeFiles, PROVISIONER_FOLDER } from '../../../e2e/cluster/real/files.ts';
import { nodeLines } from '../../../e2e/cluster/real/network.ts';
import {
  cniConfig,
  containerdConfig,
  kubeletConfig,
  type NodePlan,
  prepareScript,
  proxyConfig,
  runcScript,
} from '../../../e2e/cluster/real/node-config.ts';
import { unfit } from '../../../e2e/cluster/real/requirements.ts';
import { isOf } from '../../../e2e/cluster/real/teardown.ts';

const addresses = addressesOf('10.213');
const plan: NodePlan = {
  name: 'node-1',
  index: 1,
  addresses,
  clusterDir: '/c',
  files: nodeFiles('/c', 'node-1'),
  authority: '/c/pki/ca.crt',
  sandboxImage: 'docker.io/test/pause:v1',
  runc: '/usr/sbin/runc',
  shim: '/b/containerd-shim-runc-v2',
  pause: '/b/pause',
  ctr: '/b/ctr',
  cniPlugins: '/usr/lib/cni',
  leaseSeconds: 8,
};

test('pods get addresses of their node only', () => {
  const { plugins } = JSON.parse(cniConfig(plan));
  expect(plugins[0].ipam.ranges).toEqual([[{ subnet: '10.213.1.0/24' }]]);
});

test('a kubelet keeps its containers in the cluster’s cgroup, and trusts nobody by default', () => {
  const config = parse(kubeletConfig(plan));
  expect(config.cgroupRoot).toBe('/sapp-10-213/node-1');
  expect(config.authentication.anonymous.enabled).toBe(false);
  expect(config.authorization.mode).toBe('Webhook');
  expect(config.nodeLeaseDurationSeconds).toBe(8);
});

test('kube-proxy changes nothing of the machine', () => {
  expect(parse(proxyConfig(plan)).conntrack.maxPerCore).toBe(0);
});

test('containerd uses the node’s own sandbox image, shim and runc', () => {
  const config = containerdConfig(plan);
  expect(config).toContain("sandbox = 'docker.io/test/pause:v1'");
  expect(config).toContain("runtime_path = '/b/containerd-shim-runc-v2'");
  expect(config).toContain("BinaryName = '/c/nodes/node-1/runc'");
});

test('every kernel setting that a kubelet would change is covered by a file', () => {
  for (const setting of ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys']) {
    expect(prepareScript(plan)).toContain(` /proc/sys/${setting}\n`);
  }
});

test('a node has a route to the pods of every other node', () => {
  const routes = nodeLines({ addresses, index: 1, nodes: 3 }).filter((line) => line.startsWith('route'));
  expect(routes).toEqual([
    'route add default via 10.213.255.1',
    'route add 10.213.0.0/24 via 10.213.255.10',
    'route add 10.213.2.0/24 via 10.213.255.12',
  ]);
});

test('the lease is shorter than the grace, and never longer than the stock one', () => {
  const lease = (nodeGraceSeconds: number) => leaseSeconds({ nodeGraceSeconds, tolerationSeconds: 0 });
  expect([50, 20, 10, 1].map(lease)).toEqual([40, 16, 8, 1]);
});

test.runIf(process.getuid?.() === 0)('runc opens a new volume for all, and leaves one alone that has been used', () => {
  const dir = mkdtempSync(join(tmpdir(), 'runc-test-'));
  try {
    for (const [name, mode] of [
      ['new', 0o750],
      ['used', 0o700],
    ] as const) {
      mkdirSync(join(dir, name));
      chmodSync(join(dir, name), mode);
    }
    const script = join(dir, 'runc');
    writeFileSync(script, runcScript({ runc: '/bin/echo' }).replaceAll(PROVISIONER_FOLDER, dir), { mode: 0o755 });
    const mode = (name: string) => (statSync(join(dir, name)).mode & 0o777).toString(8);
    expect(execFileSync(script, ['--root', '/x', 'start', 'id'], { encoding: 'utf8' })).toBe('--root /x start id\n');
    expect([mode('new'), mode('used')]).toEqual(['750', '700']);
    execFileSync(script, ['--root', '/x', 'create', '--bundle', '/y', 'id']);
    expect([mode('new'), mode('used')]).toEqual(['777', '700']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('who may not have real nodes is told why', () => {
  expect(unfit({ platform: 'darwin', uid: 0 })).toContain('Linux');
  expect(unfit({ platform: 'linux', uid: 1000 })).toContain('root');
});

test('a mount of the cluster’s folder is known by its place in the file system it comes from', () => {
  const dir = '/home/u/state/clusters/dev';
  expect(isOf('/home/u/state/clusters/dev/nodes/node-0/disk', dir)).toBe(true);
  expect(isOf('/state/clusters/dev/volumes', dir)).toBe(true); // /home/u is a file system of its own
  expect(isOf('/home/u/state/clusters/other/volumes', dir)).toBe(false);
  expect(isOf('/', dir)).toBe(false);
});

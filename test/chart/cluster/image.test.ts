// The operator's image, built here from packages: the same bytes each time, small, and what is in it works as an operator under
// the conditions that the chart sets: user 65532, a read-only root, nothing of the machine but its network.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Image } from '../../../e2e/images/oci.ts';
import { buildOperatorImage } from '../../../e2e/images/operator/image.ts';
import { ENTRYPOINT, NODE_VERSION, USER } from '../../../e2e/images/operator/recipe.ts';
import { type ChartStage, openChartStage } from './stage.ts';

const canBuild = existsSync('/usr/bin/apt-get');
const canChangeRoot = canBuild && process.platform === 'linux' && process.getuid?.() === 0 && process.arch === 'x64';
const folder = mkdtempSync(join(tmpdir(), 'statefulapp-image-'));
const root = join(folder, 'root');
let built: Image;

beforeAll(async () => {
  if (!canBuild) return;
  built = await buildOperatorImage({ architecture: 'amd64', progress: console.log });
  mkdirSync(root);
  for (const { blob } of built.layers) {
    const file = join(folder, 'layer.tar.gz');
    writeFileSync(file, blob.bytes);
    execFileSync('tar', ['-xzf', file, '-C', root]);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(canBuild)('the image', () => {
  test('built again it is the same, and under 60 MB', async () => {
    const again = await buildOperatorImage({ architecture: 'amd64' });
    expect(again.manifest.digest).toBe(built.manifest.digest);
    const bytes = built.layers.reduce((sum, { blob }) => sum + blob.bytes.byteLength, 0);
    expect(bytes).toBeLessThan(60_000_000);
  });

  test('for arm64 it has an ARM program, the same operator, and another digest', async () => {
    const arm = await buildOperatorImage({ architecture: 'arm64' });
    expect(arm.manifest.digest).not.toBe(built.manifest.digest);
    expect(arm.layers.at(-1)?.diffId).toBe(built.layers.at(-1)?.diffId);
    const file = join(folder, 'arm.tar.gz');
    writeFileSync(file, arm.layers[1]?.blob.bytes ?? '');
    const program = execFileSync('tar', ['-xzOf', file, 'usr/local/bin/node'], { maxBuffer: 200 << 20 });
    const AARCH64 = 183;
    expect(program.readUInt16LE(18)).toBe(AARCH64);
  });
});

describe.runIf(canChangeRoot)('a container of it, as far as a changed root is one', () => {
  const inRoot = (...command: readonly string[]) => ['chroot', `--userspec=${USER}:${USER}`, root, ...command] as const;
  const run = ([program, ...args]: readonly [string, ...string[]]) =>
    execFileSync(program, args, { encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });

  test('Node is the one of development, and the user has a name and no rights', () => {
    const script = "console.log(process.version, process.getuid(), require('os').userInfo().username)";
    expect(run(inRoot(ENTRYPOINT[0], '-e', script))).toBe(`v${NODE_VERSION} ${USER} nonroot\n`);
  });

  test('its entrypoint is the operator', () => {
    expect(run(inRoot(...ENTRYPOINT, '--help'))).toMatch(/^statefulapp-operator: runs StatefulApps/);
  });

  describe('in a cluster', () => {
    let stage: ChartStage;
    beforeAll(async () => {
      stage = await openChartStage('image');
      await stage.namespace('operators');
      await stage.install({ name: 'sapp', namespace: 'operators' });
    });
    afterAll(() => stage?.end());

    test('it works with the rights of the chart, from a root that nobody can write to', async () => {
      // The kubeconfig is the one thing that a container would have from elsewhere.
      const release = { name: 'sapp', namespace: 'operators' };
      const place = `${root}/var/run/secrets/kubeconfig`;
      const script = [
        `mkdir -p ${root}/var/run/secrets && touch ${place}`,
        `mount --bind ${root} ${root}`,
        `chown ${USER} "$KUBECONFIG"`,
        `mount --bind "$KUBECONFIG" ${place}`,
        `mount -o remount,bind,ro ${root}`,
        `! touch ${root}/tmp/x 2> /dev/null`,
        'export KUBECONFIG=/var/run/secrets/kubeconfig',
        `exec chroot --userspec=${USER}:${USER} ${root} ${ENTRYPOINT.join(' ')} "$@"`,
      ].join('\n');
      const operator = await stage.operator(release, ['unshare', '--mount', 'sh', '-euc', script, 'sh']);
      await stage.cluster.apply(
        JSON.stringify({
          apiVersion: 'statefulapp.dev/v1alpha1',
          kind: 'StatefulApp',
          metadata: { name: 'web', namespace: 'default' },
          spec: { replicas: 2, template: { spec: { containers: [{ name: 'main', image: 'registry.example/x:1' }] } } },
        }),
      );
      await stage.cluster.kubectl('wait', '--for=condition=Ready', 'sapp/web', '--timeout=60s');
      const metrics = await (await fetch(`${await operator.url()}/metrics`)).text();
      expect(metrics).toContain('leader_election_master_status{name="statefulapp"} 1');
      expect(await operator.end('SIGTERM')).toBe(0);
    });
  });
});

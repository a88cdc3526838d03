// Clusters with real nodes come and go, side by side and one after the other, and leave nothing on the machine, however
// their owner ended.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RealCluster, startRealCluster } from '../cluster/real/cluster.ts';
import { readRealState } from '../cluster/real/state.ts';
import { leftovers } from '../cluster/real/teardown.ts';
import { TUNABLES } from '../cluster/real/tunables.ts';
import { until } from '../cluster/requests.ts';
import { describeReal } from './clusters.ts';

const CLUSTER_MODULE = join(import.meta.dirname, '../cluster/real/cluster.ts');

describeReal('real clusters', () => {
  let folder: string;
  let before: readonly string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lifecycle-'));
    before = machine();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (name: string) => startRealCluster({ name, dir: join(folder, name), nodes: 1 });
  const stateOf = (dir: string) => readRealState(dir) ?? expect.fail(`${dir} has no real nodes`);
  const isReady = async (cluster: RealCluster) =>
    (await cluster.kubectl('get', 'nodes', '--no-headers')).split(/\s+/)[1];

  test.each(['first', 'second'])('two side by side, the %s time: nothing is left', async () => {
    const clusters = await Promise.all([start('one'), start('two')]);
    const states = clusters.map(({ dir }) => stateOf(dir));
    expect(new Set(states.map(({ addresses }) => addresses.block)).size).toBe(2);
    for (const cluster of clusters) expect(await isReady(cluster)).toBe('Ready');
    for (const state of states) expect((await leftovers(folder, state)).length).toBeGreaterThan(0); // the check sees
    await clusters[0].stop();
    expect(await isReady(clusters[1])).toBe('Ready'); // one ends, the other is untouched
    await clusters[1].stop();
    await clusters[1].stop(); // safe to repeat
    for (const [index, state] of states.entries())
      expect(await leftovers(clusters[index]?.dir ?? '', state)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    expect(machine()).toEqual(before);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('an owner that ends by %s takes its cluster with it', async (signal) => {
    const dir = join(folder, 'owned');
    const program = `import { startRealCluster } from ${JSON.stringify(CLUSTER_MODULE)};
      await startRealCluster({ name: 'owned', dir: ${JSON.stringify(dir)}, nodes: 1 });
      process.stdout.write('up');
      setInterval(() => {}, 1_000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      owner.stdout.once('data', () => resolve());
      owner.once('exit', (code) => reject(new Error(`the owner ended before its cluster was up: ${code}`)));
    });
    const state = stateOf(dir);
    owner.kill(signal);
    await until(
      async () => !existsSync(dir) && (await leftovers(dir, state)).length === 0,
      30_000,
      () => `30 s after its owner the cluster in ${dir} is still there.`,
    );
    expect(machine()).toEqual(before);
  });

  test.each(['kube-apiserver', 'containerd', 'kubelet'] as const)(
    'a start that fails at %s says so, and leaves nothing',
    async (program) => {
      const dir = join(folder, 'broken');
      const args = { [program]: ['--no-such-flag'] };
      const failed = startRealCluster({ name: 'broken', dir, nodes: 1, args });
      await expect(failed).rejects.toThrow(new RegExp(`^${program}.* ended while it was starting[^]*no-such-flag`));
      expect(readdirSync(folder)).toEqual([]);
      expect(machine()).toEqual(before);
    },
  );
});

/** What a cluster could leave or change, as far as it is nobody else's: other clusters may come and go meanwhile. */
function machine(): readonly string[] {
  const settings = Object.keys(TUNABLES).map(
    (setting) => `${setting} ${readFileSync(`/proc/${setting}`, 'utf8').trim()}`,
  );
  const own = (line: string) => !/sapp-10-\d+|10\.2[0-4]\d\.|statefulapp-network/.test(line);
  const text = (...command: readonly string[]) =>
    execFileSync('ip', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
  const named = [...text('-brief', 'link'), ...text('route'), ...text('netns')];
  const filters = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return [
    ...settings,
    ...named,
    filters,
    ...mounts,
    ...readdirSync('/var/lib'),
    ...readdirSync('/var/log'),
    ...readdirSync('/run'),
  ].filter(own);
}

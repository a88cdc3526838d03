// The chart and the image as users have them, on real nodes: Helm installs, the kubelet starts the operator from our image under the
// restricted level of Pod Security, and it works, through the loss of its leader and an upgrade to another image.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usage } from '../../test/integration/grants.ts';
import { type RealCluster, startRealCluster } from '../cluster/real/cluster.ts';
import { until } from '../cluster/requests.ts';
import { type OperatorArchive, operatorArchive } from '../images/operator/archive.ts';
import { type OperatorRelease, operatorRelease } from '../operator/release.ts';
import { describeReal } from './clusters.ts';

describeReal('the chart on real nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  let cluster: RealCluster;
  let operator: OperatorArchive;
  let release: OperatorRelease;

  beforeAll(async () => {
    operator = await operatorArchive(console.log);
    cluster = await startRealCluster({
      name: 'chart',
      dir: join(folder, 'cluster'),
      nodes: 2,
      images: [operator.file],
      audit: true,
    });
    release = operatorRelease(cluster, operator);
  }, 1_200_000); // on a new machine programs are built first
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('helm install --wait: two replicas, one on each node, ready without a restart, one leads', async () => {
    const { warnings } = await release.install();
    expect(warnings).toEqual([]);
    const running = await release.pods();
    expect(new Set(running.map(({ spec }) => spec.nodeName)).size).toBe(2);
    const states = running.flatMap(({ status }) => status.containerStatuses);
    expect(states.map(({ ready, restartCount }) => ({ ready, restartCount }))).toEqual([
      { ready: true, restartCount: 0 },
      { ready: true, restartCount: 0 },
    ]);
    expect(running.map(({ metadata }) => metadata.name)).toContain(await release.leader());
  });

  test('helm test: an app comes up, made by a pod of the image', async () => {
    const { stdout } = await release.test();
    expect(stdout).toMatch(/Phase:\s+Succeeded/);
    expect(stdout).toMatch(/helm-test-\w+-0 runs: the operator works\n/);
  });

  test('when its leader is gone, the other one takes over within seconds, and members are replaced', async () => {
    await cluster.apply(
      JSON.stringify({
        apiVersion: 'statefulapp.dev/v1alpha1',
        kind: 'StatefulApp',
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          replicas: 2,
          template: {
            spec: {
              terminationGracePeriodSeconds: 1,
              containers: [
                {
                  name: 'main',
                  image: `${operator.image.repository}:${operator.image.tag}`,
                  command: ['/usr/local/bin/node', '-e', 'setInterval(() => {}, 60_000)'],
                },
              ],
            },
          },
        },
      }),
    );
    const ready = () => cluster.kubectl('wait', '--for=condition=Ready', 'sapp/web', '--timeout=90s');
    await ready();
    const first = await release.leader();
    const deletedAt = Date.now();
    await release.kubectl('delete', 'pod', first, '--wait=false');
    const hasMoved = async () => ![first, ''].includes(await release.leader());
    await until(hasMoved, 30_000, () => 'nobody else leads after 30 s');
    console.log(`the other replica leads ${Date.now() - deletedAt} ms after the deletion of the leader's pod`);
    await cluster.kubectl('delete', 'pod', 'web-0');
    await ready();
  });

  test('an upgrade rolls the operator, and no member', async () => {
    const members = () => cluster.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');
    const [before, operators] = [await members(), (await release.pods()).map(({ metadata }) => metadata.name)];
    await release.upgrade('--set=logLevel=debug');
    await until(
      async () => (await release.pods()).length === 2,
      60_000,
      () => 'the replaced pods are left after 60 s',
    );
    expect((await release.pods()).filter(({ metadata }) => operators.includes(metadata.name))).toEqual([]);
    await release.test();
    expect(await members()).toBe(before);
  });

  test('over all of that nothing was asked for that the chart does not grant', () => {
    const { denied, used } = usage(cluster.auditLog, release.user);
    expect(denied).toEqual([]);
    expect(used).toContain('create /pods');
  });
});

// The chart and the image as users have them, on real nodes: Helm installs, the kubelet starts the operator from our image under the
// restricted level of Pod Security, an example runs as it is, and all that the chart promises is done to it in one cluster, in this
// order. At the end, what the chart grants is what was used.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usage } from '../../test/integration/grants.ts';
import { aboutTheExample } from './chart/example.ts';
import { aboutLosses } from './chart/losses.ts';
import { aboutThePolicy } from './chart/policy.ts';
import { aboutTheRelease } from './chart/releases.ts';
import { aboutRequests } from './chart/requests.ts';
import { grantsOf } from './chart/rights.ts';
import { type ChartStage, openChartStage } from './chart/stage.ts';
import { describeReal } from './clusters.ts';

describeReal('the chart on real nodes', () => {
  let opened: ChartStage | undefined;
  const stage = (): ChartStage => opened ?? expect.fail('the cluster did not start');

  beforeAll(async () => {
    opened = await openChartStage();
  }, 1_200_000); // on a new machine programs and images are built first
  afterAll(() => opened?.end());

  test('helm install --wait: two replicas on two nodes, ready without a restart, one leads', async () => {
    const { release } = stage();
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
    const { stdout } = await stage().release.test();
    expect(stdout).toMatch(/Phase:\s+Succeeded/);
    expect(stdout).toMatch(/helm-test-\w+-0 runs: the operator works\n/);
  });

  aboutTheExample(stage);
  aboutThePolicy(stage);
  aboutRequests(stage);
  aboutTheRelease(stage);
  aboutLosses(stage);

  test('what the chart grants is what was used over all of that, and nothing else was asked for', async () => {
    const { cluster, release } = stage();
    const granted = await grantsOf(cluster, release.user);
    const { denied, used } = usage(cluster.auditLog, release.user);
    // An uninstall takes the rights away a moment before the pods, the last of which may then give its Lease back in vain.
    expect(denied.filter((one) => one !== 'patch coordination.k8s.io/leases')).toEqual([]);
    expect(used).toContain('create /pods');
    expect(used).toEqual(granted);
  });
});

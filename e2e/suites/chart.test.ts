// The chart and the image as users have them, on real nodes: Helm installs, the kubelet starts the operator from our image under the
// restricted level of Pod Security, and it works, through the loss of its leader and an upgrade to another image.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usage } from '../../test/integration/grants.ts';
import { helm } from '../cluster/helm.ts';
import { type RealCluster, startRealCluster } from '../cluster/real/cluster.ts';
import { until } from '../cluster/requests.ts';
import { type OperatorArchive, operatorArchive } from '../images/operator/archive.ts';
import { describeReal } from './clusters.ts';

const CHART = new URL('../../charts/statefulapp-operator', import.meta.url).pathname;
const NAMESPACE = 'operators';
const NAME = 'statefulapp-operator';
const LEASE = ['-n', NAMESPACE, 'get', 'lease', NAME, '-o', 'jsonpath={.spec.holderIdentity}'] as const;

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly containerStatuses: readonly { readonly ready: boolean; readonly restartCount: number }[];
  };
}

describeReal('the chart on real nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  let cluster: RealCluster;
  let operator: OperatorArchive;

  beforeAll(async () => {
    operator = await operatorArchive(console.log);
    cluster = await startRealCluster({
      name: 'chart',
      dir: join(folder, 'cluster'),
      nodes: 2,
      images: [operator.file],
      audit: true,
    });
    await cluster.kubectl('create', 'namespace', NAMESPACE);
    await cluster.kubectl('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted');
  }, 1_200_000); // on a new machine programs are built first
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const helmed = (...args: readonly string[]) =>
    helm({ kubeconfig: cluster.kubeconfig, args: [...args, '--namespace', NAMESPACE, '--timeout=120s'] });
  const values = () => Object.entries(operator.image).map(([name, value]) => `--set=image.${name}=${value}`);
  const pods = async (): Promise<readonly Pod[]> => {
    const selector = 'app.kubernetes.io/component=operator';
    return JSON.parse(await cluster.kubectl('-n', NAMESPACE, 'get', 'pods', '-l', selector, '-o', 'json')).items;
  };
  const leader = async () => (await cluster.kubectl(...LEASE)).split('_')[0] ?? '';

  test('helm install --wait: two replicas, one on each node, ready without a restart, one leads', async () => {
    const { warnings } = await helmed('install', NAME, CHART, '--wait', ...values());
    expect(warnings).toEqual([]);
    const running = await pods();
    expect(new Set(running.map(({ spec }) => spec.nodeName)).size).toBe(2);
    const states = running.flatMap(({ status }) => status.containerStatuses);
    expect(states.map(({ ready, restartCount }) => ({ ready, restartCount }))).toEqual([
      { ready: true, restartCount: 0 },
      { ready: true, restartCount: 0 },
    ]);
    expect(running.map(({ metadata }) => metadata.name)).toContain(await leader());
  });

  test('helm test: an app comes up, made by a pod of the image', async () => {
    const { stdout } = await helmed('test', NAME, '--logs');
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
    const first = await leader();
    const deletedAt = Date.now();
    await cluster.kubectl('-n', NAMESPACE, 'delete', 'pod', first, '--wait=false');
    const hasMoved = async () => ![first, ''].includes(await leader());
    await until(hasMoved, 30_000, () => 'nobody else leads after 30 s');
    console.log(`the other replica leads ${Date.now() - deletedAt} ms after the deletion of the leader's pod`);
    await cluster.kubectl('delete', 'pod', 'web-0');
    await ready();
  });

  test('an upgrade rolls the operator, and no member', async () => {
    const members = () => cluster.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');
    const [before, operators] = [await members(), (await pods()).map(({ metadata }) => metadata.name)];
    await helmed('upgrade', NAME, CHART, '--wait', ...values(), '--set=logLevel=debug');
    await until(
      async () => (await pods()).length === 2,
      60_000,
      () => 'the replaced pods are left after 60 s',
    );
    expect((await pods()).filter(({ metadata }) => operators.includes(metadata.name))).toEqual([]);
    await helmed('test', NAME);
    expect(await members()).toBe(before);
  });

  test('over all of that nothing was asked for that the chart does not grant', () => {
    const { denied, used } = usage(cluster.auditLog, `system:serviceaccount:${NAMESPACE}:${NAME}`);
    expect(denied).toEqual([]);
    expect(used).toContain('create /pods');
  });
});

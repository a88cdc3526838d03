// `helm test` on a real API server. Fake kubelets run no containers, so the pod's script runs beside the cluster, with the pod's
// own environment and account, and the pod ends as it did. (With a kubelet: e2e/suites/chart.test.ts.)
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { helm } from '../../../e2e/cluster/helm.ts';
import { PLAY } from '../../../e2e/cluster/plays.ts';
import { until } from '../../../e2e/cluster/requests.ts';
import { authorityFile, type ChartStage, openChartStage } from './stage.ts';
import { FULL_NAME, RELEASE } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'statefulapp-chart-'));

let stage: ChartStage;
let kubectl: ChartStage['cluster']['kubectl'];

beforeAll(async () => {
  stage = await openChartStage('helm-test');
  kubectl = stage.cluster.kubectl;
  await stage.namespace(RELEASE.namespace);
  await stage.install(RELEASE);
});
afterAll(async () => {
  await stage?.end();
  rmSync(folder, { recursive: true, force: true });
});

test('helm test creates an app as a user would, and sees it Ready', async () => {
  await stage.operator(RELEASE);
  const { kubeconfig } = stage.cluster;
  const testing = helm({ kubeconfig, args: ['test', RELEASE.name, '-n', RELEASE.namespace, '--timeout=90s'] });
  testing.catch(() => {}); // awaited below
  const pod = ['-n', RELEASE.namespace, 'pod', `${FULL_NAME}-test`] as const;
  const [inNamespace, namespace, kind, name] = pod;
  const phase = () =>
    kubectl('get', inNamespace, namespace, kind, name, '-o', 'jsonpath={.status.phase}').catch(() => '');
  await until(
    async () => (await phase()) === 'Running',
    60_000,
    () => 'the test pod does not run after 60 s',
  );
  const good = await inTestPod();
  expect(good.output).toMatch(/created StatefulApp helm-test-\w+ in namespace operators\n/);
  expect(good.output).toMatch(/helm-test-\w+-0 runs: the operator works\ndeleted StatefulApp helm-test-\w+\n$/);
  expect(good.code).toBe(0);
  // Fake kubelets run no containers: the pod ends when it is told to.
  await kubectl('annotate', inNamespace, namespace, kind, name, `${PLAY}=succeeded`);
  expect((await testing).stdout).toMatch(/Phase:\s+Succeeded/);
});

test('helm test fails, and says why, where no operator works', async () => {
  const { kubeconfig } = stage.cluster;
  const testing = helm({ kubeconfig, args: ['test', RELEASE.name, '-n', RELEASE.namespace, '--timeout=90s'] });
  testing.catch(() => {});
  const exists = () =>
    kubectl('-n', RELEASE.namespace, 'get', 'pod', `${FULL_NAME}-test`, '-o', 'jsonpath={.status.phase}').catch(
      () => '',
    );
  await until(
    async () => (await exists()) === 'Running',
    60_000,
    () => 'the test pod does not run after 60 s',
  );
  const bad = await inTestPod({ TEST_LIMIT_SECONDS: '2' });
  expect(bad.output).toMatch(/is not Ready after 2 s: the operator has written no status yet; does it run/);
  expect(bad.output).toMatch(/deleted StatefulApp/);
  expect(bad.code).toBe(1);
  await kubectl('-n', RELEASE.namespace, 'annotate', 'pod', `${FULL_NAME}-test`, `${PLAY}=failed`);
  await expect(testing).rejects.toThrow(/fail/i);
});

/** Runs what the test pod would run, with its script, environment and account. */
async function inTestPod(more: Readonly<Record<string, string>> = {}) {
  const { cluster } = stage;
  const name = `${FULL_NAME}-test`;
  const read = async (kind: string) =>
    JSON.parse(await kubectl('-n', RELEASE.namespace, 'get', kind, name, '-o', 'json'));
  const account = join(folder, 'account');
  mkdirSync(account, { recursive: true });
  writeFileSync(join(account, 'token'), await kubectl('-n', RELEASE.namespace, 'create', 'token', name));
  writeFileSync(join(folder, 'test.mjs'), (await read('configmap')).data['test.mjs']);
  const env: readonly { name: string; value: string }[] = (await read('pod')).spec.containers[0].env;
  const { hostname, port } = new URL(cluster.url);
  const run = promisify(execFile)('node', [join(folder, 'test.mjs')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...Object.fromEntries(env.map((one) => [one.name, one.value])),
      NODE_EXTRA_CA_CERTS: authorityFile(cluster),
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      TEST_ACCOUNT: account,
      ...more,
    },
  });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stderr + error.stdout,
    }),
  );
}

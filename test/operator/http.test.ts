// Probes and metrics.

import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Health, serve } from '../../src/operator/http.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';

async function bench(health: Partial<Health> = {}) {
  const telemetry = new Telemetry(4);
  const whole = { isReady: () => true, longestPassMs: () => 0, ...health };
  const endpoint = await serve({ host: '127.0.0.1', port: 0 }, whole, telemetry.registry);
  onTestFinished(() => endpoint.close());
  const get = async (path: string) => {
    const response = await fetch(`${endpoint.url}${path}`);
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
  };
  return { telemetry, endpoint, get };
}

test.each(['/livez', '/healthz', '/livez?verbose'])('%s is well while no pass hangs', async (path) => {
  const { get } = await bench({ longestPassMs: () => 599_999 });
  expect(await get(path)).toMatchObject({ status: 200, text: 'ok\n' });
});

test.each(['/livez', '/healthz'])('%s fails when a pass hangs, and says for how long', async (path) => {
  const { get } = await bench({ longestPassMs: () => 600_000 });
  expect(await get(path)).toMatchObject({ status: 500, text: 'a pass over an app has been running for 600 s\n' });
});

test('/readyz fails until the watches have synced, and a daemon that is not ready lives', async () => {
  let ready = false;
  const { get } = await bench({ isReady: () => ready });
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'watches have not synced yet\n' });
  expect(await get('/livez')).toMatchObject({ status: 200 });
  ready = true;
  expect(await get('/readyz')).toMatchObject({ status: 200 });
});

test.each(['/', '/metricsx', '/livez/etcd'])('%s is not there', async (path) => {
  const { get } = await bench();
  expect(await get(path)).toMatchObject({ status: 404, text: 'there are /metrics, /livez, /healthz and /readyz\n' });
});

test('/metrics speaks the format of Prometheus, with the names of controller-runtime and our own', async () => {
  const { get, telemetry } = await bench();
  telemetry.reconciled('success', 12);
  telemetry.leading(true);
  const { status, text, type } = await get('/metrics');
  expect(status).toBe(200);
  expect(type).toContain('text/plain; version=0.0.4');
  const names = text.split('\n').flatMap((line) => (line.startsWith('# TYPE ') ? [line.split(' ')[2]] : []));
  expect(names).toEqual(
    expect.arrayContaining([
      'controller_runtime_reconcile_total',
      'controller_runtime_reconcile_errors_total',
      'controller_runtime_reconcile_time_seconds',
      'controller_runtime_max_concurrent_reconciles',
      'workqueue_depth',
      'workqueue_adds_total',
      'workqueue_retries_total',
      'workqueue_queue_duration_seconds',
      'workqueue_work_duration_seconds',
      'rest_client_requests_total',
      'rest_client_request_duration_seconds',
      'leader_election_master_status',
      'statefulapp_actions_total',
      'statefulapp_assertions_total',
      'statefulapp_watch_errors_total',
      'process_cpu_seconds_total',
    ]),
  );
  expect(text).toContain('controller_runtime_reconcile_total{controller="statefulapp",result="success"} 1');
  expect(text).toContain('leader_election_master_status{name="statefulapp"} 1');
  expect(text).toContain('controller_runtime_max_concurrent_reconciles{controller="statefulapp"} 4');
});

test('an address that is taken is refused with what to do', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  );
  onTestFinished(() => void other.close());
  const health = { isReady: () => true, longestPassMs: () => 0 };
  await expect(serve({ host: '127.0.0.1', port }, health, new Telemetry(1).registry)).rejects.toThrow(
    new RegExp(`^cannot serve probes and metrics on 127.0.0.1:${port}: .*EADDRINUSE.* Choose another --address.$`),
  );
});

test('closing ends open connections', async () => {
  const { endpoint, get } = await bench();
  await get('/livez');
  await endpoint.close();
  await expect(get('/livez')).rejects.toThrow('fetch failed');
});

#!/usr/bin/env node
// The daemon's entry: settings, signals, exit codes. SIGTERM and SIGINT drain and release the Lease; a second one ends at
// once.

import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadKubeConfig } from '../kube/kubeconfig.ts';
import { systemClock } from '../kube/system-clock.ts';
import { createTransport } from '../kube/undici-transport.ts';
import { type Config, readConfig, USAGE, UsageError } from './config.ts';
import { serve } from './http.ts';
import { startOperator } from './operator.ts';
import { createLogger, Telemetry } from './telemetry.ts';

const POD_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** In a pod its own namespace; elsewhere the only watched one, or that of the kubeconfig's context. */
function leaseNamespace(config: Config): string {
  if (config.leaseNamespace !== null) return config.leaseNamespace;
  if (process.env['POD_NAMESPACE']) return process.env['POD_NAMESPACE'];
  if (existsSync(POD_NAMESPACE_FILE)) return readFileSync(POD_NAMESPACE_FILE, 'utf8').trim();
  const kubeConfig = loadKubeConfig(config.context);
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  return config.namespaces[0] ?? context?.namespace ?? 'default';
}

async function run(config: Config): Promise<void> {
  const log = createLogger(config.logLevel);
  const telemetry = new Telemetry(config.workers);
  const transport = createTransport({ kubeConfig: () => loadKubeConfig(config.context) });
  const lease = { namespace: leaseNamespace(config), name: config.leaseName };
  const operator = startOperator({
    ...config,
    transport,
    clock: systemClock,
    random: Math.random,
    log,
    telemetry,
    lease,
    identity: `${hostname()}_${randomUUID()}`,
  });
  const endpoint = await serve(config.address, operator, telemetry.registry);
  log.info({ url: endpoint.url, namespaces: config.namespaces, lease }, 'started');
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(1));
  log.info({ signal }, 'stopping');
  await operator.stop();
  await endpoint.close();
  await transport.close();
  log.info('stopped');
}

try {
  const config = readConfig(process.argv.slice(2), process.env);
  if (config === null) console.log(USAGE);
  else await run(config);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof UsageError ? 2 : 1);
}

// Helm as a function, found or built when first used. Its caches lie beside the cluster's kubeconfig, so that neither the user's
// settings nor plugins have a say.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary, type Progress } from './binaries.ts';

export interface HelmCall {
  readonly kubeconfig: string;
  readonly args: readonly string[];
  readonly progress?: Progress;
  /** Values as an object, which win over the chart's. */
  readonly values?: object;
}

export interface HelmOutput {
  readonly stdout: string;
  /** What the API server warned of: https://kubernetes.io/blog/2020/09/03/warnings/ */
  readonly warnings: readonly string[];
}

const LIMIT_MS = 300_000;

/** A failure is an error with what Helm said. */
export async function helm({ kubeconfig, args, values, progress = () => {} }: HelmCall): Promise<HelmOutput> {
  const path = await findBinary('helm', progress);
  const home = join(dirname(kubeconfig), 'helm');
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
  };
  const given = values === undefined ? [] : ['--values', '-'];
  const running = promisify(execFile)(path, [...args, ...given], { env, timeout: LIMIT_MS, maxBuffer: 64 << 20 });
  running.child.stdin?.on('error', () => {}); // a helm that ends early does not read it
  running.child.stdin?.end(values === undefined ? '' : JSON.stringify(values));
  try {
    const { stdout, stderr } = await running;
    // Beside these, Kubernetes' client logs requests that it gave up, as at the end of each --wait.
    return { stdout, warnings: stderr.split('\n').filter((line) => /\bwarnings?\b/i.test(line)) };
  } catch (error) {
    const { stderr = '', code, killed } = error as { stderr?: string; code?: number | string; killed?: boolean };
    const how = killed === true ? `took longer than ${LIMIT_MS / 1000} s` : `failed (exit ${code})`;
    throw new Error(`helm ${args.join(' ')} ${how}: ${stderr.trim()}`);
  }
}

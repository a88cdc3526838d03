// kubectl as a function: the one that fits the cluster's version, found or built when first used.
import { findBinary, type Progress } from './binaries.ts';
import { run } from './run.ts';

export interface KubectlCall {
  readonly kubeconfig: string;
  readonly args: readonly string[];
  /** Standard input, for `apply -f -`. */
  readonly input?: string;
  readonly progress: Progress;
}

/** Standard output; a failure is an error with what kubectl said. */
export async function kubectl({ kubeconfig, args, input = '', progress }: KubectlCall): Promise<string> {
  const path = await findBinary('kubectl', progress);
  return run([path, ...args], { input, env: { ...process.env, KUBECONFIG: kubeconfig } });
}

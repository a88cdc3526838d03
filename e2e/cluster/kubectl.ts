// kubectl as a function: the one that fits the cluster's version, found or built when first used.
import { spawn } from 'node:child_process';
import { findBinary, type Progress } from './binaries.ts';

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
  const child = spawn(path, args, { env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {}); // a kubectl that ends early does not read it
  child.stdin.end(input);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, killedBy) => resolve(exitCode ?? killedBy ?? 'unknown'));
  });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed (exit ${code}): ${stderr.trim()}`);
  return stdout;
}

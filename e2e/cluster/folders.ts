// Where the local cluster keeps things outside the checkout: programs in the cache (safe to delete, costs a build),
// running clusters in the state folder (deleted by `down`). Follows the XDG rules, so one variable moves each.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BinaryName, binary, platform } from './catalog.ts';

const PROJECT = 'statefulapp-operator';

function base(variable: string, fallback: string): string {
  const set = process.env[variable];
  return join(set !== undefined && set !== '' ? set : join(homedir(), fallback), PROJECT);
}

/** The folder of one program in the cache: by version and platform, so that nothing stale is ever found. */
export function cacheFolder(name: BinaryName): string {
  const { os, arch } = platform();
  return join(base('XDG_CACHE_HOME', '.cache'), 'bin', `${binary(name).version}-${os}-${arch}`);
}

/** A folder of the cache for what images are made of: packages, programs of other projects. */
export function imageCache(what: string): string {
  return join(base('XDG_CACHE_HOME', '.cache'), 'images', what);
}

/** The folder of an image's archive in the cache, by the version of what is in it. */
export function imageFolder(version: string): string {
  const { os, arch } = platform();
  return join(base('XDG_CACHE_HOME', '.cache'), 'images', `${version}-${os}-${arch}`);
}

/** The folder of a cluster started by `npm run cluster -- up`. */
export function clusterFolder(name: string): string {
  return join(base('XDG_STATE_HOME', '.local/state'), 'clusters', name);
}

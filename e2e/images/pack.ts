// Packs a folder as a container image with one layer, without a daemon and without a registry: a docker-archive tar for
// `docker load`, `kind load image-archive`, `ctr images import` and RealCluster.importImage. Reproducible: the same
// content gives the same bytes. Needs GNU tar. Deliberately no compression: what is imported on this machine only would be
// packed and unpacked for nothing.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { archiveIndex, checkImageName, type ImageSpec, imageConfig } from './manifest.ts';

export interface PackOptions extends ImageSpec {
  /** Where the archive goes; its folder is made. Default: beside the root folder, with .tar at the end. */
  readonly target?: string;
  /** Keeps who owns each file (databases need it; the root folder was then made by root). Default: all belong to root. */
  readonly keepOwners?: boolean;
  /** Paths below the root folder that stay out, as patterns of tar: './var/cache/*'. */
  readonly exclude?: readonly string[];
}

/** Packs `rootFolder` as the image's root file system; resolves to the path of the archive, which appears whole or not at all. */
export async function packImage(rootFolder: string, options: PackOptions): Promise<string> {
  checkImageName(options.name);
  if (!statSync(rootFolder).isDirectory()) throw new Error(`${rootFolder} is no folder, so it cannot become an image.`);
  const target = options.target ?? `${rootFolder}.tar`;
  mkdirSync(dirname(target), { recursive: true });
  const scratch = mkdtempSync(`${target}.packing-`);
  try {
    const layer = join(scratch, 'layer');
    const owners = options.keepOwners === true ? [] : ['--owner=0', '--group=0'];
    const excludes = (options.exclude ?? []).map((pattern) => `--exclude=${pattern}`);
    await tar(layer, [...owners, ...excludes, '-C', rootFolder, '.']);
    const digest = await sha256(layer);
    const layerFile = `${digest}.tar`;
    renameSync(layer, join(scratch, layerFile));
    const config = imageConfig(options, digest);
    const configFile = `${createHash('sha256').update(config).digest('hex')}.json`;
    writeFileSync(join(scratch, configFile), config);
    writeFileSync(join(scratch, 'manifest.json'), archiveIndex(options.name, configFile, layerFile));
    const whole = join(scratch, 'image');
    const files = ['manifest.json', configFile, layerFile];
    await tar(whole, ['--owner=0', '--group=0', '--mode=0644', '-C', scratch, ...files]);
    renameSync(whole, target);
    return target;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

// Sorted, without times and without names of users: nothing in it tells when, where or by whom it was made.
const REPRODUCIBLE = ['--format=gnu', '--sort=name', '--mtime=@0', '--numeric-owner'];

async function tar(file: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('tar', ['--create', `--file=${file}`, ...REPRODUCIBLE, ...args]);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const next =
      code === 'ENOENT' ? 'Install it (apt-get install tar).' : 'It has to be GNU tar (on macOS: gtar as tar).';
    throw new Error(`tar could not pack ${file}: ${message.trim()}. ${next}`);
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

// The operator's image as one file in the cache, for clusters that are handed images instead of pulling them. Its tag names what is
// in it, so that a node with an older one never runs that instead. Lacks cleaning up: the cache is safe to delete.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageCache } from '../../cluster/folders.ts';
import { type Architecture, archive } from '../oci.ts';
import { buildOperatorImage, type Progress } from './image.ts';
import { PACKAGE } from './recipe.ts';

export interface OperatorArchive {
  /** For `ctr images import`, `docker load`, `kind load image-archive`. */
  readonly file: string;
  /** Values of the chart. */
  readonly image: { readonly repository: string; readonly tag: string };
  readonly digest: string;
}

/** Built from the sources as they are, for the machine's own architecture unless another is asked for. */
export async function operatorArchive(progress: Progress, architecture = machine()): Promise<OperatorArchive> {
  const built = await buildOperatorImage({ architecture, progress });
  const { digest } = built.manifest;
  const image = { repository: PACKAGE.name, tag: `${PACKAGE.version}-${digest.slice('sha256:'.length).slice(0, 12)}` };
  const folder = imageCache('operator');
  const file = join(folder, `${image.tag}-${architecture}.tar`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const scratch = `${file}.${process.pid}`;
    writeFileSync(scratch, archive(built, `${image.repository}:${image.tag}`));
    renameSync(scratch, file);
  }
  return { file, image, digest };
}

function machine(): Architecture {
  if (process.arch === 'x64') return 'amd64';
  if (process.arch === 'arm64') return 'arm64';
  throw new Error(`There is no image of the operator for ${process.arch}, only for x64 and arm64.`);
}

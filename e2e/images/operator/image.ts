// Builds the operator's image without a Docker daemon: Debian's libraries, Node, and the operator as one file, each a layer
// of its own, so that a new version of the operator moves half a megabyte. The same sources, packages and Node give the same
// digest. Lacks registries: `npm run image` writes files.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../../scripts/bundle.ts';
import { type Architecture, type Image, image, type Layer, layer } from '../oci.ts';
import { type Entry, textFile } from '../tar.ts';
import { gzipOnce } from './compress.ts';
import { debianFiles } from './debian.ts';
import { nodeFiles } from './node.ts';
import { BASE_FILES, NODE_VERSION, PACKAGE, RUN } from './recipe.ts';

/** Hears what takes time, one line at a time, without a newline. */
export type Progress = (line: string) => void;

export interface BuildOptions {
  readonly architecture: Architecture;
  /** Fetch Debian's packages anew. */
  readonly refresh?: boolean;
  readonly progress?: Progress;
}

export async function buildOperatorImage(options: BuildOptions): Promise<Image> {
  const { architecture, refresh = false, progress = () => {} } = options;
  const debian = await debianFiles({ architecture, refresh, progress });
  const node = await nodeFiles(architecture, progress);
  progress(`packing the image for ${architecture} …`);
  return image(architecture, RUN, [
    layer('Debian: libraries and certificates', [...debian, ...BASE_FILES], gzipOnce),
    layer(`Node ${NODE_VERSION}`, node, gzipOnce),
    await operatorLayer(),
  ]);
}

/** The same for every architecture. */
async function operatorLayer(): Promise<Layer> {
  const folder = mkdtempSync(join(tmpdir(), 'statefulapp-bundle-'));
  try {
    await bundle(folder);
    const files = readdirSync(folder).map(
      (name): Entry => ({ type: 'file', path: `app/${name}`, mode: 0o644, content: readFileSync(join(folder, name)) }),
    );
    // Says that operator.js is an ES module, and which version it is.
    const { name, version, license } = PACKAGE;
    const about = textFile('app/package.json', `${JSON.stringify({ name, version, license, type: 'module' })}\n`);
    return layer(`${name} ${version}`, [...files, about]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

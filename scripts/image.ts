// `npm run image`: the operator's image as files below dist/image, built without a Docker daemon (e2e/images/operator).

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Architecture, archive, index, layout } from '../e2e/images/oci.ts';
import { buildOperatorImage } from '../e2e/images/operator/image.ts';
import { ARCHITECTURES, REFERENCE } from '../e2e/images/operator/recipe.ts';

const FOLDER = 'dist/image';

const USAGE = `Usage: npm run image -- [options]

Writes ${FOLDER}/oci (an OCI layout of all architectures) and for each ${FOLDER}/statefulapp-operator-ARCH.tar, which
docker load, podman load, ctr images import and kind load image-archive read. Needs Debian or Ubuntu, not root.

  --arch ARCH        amd64 or arm64; several: repeat it (default: both)
  --reference NAME   the image's name and tag (default: ${REFERENCE})
  --refresh          fetch Debian's packages anew
  -h, --help`;

async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      arch: { type: 'string', multiple: true },
      reference: { type: 'string', default: REFERENCE },
      refresh: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { reference, refresh } = values;
  if (!/^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(reference)) {
    throw new UsageError(`--reference takes NAME:TAG, for example registry.example/${REFERENCE}, got '${reference}'.`);
  }
  const images = [];
  for (const architecture of architectures(values.arch)) {
    images.push(await buildOperatorImage({ architecture, refresh, progress: console.log }));
  }
  const top = index(images);
  rmSync(FOLDER, { recursive: true, force: true });
  for (const entry of layout(top, images, reference)) {
    if (entry.type === 'file') write(join(FOLDER, 'oci', entry.path), entry.content);
  }
  for (const one of images) {
    const file = join(FOLDER, `statefulapp-operator-${one.architecture}.tar`);
    write(file, archive(one, reference));
    const bytes = one.layers.reduce((sum, { blob }) => sum + blob.bytes.byteLength, 0);
    console.log(`${file}  ${reference}  ${one.manifest.digest}  ${(bytes / 1e6).toFixed(1)} MB compressed`);
  }
  console.log(`${FOLDER}/oci  ${reference}  ${top.digest}  ${images.map((one) => one.architecture).join(', ')}`);
  return 0;
}

class UsageError extends Error {}

function architectures(given: readonly string[] | undefined): readonly Architecture[] {
  const wrong = given?.find((name) => !ARCHITECTURES.some((known) => known === name));
  if (wrong !== undefined) throw new UsageError(`--arch takes ${ARCHITECTURES.join(' or ')}, got '${wrong}'.`);
  return ARCHITECTURES.filter((name) => given === undefined || given.includes(name));
}

function write(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  const isUsage = error instanceof UsageError || (code ?? '').startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? `${message}\n\n${USAGE}` : message);
  process.exitCode = isUsage ? 2 : 1;
}

// The operator as one file, operator.js, with the licences of what is in it beside it: it starts faster and takes less memory
// than the sources with their dependencies. For the published package and the image.

import { build } from 'esbuild';

const ROOT = new URL('..', import.meta.url).pathname;

// Bundled CommonJS packages call require and __dirname, which ES modules lack.
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  "const __filename = __fileURLToPath(import.meta.url); const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
].join('\n');

/** Writes into `folder`; how many bytes each file has. */
export async function bundle(folder: string): Promise<Readonly<Record<string, number>>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/operator/main.ts'],
    outfile: `${folder}/operator.js`,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    minifySyntax: true,
    legalComments: 'linked',
    banner: { js: banner },
    // Where the dependencies lie on this machine must not change what is built.
    preserveSymlinks: true,
    metafile: true,
    logLevel: 'warning',
  });
  return Object.fromEntries(Object.entries(metafile.outputs).map(([file, { bytes }]) => [file, bytes]));
}

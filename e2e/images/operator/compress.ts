// Compresses what does not change from build to build once: Node alone takes ten seconds. What is kept is named by what went in
// and by the zlib that did it, so that it is never another result. Safe to delete.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageCache } from '../../cluster/folders.ts';
import { type Compress, gzip } from '../oci.ts';

export const gzipOnce: Compress = (bytes, digest) => {
  const folder = imageCache(`zlib-${process.versions['zlib']}`);
  const file = join(folder, `${digest.replace(':', '-')}.gz`);
  if (existsSync(file)) return readFileSync(file);
  const compressed = gzip(bytes, digest);
  mkdirSync(folder, { recursive: true });
  // Whole or not at all; two at once write the same.
  const scratch = `${file}.${process.pid}`;
  writeFileSync(scratch, compressed);
  renameSync(scratch, file);
  return compressed;
};

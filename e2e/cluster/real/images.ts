// Images made of one program each: what holds a pod's namespaces, CoreDNS, and the probe of tests. Packed once from
// programs of the catalog, and kept in the cache.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packImage } from '../../images/pack.ts';
import { findBinary, type Progress } from '../binaries.ts';
import { type BinaryName, binary } from '../catalog.ts';
import { imageFolder } from '../folders.ts';
import { withLock } from '../lock.ts';

export interface PackedImage {
  readonly name: string;
  readonly archive: string;
}

export const sandboxImage = (progress: Progress) => programImage('pause', progress);
export const coreDnsImage = (progress: Progress) => programImage('coredns', progress);
/** See go/probe: what tests run in pods. */
export const probeImage = (progress: Progress) => programImage('probe', progress);

/** An image with nothing but one static program in it, run by a user without rights. */
async function programImage(program: BinaryName, progress: Progress): Promise<PackedImage> {
  const { version } = binary(program);
  const name = `statefulapp-test/${program}:${version.replace(`${program}-`, '')}`;
  const folder = imageFolder(version);
  const archive = join(folder, `${program}.tar`);
  if (existsSync(archive)) return { name, archive };
  const path = await findBinary(program, progress);
  mkdirSync(folder, { recursive: true });
  const pack = async () => {
    if (existsSync(archive)) return;
    progress(`packing the image ${name} …`);
    const root = mkdtempSync(join(folder, `${program}-`));
    try {
      copyFileSync(path, join(root, program));
      await packImage(root, { name, entrypoint: [`/${program}`], user: '65532:65532', target: archive });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  };
  await withLock(join(folder, `${program}.lock`), pack, (pid) =>
    progress(`waiting for process ${pid}, which packs ${name} …`),
  );
  return { name, archive };
}

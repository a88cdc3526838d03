// Libraries and certificates from the packages of the machine's own Debian (or Ubuntu), for any architecture, without root
// and without touching the system's own package lists. Fetched once and kept, so that a second build packs the same bytes;
// `refresh` asks for newer ones. Lacks what a package does when it is installed: only files are taken.
import { execFile } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { imageCache } from '../../cluster/folders.ts';
import { withLock } from '../../cluster/lock.ts';
import type { Architecture } from '../oci.ts';
import { type Entry, textFile } from '../tar.ts';
import type { Progress } from './image.ts';
import { placeOf } from './places.ts';
import { DEBIAN_PACKAGES } from './recipe.ts';

export interface Wanted {
  readonly architecture: Architecture;
  /** Fetch anew what is kept: newer packages with the fixes of today. */
  readonly refresh: boolean;
  readonly progress: Progress;
}

const CERTIFICATES = 'usr/share/ca-certificates/';
const LIMIT_MS = 300_000;

/** The base of the image: libraries, one file of certificates, licences, and which packages these are, for scanners. */
export async function debianFiles(wanted: Wanted): Promise<readonly Entry[]> {
  const folder = await packages(wanted);
  const all: Entry[] = [];
  const certificates: string[] = [];
  for (const file of readdirSync(folder).sort()) {
    const { name, control, files } = await unpack(join(folder, file));
    all.push(textFile(`var/lib/dpkg/status.d/${name}`, control));
    for (const { path, entry } of files) {
      if (path.startsWith(CERTIFICATES) && entry.type === 'file') certificates.push(String(entry.content));
      const place = placeOf(path);
      if (place !== undefined) all.push({ ...entry, path: place });
    }
  }
  return [...all, textFile('etc/ssl/certs/ca-certificates.crt', certificates.join(''))];
}

/** The folder with the fetched packages. */
async function packages({ architecture, refresh, progress }: Wanted): Promise<string> {
  const cache = imageCache('debian');
  mkdirSync(cache, { recursive: true });
  const folder = join(cache, architecture);
  const onWait = (pid: number, seconds: number) =>
    progress(`waiting for process ${pid}, which is fetching Debian packages: ${seconds} s …`);
  return withLock(
    `${folder}.lock`,
    async () => {
      if (refresh || !existsSync(folder)) await fetchInto(folder, architecture, progress);
      return folder;
    },
    onWait,
  );
}

async function fetchInto(folder: string, architecture: Architecture, progress: Progress): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'statefulapp-apt-'));
  try {
    const settings = aptSettings(scratch, architecture);
    const fetched = join(scratch, 'packages');
    mkdirSync(fetched);
    progress(`fetching Debian packages for ${architecture}: reading the lists …`);
    await apt(['-c', settings, '-qq', 'update'], scratch);
    await apt(['-c', settings, '-qq', 'download', ...DEBIAN_PACKAGES], fetched);
    // The licence of the libraries that come from GCC is in a package of its own, whose name has GCC's version.
    const depended = await Promise.all(readdirSync(fetched).map((file) => fieldOf(join(fetched, file), 'Depends')));
    const base = new Set(depended.flatMap((text) => text.match(/\bgcc-\d+-base\b/g) ?? []));
    if (base.size > 0) await apt(['-c', settings, '-qq', 'download', ...base], fetched);
    rmSync(folder, { recursive: true, force: true });
    renameInto(fetched, folder);
    progress(`fetched ${readdirSync(folder).length} Debian packages for ${architecture}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Folders of its own for lists and state: neither root nor the machine's own architecture is needed. */
function aptSettings(scratch: string, architecture: Architecture): string {
  for (const folder of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(scratch, folder), { recursive: true });
  }
  writeFileSync(join(scratch, 'status'), '');
  const file = join(scratch, 'apt.conf');
  writeFileSync(
    file,
    [
      `Dir::State "${join(scratch, 'state')}";`,
      `Dir::State::status "${join(scratch, 'status')}";`,
      `Dir::Cache "${join(scratch, 'cache')}";`,
      `APT::Architecture "${architecture}";`,
      '#clear APT::Architectures;',
      `APT::Architectures { "${architecture}"; };`,
      'APT::Sandbox::User "";',
      'Acquire::Languages "none";',
      '',
    ].join('\n'),
  );
  return file;
}

async function apt(args: readonly string[], cwd: string): Promise<void> {
  await run('apt-get', args, cwd);
}

async function run(program: string, args: readonly string[], cwd = '.'): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, timeout: LIMIT_MS, maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint =
      code === 'ENOENT'
        ? `${program} is not installed: this way of building the image needs Debian or Ubuntu. Elsewhere: docker build .`
        : `${message.trim()}. Are the package sources in /etc/apt reachable? Else: docker build .`;
    throw new Error(`The operator's image could not be built: ${hint}`);
  }
}

function fieldOf(file: string, field: string): Promise<string> {
  return run('dpkg-deb', ['-f', file, field]);
}

interface Unpacked {
  readonly name: string;
  readonly control: string;
  readonly files: readonly { readonly path: string; readonly entry: Entry }[];
}

async function unpack(file: string): Promise<Unpacked> {
  const root = mkdtempSync(join(tmpdir(), 'statefulapp-deb-'));
  try {
    await run('dpkg-deb', ['-x', file, root]);
    const files = walk(root, '').map((path) => ({ path, entry: read(root, path) }));
    return { name: (await fieldOf(file, 'Package')).trim(), control: await run('dpkg-deb', ['-f', file]), files };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Paths of files and links, sorted. */
function walk(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((found) => {
      const path = folder === '' ? found.name : `${folder}/${found.name}`;
      return found.isDirectory() ? walk(root, path) : [path];
    });
}

function read(root: string, path: string): Entry {
  const place = join(root, path);
  const stat = lstatSync(place);
  if (stat.isSymbolicLink()) return { type: 'symlink', path, target: readlinkSync(place) };
  return { type: 'file', path, mode: (stat.mode & 0o111) === 0 ? 0o644 : 0o755, content: readFileSync(place) };
}

/** The temporary folder and the cache may be on different disks. */
function renameInto(from: string, to: string): void {
  const aside = `${to}.${process.pid}`;
  mkdirSync(aside);
  for (const file of readdirSync(from)) writeFileSync(join(aside, file), readFileSync(join(from, file)));
  renameSync(aside, to);
}

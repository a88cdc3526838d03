// What real nodes need of the machine: Linux, root, and a few programs that are not built here: they are taken where they
// are, else installed from Debian's packages where that is possible, else named with the package that has them.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isExecutable, type Progress } from '../binaries.ts';
import { run } from '../run.ts';

interface Need {
  readonly program: string;
  /** In Debian and Ubuntu. */
  readonly aptPackage: string;
  readonly use: string;
}

const NEEDS: readonly Need[] = [
  { program: 'runc', aptPackage: 'runc', use: 'starts containers' },
  { program: 'nft', aptPackage: 'nftables', use: 'kube-proxy routes Services with it' },
  { program: 'ip', aptPackage: 'iproute2', use: 'makes the network of the nodes' },
  { program: 'nsenter', aptPackage: 'util-linux', use: 'enters the namespaces of a node' },
  { program: 'unshare', aptPackage: 'util-linux', use: 'makes the namespaces of a node' },
  { program: 'mount', aptPackage: 'mount', use: 'gives each node folders of its own' },
  { program: 'tar', aptPackage: 'tar', use: 'packs images' },
];

export const CNI_PLUGINS = ['ptp', 'host-local'] as const;
const CNI_PACKAGE = 'containernetworking-plugins';
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

export interface Requirements {
  readonly runc: string;
  /** The folder of the CNI plugins. */
  readonly cni: string;
}

/** Why this machine cannot have real nodes, or undefined. Programs are another question: see `findRequirements`. */
export function unfit(machine = { platform: process.platform as string, uid: process.getuid?.() }): string | undefined {
  if (machine.platform !== 'linux') {
    return `Real nodes need Linux: they are made of its namespaces and cgroups, and this is ${machine.platform}.`;
  }
  if (machine.uid !== 0) {
    return `Real nodes need root, for namespaces, mounts and network links; this runs as user ${machine.uid}.`;
  }
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup')
    ? undefined
    : 'Real nodes need cgroups, and none are mounted at /sys/fs/cgroup.';
}

/** Finds all, installing what is missing where it may. Throws an error that names each missing program and its package. */
export async function findRequirements(progress: Progress): Promise<Requirements> {
  const reason = unfit();
  if (reason !== undefined) throw new Error(`${reason} Without real nodes: npm run cluster -- up --fake-nodes 3.`);
  const wanted = missingPackages();
  if (wanted.length > 0) await install(wanted, progress);
  const runc = findProgram('runc');
  const cni = findCni();
  if (missingPackages().length > 0 || runc === undefined || cni === undefined) throw new Error(explain());
  return { runc, cni };
}

/** The Debian packages that would bring what is missing. */
export function missingPackages(): readonly string[] {
  const programs = missing().map(({ aptPackage }) => aptPackage);
  return [...new Set([...programs, ...(findCni() === undefined ? [CNI_PACKAGE] : [])])];
}

function missing(): readonly Need[] {
  return NEEDS.filter(({ program }) => findProgram(program) === undefined);
}

function explain(): string {
  const plugins = { program: `CNI plugins ${CNI_PLUGINS.join(' and ')}`, aptPackage: CNI_PACKAGE, use: 'connect pods' };
  const all = [...missing(), ...(findCni() === undefined ? [plugins] : [])];
  return [
    'Real nodes need programs that this machine lacks:',
    ...all.map(({ program, aptPackage, use }) => `  - ${program} (${use}), in the package ${aptPackage}`),
    `Install them (Debian, Ubuntu: apt-get install ${missingPackages().join(' ')}), and try again.`,
    `CNI plugins are looked for in STATEFULAPP_CNI_DIR, ${CNI_FOLDERS.join(', ')}.`,
  ].join('\n');
}

async function install(packages: readonly string[], progress: Progress): Promise<void> {
  if (process.env['STATEFULAPP_NO_DOWNLOAD'] === '1' || findProgram('apt-get') === undefined) return;
  progress(`installing ${packages.join(', ')} (apt-get) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Whoever installs something else at the moment is waited for.
  const apt = ['apt-get', '--quiet', '--yes', '-o', 'DPkg::Lock::Timeout=300'];
  const packagesOnly = ['install', '--no-install-recommends', ...packages];
  try {
    await run([...apt, ...packagesOnly], { env });
  } catch {
    try {
      await run([...apt, 'update'], { env }); // no list of packages yet, or an old one
      await run([...apt, ...packagesOnly], { env });
    } catch (error) {
      throw new Error(`${explain()}\n${(error as Error).message}`);
    }
  }
}

/** Programs of the system's administrator are not always in PATH. */
export const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_PATH].filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function findCni(): string | undefined {
  const set = process.env['STATEFULAPP_CNI_DIR'];
  const folders = set === undefined || set === '' ? CNI_FOLDERS : [set];
  return folders.find((folder) => CNI_PLUGINS.every((plugin) => existsSync(join(folder, plugin))));
}

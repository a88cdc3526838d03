// What is in the image of the databases that the e2e runs: etcd, PostgreSQL and Redis of Debian 12, at the paths and under the
// user ids of the public images that the examples name, so that the examples' command lines work as they are. Pure: the
// recipe, its hash, and what is done in the root folder. Deliberately one image for all three: it is imported once a node.
import { createHash } from 'node:crypto';

export const SUITE = 'bookworm';

/** In addition to what Debian calls essential. curl is for etcd's companions, procps for people who look into a container. */
export const PACKAGES: readonly string[] = [
  'etcd-server',
  'etcd-client',
  'postgresql-15',
  'redis-server',
  'curl',
  'procps',
];

/** postgres and redis of the public images; initdb insists on a name for its user. */
const USER = 'database:x:999:999::/nonexistent:/usr/sbin/nologin';
const GROUP = 'database:x:999:';

/** Documentation, and the compiler of PostgreSQL's JIT, which it does without: 100 MB. */
const NEEDLESS = [
  'usr/share/doc/*',
  'usr/share/man/*',
  'usr/share/locale/*',
  'usr/lib/*/libLLVM-*',
  'usr/lib/postgresql/15/lib/llvmjit*',
  'usr/lib/postgresql/15/lib/bitcode',
  'var/cache/apt/*',
  'var/lib/apt/lists/*',
  'var/lib/postgresql/*',
  'var/lib/redis/*',
  'var/lib/etcd/*',
  'var/log/*',
  'etc/postgresql/*',
  'etc/machine-id',
];

/** Shell lines that finish the root folder $1. */
export const FINISH: readonly string[] = [
  `echo '${USER}' >>"$1/etc/passwd"`,
  `echo '${GROUP}' >>"$1/etc/group"`,
  // The public image has PostgreSQL's programs in its PATH.
  'cd "$1/usr/local/bin" && ln -sf ../../lib/postgresql/15/bin/* .',
  `cd "$1" && rm -rf ${NEEDLESS.join(' ')}`,
];

/** The hash of all of the above: another recipe is another image. */
export const RECIPE_HASH: string = createHash('sha256')
  .update(JSON.stringify([SUITE, PACKAGES, FINISH]))
  .digest('hex')
  .slice(0, 12);

export const DATABASES_IMAGE = `statefulapp.dev/e2e/databases:${RECIPE_HASH}`;

export interface Debootstrap {
  readonly root: string;
  /** Files with apt sources in them, the host's. None: Debian's own mirror. */
  readonly sources: readonly string[];
}

/** The arguments of mmdebstrap that make the root folder. */
export function mmdebstrapArguments({ root, sources }: Debootstrap): readonly string[] {
  return [
    '--mode=root',
    '--variant=essential',
    `--include=${PACKAGES.join(',')}`,
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--aptopt=Apt::Install-Recommends "false"',
    ...FINISH.map((line) => `--customize-hook=${line}`),
    SUITE,
    root,
    ...sources,
  ];
}

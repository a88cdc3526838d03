// The words of a container image: its configuration and the index of a docker-archive (what `docker save` writes; `docker
// load` and `ctr images import` read it). Pure text. No layers shared between images, no labels, no health checks.

export interface ImageSpec {
  /** With a tag other than latest: Kubernetes would try to pull that one again at each start. */
  readonly name: string;
  readonly entrypoint: readonly string[];
  /** What the entrypoint gets unless the pod says otherwise. */
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A number, or number:number, so that runAsNonRoot can be checked. Default: root. */
  readonly user?: string;
  readonly workingDir?: string;
  /** As Go names it (amd64, arm64). Default: this machine's. */
  readonly architecture?: string;
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
// Reproducible: the same content is the same image, whenever it is built.
const CREATED = '1970-01-01T00:00:00Z';

/** The configuration, as JSON; `layerDigest` is the SHA-256 of the uncompressed layer, in hex. */
export function imageConfig(spec: ImageSpec, layerDigest: string): string {
  const env = { PATH: DEFAULT_PATH, ...spec.env };
  return JSON.stringify({
    architecture: spec.architecture ?? hostArchitecture(),
    os: 'linux',
    created: CREATED,
    config: {
      ...(spec.user === undefined ? {} : { User: spec.user }),
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      Entrypoint: spec.entrypoint,
      ...(spec.cmd === undefined ? {} : { Cmd: spec.cmd }),
      WorkingDir: spec.workingDir ?? '/',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: CREATED, created_by: 'packImage' }],
  });
}

/** The archive's manifest.json. */
export function archiveIndex(name: string, configFile: string, layerFile: string): string {
  return JSON.stringify([{ Config: configFile, RepoTags: [name], Layers: [layerFile] }]);
}

/** Throws for a name that a kubelet would not find, or would try to pull again. */
export function checkImageName(name: string): void {
  const tag = /^[a-z0-9]+([._/-][a-z0-9]+)*:([A-Za-z0-9_][A-Za-z0-9._-]*)$/.exec(name)?.[2];
  if (tag === undefined) {
    throw new Error(
      `'${name}' is not the name of an image: lower-case words joined by . _ - or /, then : and a tag, as in etcd-test:1.`,
    );
  }
  if (tag === 'latest')
    throw new Error(`Image ${name}: Kubernetes pulls 'latest' again at each start. Give it another tag, such as 1.`);
}

function hostArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

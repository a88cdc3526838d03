// Container images from layers, as pure data: the blobs and the index of an OCI image layout, and the archives that
// `docker load`, `podman load`, `ctr images import` and `skopeo` read. Nothing depends on time or machine: the same layers
// give the same digest. Lacks registries: push with the tool of your choice.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Entry, tar, textFile } from './tar.ts';

export type Architecture = 'amd64' | 'arm64';

/** What a container of the image starts with: the fields of the same name in the OCI image configuration. */
export interface RunConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Layer {
  /** Shown by `docker history`. */
  readonly from: string;
  readonly blob: Blob;
  /** Digest of the tar inside. */
  readonly diffId: string;
}

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface Image {
  readonly architecture: Architecture;
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Layer[];
}

const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** Registries reject a missing date, and a true one would make every build another image. */
const CREATED = '1970-01-01T00:00:00Z';

/** As gzip does at its best; a caller may know the result already. */
export type Compress = (bytes: Uint8Array, digest: string) => Uint8Array;
export const gzip: Compress = (bytes) => gzipSync(bytes, { level: 9 });

export function layer(from: string, entries: readonly Entry[], compress = gzip): Layer {
  const bytes = tar(entries);
  const diffId = digestOf(bytes);
  return { from, diffId, blob: blob(MEDIA.layer, compress(bytes, diffId)) };
}

export function image(architecture: Architecture, run: RunConfig, layers: readonly Layer[]): Image {
  const config = json(MEDIA.config, {
    architecture,
    os: 'linux',
    created: CREATED,
    config: run,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ from }) => ({ created: CREATED, created_by: from })),
  });
  const manifest = json(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: descriptor(config),
    layers: layers.map(({ blob }) => descriptor(blob)),
    annotations: run.Labels,
  });
  return { architecture, manifest, config, layers };
}

/** One name for the images of several architectures: a registry hands out the one that fits. */
export function index(images: readonly Image[]): Blob {
  const manifests = images.map(({ architecture, manifest }) => ({
    ...descriptor(manifest),
    platform: { architecture, os: 'linux' },
  }));
  return json(MEDIA.index, { schemaVersion: 2, mediaType: MEDIA.index, manifests });
}

/** The files of an OCI layout whose index.json names `top` (an index or a manifest) as `reference`, such as `name:tag`. */
export function layout(top: Blob, images: readonly Image[], reference: string): readonly Entry[] {
  const blobs = [top, ...images.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers.map(blobOf)])];
  const annotations = {
    'io.containerd.image.name': qualified(reference),
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  };
  const named = { schemaVersion: 2, mediaType: MEDIA.index, manifests: [{ ...descriptor(top), annotations }] };
  return [
    textFile('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    textFile('index.json', JSON.stringify(named)),
    ...blobs.map((one): Entry => ({ type: 'file', path: pathOf(one), mode: 0o644, content: one.bytes })),
  ];
}

/** One archive that is a docker-archive and an OCI layout at once, as `docker save` has written them since version 25. */
export function archive(one: Image, reference: string): Buffer {
  const manifest = [
    { Config: pathOf(one.config), RepoTags: [reference], Layers: one.layers.map((each) => pathOf(each.blob)) },
  ];
  return tar([...layout(one.manifest, [one], reference), textFile('manifest.json', JSON.stringify(manifest))]);
}

/** As Docker and the kubelet complete a short name. */
export function qualified(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  if (rest.length === 0) return `docker.io/library/${reference}`;
  return /[.:]|^localhost$/.test(first) ? reference : `docker.io/${reference}`;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function blob(mediaType: string, bytes: Uint8Array): Blob {
  return { mediaType, digest: digestOf(bytes), bytes };
}

function json(mediaType: string, value: unknown): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function descriptor({ mediaType, digest, bytes }: Blob) {
  return { mediaType, digest, size: bytes.byteLength };
}

const blobOf = (one: Layer): Blob => one.blob;
const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`;

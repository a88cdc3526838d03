// The examples as the e2e applies them: as they are, but for the image, which comes from this machine. Nothing else may be
// changed here, since it is the examples that are shown to work.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export type Store = 'etcd' | 'postgresql' | 'redis';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface Container {
  readonly image: string;
  readonly [field: string]: unknown;
}

export interface AppManifest extends Manifest {
  readonly kind: 'StatefulApp';
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly initContainers?: readonly Container[];
        readonly containers: readonly Container[];
        readonly [field: string]: unknown;
      };
      readonly [field: string]: unknown;
    };
    readonly [field: string]: unknown;
  };
}

const EXAMPLES = join(import.meta.dirname, '../../examples');

/** Every object of examples/<store>, in the order in which kubectl applies them. */
export function example(store: Store): readonly Manifest[] {
  const folder = join(EXAMPLES, store);
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return files.toSorted().flatMap((file) => {
    // As kubectl reads YAML: 0440 is octal.
    const documents = parseAllDocuments(readFileSync(join(folder, file), 'utf8'), { version: '1.1' });
    return documents.map((document) => document.toJS() as Manifest);
  });
}

export const isApp = (manifest: Manifest): manifest is AppManifest => manifest.kind === 'StatefulApp';

/** With this image in all of its containers. Other kinds are returned as they are. */
export function withImage(manifest: Manifest, image: string): Manifest {
  if (!isApp(manifest)) return manifest;
  const { template } = manifest.spec;
  const replaced = (containers: readonly Container[]) => containers.map((container) => ({ ...container, image }));
  const { initContainers, containers } = template.spec;
  const spec = {
    ...template.spec,
    ...(initContainers === undefined ? {} : { initContainers: replaced(initContainers) }),
    containers: replaced(containers),
  };
  return { ...manifest, spec: { ...manifest.spec, template: { ...template, spec } } };
}

/**
 * The same store as a StatefulSet, to compare with: the app's two words changed back, what only we have left out, and the headless
 * Service written, which a StatefulSet expects. Its updates take one member at a time, as ours do.
 */
export function asStatefulSet(manifest: Manifest): readonly Manifest[] {
  if (!isApp(manifest)) return [manifest];
  const { name } = manifest.metadata;
  const { podRecoveryPolicy, volumeLossPolicy, progressDeadlineSeconds, nodeFailurePolicy, ...spec } = manifest.spec;
  const labels = { 'app.kubernetes.io/name': name };
  const ports = spec.template.spec.containers.flatMap(
    ({ ports: exposed }) => (exposed ?? []) as readonly { readonly name: string; readonly containerPort: number }[],
  );
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: labels,
      ports: ports.map(({ name: portName, containerPort }) => ({ name: portName, port: containerPort })),
    },
  };
  const set: Manifest = {
    ...manifest,
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    spec: { ...spec, serviceName: name, selector: { matchLabels: labels }, updateStrategy: { type: 'RollingUpdate' } },
  };
  return [service, set];
}

/** One text for `kubectl apply -f -`: JSON is YAML. */
export function applicable(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
}

// StatefulApps for tests: the smallest one, changed where a test needs it.
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

export type Fields = { readonly [name: string]: unknown };
export interface AppObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Fields & { readonly name: string };
  readonly spec: Fields & { readonly template: Fields };
  readonly status?: unknown;
}

export const CONTAINER = { name: 'main', image: 'registry.k8s.io/pause:3.10' };

/** A pod template with these labels, and these fields beside `containers`. */
export const template = (labels?: Fields, spec: Fields = {}) => ({
  ...(labels ? { metadata: { labels } } : {}),
  spec: { containers: [CONTAINER], ...spec },
});

export const app = (spec: Fields = {}, name = 'web'): AppObject => ({
  apiVersion: 'statefulapp.dev/v1alpha1',
  kind: 'StatefulApp',
  metadata: { name },
  spec: { template: template(), ...spec },
});

/** As the API server returns it: in a namespace, with a UID. */
export const stored = (object: AppObject): AppObject => ({
  ...object,
  metadata: { namespace: 'default', uid: '5f2c0e4e-0000-4000-8000-000000000001', ...object.metadata },
});

export const claim = (name: string) => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

// As kubectl reads YAML: 0440 is octal.
const YAML_1_1 = { version: '1.1' } as const;

/** Each object in the folder's files and below, with its path. */
function read(folder: string): [string, AppObject][] {
  const at = new URL(`../../${folder}/`, import.meta.url);
  const files = readdirSync(at, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files.toSorted().flatMap((file) => {
    const documents = parseAllDocuments(readFileSync(new URL(file, at), 'utf8'), YAML_1_1);
    return documents.map((document): [string, AppObject] => [file, document.toJS()]);
  });
}

/** Files of test/manifests: StatefulSets as charts and operators ship them. */
export const statefulSets = () => read('test/manifests');

/** The StatefulApps of examples/, each alone in its file. */
export const examples = () => read('examples').filter(([, { kind }]) => kind === 'StatefulApp');

/** What a user does to migrate a manifest: two words. */
export const converted = (set: AppObject): AppObject => ({
  ...set,
  apiVersion: 'statefulapp.dev/v1alpha1',
  kind: 'StatefulApp',
});

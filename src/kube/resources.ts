/**
 * Which kinds of objects there are and where they live: the table of the built-in ones used here, and URL paths.
 *
 * Promise: whatever a name, namespace or selector contains, the path has the shape it was meant to have.
 * Lacks on purpose: discovery (the few kinds used are known) and our own kind (kube/ knows nothing of ours).
 */

export interface ApiResource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const core = (kind: string, plural: string, namespaced: boolean): ApiResource => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced,
});

export const RESOURCES = {
  pods: core('Pod', 'pods', true),
  persistentvolumeclaims: core('PersistentVolumeClaim', 'persistentvolumeclaims', true),
  persistentvolumes: core('PersistentVolume', 'persistentvolumes', false),
  services: core('Service', 'services', true),
  nodes: core('Node', 'nodes', false),
  events: core('Event', 'events', true),
  podtemplates: core('PodTemplate', 'podtemplates', true),
  namespaces: core('Namespace', 'namespaces', false),
  controllerrevisions: {
    group: 'apps',
    version: 'v1',
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    namespaced: true,
  },
  statefulsets: { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true },
  leases: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
  customresourcedefinitions: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  },
} as const satisfies Readonly<Record<string, ApiResource>>;

export function apiVersionOf(resource: ApiResource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

export type QueryValue = string | number | boolean | undefined;

/** Names one object, a collection (no `name`), or every namespace's collection (neither). */
export interface PathTarget {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Throws a TypeError for a target that cannot be meant: calling it is the mistake, and no request should be made. */
export function resourcePath(resource: ApiResource, target: PathTarget): string {
  const parts = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  if (resource.namespaced) {
    if (target.namespace !== undefined) parts.push('namespaces', segment(target.namespace, 'namespace'));
    else if (target.name !== undefined) throw new TypeError(`a ${resource.kind} is named with its namespace`);
  } else if (target.namespace !== undefined && target.namespace !== '') {
    throw new TypeError(`a ${resource.kind} has no namespace, got ${JSON.stringify(target.namespace)}`);
  }
  parts.push(resource.plural);
  if (target.name !== undefined) parts.push(segment(target.name, 'name'));
  if (target.subresource !== undefined) parts.push(segment(target.subresource, 'subresource'));
  return `/${parts.join('/')}`;
}

export function withQuery(path: string, query: Readonly<Record<string, QueryValue>>): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') pairs.push(`${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  }
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

// '.' and '..' survive encodeURIComponent and are then resolved away by proxies and servers: a DELETE of `..` would
// address the collection. An empty segment does the same. None can name an object (apimachinery
// pkg/api/validation/path, IsValidPathSegmentName).
function segment(text: string, what: string): string {
  if (text === '' || text === '.' || text === '..') throw new TypeError(`${JSON.stringify(text)} cannot be a ${what}`);
  return encodeURIComponent(text);
}

// What a request to the API server asks for, read from its method, path and body: who wants what of which object. Knows the
// shape of resource paths (apiserver pkg/endpoints/request/requestinfo.go, NewRequestInfo), no kinds. Lacks
// discovery, and everything that is not below /api or /apis: that has the verb "other".

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'other';

export interface ProxiedRequest {
  readonly verb: Verb;
  /** Plural; '' for what is no resource. */
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  /** For a create the one in its body. */
  readonly name: string | undefined;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
}

const WRITES: readonly Verb[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

export const isWrite = ({ verb }: ProxiedRequest): boolean => WRITES.includes(verb);

/** "create pods web-0", "patch statefulapps/status web": two requests with the same words want the same of one object. */
export function wordsOf({ verb, resource, subresource, name }: ProxiedRequest): string {
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`} ${name ?? ''}`.trim();
}

export function readRequest(method: string, path: string, body: string): ProxiedRequest {
  const url = new URL(path, 'http://server');
  const [root, ...parts] = url.pathname.split('/').filter((part) => part !== '');
  const asked = { method, path, body };
  if (root !== 'api' && root !== 'apis') return { ...asked, ...NO_RESOURCE };
  const rest = parts.slice(root === 'api' ? 1 : 2);
  const isInside = rest[0] === 'namespaces' && rest.length > 2;
  const [resource, name, subresource] = isInside ? rest.slice(2) : rest;
  if (resource === undefined) return { ...asked, ...NO_RESOURCE };
  const verb = verbOf(method, name, url.searchParams);
  return {
    ...asked,
    verb,
    resource,
    subresource,
    namespace: isInside ? rest[1] : undefined,
    name: verb === 'create' && name === undefined ? nameIn(body) : name,
  };
}

const NO_RESOURCE = {
  verb: 'other',
  resource: '',
  subresource: undefined,
  namespace: undefined,
  name: undefined,
} as const;

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET':
      if (query.get('watch') === 'true' || query.get('watch') === '1') return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      return 'other';
  }
}

function nameIn(body: string): string | undefined {
  const object = parsed(body) as { readonly metadata?: { readonly name?: unknown } } | undefined;
  return typeof object?.metadata?.name === 'string' ? object.metadata.name : undefined;
}

/** The UID that a delete names; undefined when it names none. */
export function preconditionUid({ body }: ProxiedRequest): string | undefined {
  const options = parsed(body) as { readonly preconditions?: { readonly uid?: unknown } } | undefined;
  return typeof options?.preconditions?.uid === 'string' ? options.preconditions.uid : undefined;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) ?? undefined;
  } catch {
    return undefined;
  }
}

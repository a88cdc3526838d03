// From what the operator's client sends to a call, and from an answer to what its client reads.
import type { KubeRequest, KubeResponse } from '../../../src/kube/transport.ts';
import { kindOf } from './kinds.ts';
import { bodyText } from './read.ts';
import type { Answer, Call, Verb } from './types.ts';

export { failure } from './failures.ts';

const VERBS: Readonly<Record<KubeRequest['method'], Verb>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function parseCall(actor: string, request: KubeRequest): Call {
  const { method, path, contentType, body } = request;
  const url = new URL(path, 'http://api');
  const place = parsePath(url.pathname);
  const query = Object.fromEntries(url.searchParams);
  const reading =
    query['watch'] === 'true' || query['watch'] === '1' ? 'watch' : place.name === undefined ? 'list' : 'get';
  const applying = method === 'PATCH' && contentType === 'application/apply-patch+yaml';
  const verb = method === 'GET' ? reading : applying ? 'apply' : VERBS[method];
  return { actor, verb, ...place, query, contentType, body: parseBody(body) };
}

function parseBody(body: string | undefined): unknown {
  if (body === undefined) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

type Place = Pick<Call, 'group' | 'plural' | 'namespace' | 'name' | 'subresource'>;

const NOWHERE: Place = { group: '', plural: '', namespace: undefined, name: undefined, subresource: undefined };

/** /api/v1/…, /apis/GROUP/VERSION/…; a path that is none of these, or of another version, names no resource. */
function parsePath(pathname: string): Place {
  const [root, ...parts] = pathname.split('/').slice(1).map(decodeURIComponent);
  const group = root === 'apis' ? parts.shift() : root === 'api' ? '' : undefined;
  const version = parts.shift();
  if (group === undefined) return NOWHERE;
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '');
  const namespace = inNamespace ? parts[1] : undefined;
  const [plural = '', name, subresource, ...more] = inNamespace ? parts.slice(2) : parts;
  if (more.length > 0 || kindOf(group, plural)?.version !== version) return NOWHERE;
  return { group, plural, namespace, name, subresource };
}

export function respond(answer: Answer): KubeResponse {
  const bytes = Buffer.from(bodyText(answer.body));
  const headers = new Map([['content-type', 'application/json'], ...Object.entries(answer.headers ?? {})]);
  return { status: answer.status, headers, body: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/**
 * The client's reads.
 *
 * Promise (safety rule R7): an unknown or failed read never counts as empty. "Absent" is the answer to one question
 * only: a GET of this object that the API server itself answered with NotFound for this name.
 * Lacks on purpose: reads from the server's cache (`resourceVersion=0`), which may be older than what was already seen.
 */
import { KubeError } from './errors.ts';
import { protocolError } from './exchange.ts';
import { type KubeObject, toKubeObject } from './objects.ts';
import { type Collection, type PageOptions, REQUEST_TIMEOUT_MS, readPages } from './pages.ts';
import { type ApiResource, resourcePath } from './resources.ts';
import { type CallOptions, callServer, laneOf, type NamedRef, observed, type Session } from './session.ts';

export interface ListOptions extends CallOptions, PageOptions, Omit<Collection, 'resource'> {}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export async function getObject(
  session: Session,
  resource: ApiResource,
  call: NamedRef & CallOptions,
): Promise<KubeObject | undefined> {
  const { namespace, name } = call;
  const attempt = { verb: 'get', object: { kind: resource.kind, namespace, name }, mutating: false } as const;
  const request = { method: 'GET', path: resourcePath(resource, { namespace, name }), lane: laneOf(resource) } as const;
  const { signal, timeoutMs = REQUEST_TIMEOUT_MS } = call;
  try {
    const { json } = await callServer(session, resource, { ...attempt, request, signal, timeoutMs });
    const object = toKubeObject(json);
    if (object === undefined) throw protocolError(attempt, 'the answer is no object');
    return object;
  } catch (error) {
    if (isAbsent(error, name)) return undefined;
    throw error;
  }
}

/**
 * The store says NotFound with the object's name in details (apimachinery pkg/api/errors, NewNotFound); an unknown path
 * or kind is a NotFound without a name (NewGenericServerResponse), and a proxy's 404 is no Status at all.
 */
function isAbsent(error: unknown, name: string): boolean {
  return (
    error instanceof KubeError &&
    error.status === 404 &&
    error.reason === 'NotFound' &&
    error.details?.['name'] === name
  );
}

export async function listObjects(session: Session, resource: ApiResource, call: ListOptions): Promise<KubeList> {
  const list = await observed(session, { verb: 'list', resource }, async () => {
    let items: KubeObject[] = [];
    let resourceVersion = '';
    for await (const page of readPages(session.connection, { ...call, resource }, call)) {
      if (page.first) items = [];
      for (const item of page.items) items.push(item);
      resourceVersion = page.resourceVersion;
    }
    return { status: 200, items, resourceVersion };
  });
  return { items: list.items, resourceVersion: list.resourceVersion };
}

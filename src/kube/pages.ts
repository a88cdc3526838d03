/**
 * A collection read page by page.
 *
 * Promise: the pages between a `first` one and the end are one consistent snapshot, at the resourceVersion they carry;
 * every item is a whole object, or the read fails (an unknown read never counts as empty). Reads what is current, never
 * `resourceVersion=0`, which may be served from a cache older than what we have already seen.
 * Lacks on purpose: a way to read only part of a collection.
 */

import { type Attempt, KubeError } from './errors.ts';
import { type Connection, exchange, protocolError } from './exchange.ts';
import { isRecord, type KubeObject, toKubeObject } from './objects.ts';
import { type ApiResource, apiVersionOf, resourcePath, withQuery } from './resources.ts';

export interface Collection {
  readonly resource: ApiResource;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface PageOptions {
  /** Objects per page. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** The snapshot starts here: forget earlier pages. */
  readonly first: boolean;
}

export const PAGE_SIZE = 500;
export const REQUEST_TIMEOUT_MS = 30_000;
// A snapshot lives as long as etcd keeps its history, five minutes by default. Who cannot finish in so many tries is too
// slow ever to finish.
const MAX_RESTARTS = 5;

export async function* readPages(connection: Connection, of: Collection, options: PageOptions): AsyncGenerator<Page> {
  const attempt: Attempt = { verb: 'list', object: collectionRef(of), mutating: false };
  let continueToken = '';
  let restarts = 0;
  while (true) {
    let page: RawPage;
    try {
      page = await readPage(connection, of, { ...options, attempt, continueToken });
    } catch (error) {
      const restart = error instanceof KubeError && error.code === 'Gone' && continueToken !== '';
      if (!restart || ++restarts > MAX_RESTARTS) throw error;
      continueToken = '';
      continue;
    }
    yield { items: page.items, resourceVersion: page.resourceVersion, first: continueToken === '' };
    if (page.continueToken === '') return;
    continueToken = page.continueToken;
  }
}

export function collectionRef({ resource, namespace }: Collection) {
  return { kind: resource.plural, namespace };
}

interface RawPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continueToken: string;
}

async function readPage(
  connection: Connection,
  of: Collection,
  options: PageOptions & { attempt: Attempt; continueToken: string },
): Promise<RawPage> {
  const { attempt, continueToken, signal } = options;
  const path = withQuery(resourcePath(of.resource, { namespace: of.namespace }), {
    labelSelector: of.labelSelector,
    fieldSelector: of.fieldSelector,
    limit: options.limit ?? PAGE_SIZE,
    continue: continueToken,
  });
  const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const { json } = await exchange(connection, { ...attempt, request: { method: 'GET', path }, signal, timeoutMs });
  return decodePage(attempt, of.resource, json);
}

function decodePage(attempt: Attempt, resource: ApiResource, json: unknown): RawPage {
  const metadata = isRecord(json) ? json['metadata'] : undefined;
  // Go marshals an empty list's items as [], and a nil slice as null.
  const items = isRecord(json) ? (json['items'] ?? []) : undefined;
  if (!isRecord(metadata) || typeof metadata['resourceVersion'] !== 'string' || !Array.isArray(items)) {
    throw protocolError(attempt, `the answer is no list: ${JSON.stringify(json)?.slice(0, 200)}`);
  }
  const typeMeta = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return {
    resourceVersion: metadata['resourceVersion'],
    continueToken: typeof metadata['continue'] === 'string' ? metadata['continue'] : '',
    items: items.map((item, index) => {
      const object = toKubeObject(item, typeMeta);
      if (object === undefined) throw protocolError(attempt, `item ${index} of the list is no object`);
      return object;
    }),
  };
}

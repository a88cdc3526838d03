/**
 * Objects, events and Status answers as an API server sends them.
 */

export interface PodSample {
  readonly uid?: string;
  readonly rv?: string;
  readonly namespace?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

export function pod(name: string, { uid = `uid-${name}`, rv = '1', namespace = 'default', more = {} }: PodSample = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid, resourceVersion: rv, managedFields: [{ manager: 'someone' }], ...more },
    spec: { nodeName: 'n1' },
  };
}

export const added = (object: unknown) => ({ type: 'ADDED', object });
export const modified = (object: unknown) => ({ type: 'MODIFIED', object });
export const deleted = (object: unknown) => ({ type: 'DELETED', object });

export function bookmark(resourceVersion: string) {
  return { type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion } } };
}

/** The bookmark that ends the initial events of a WatchList. */
export function endOfList(resourceVersion: string) {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return { type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion, annotations } } };
}

export function status(code: number, reason: string, more: Readonly<Record<string, unknown>> = {}) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `it is ${reason}`, ...more };
}

export function errorEvent(code: number, reason: string, more: Readonly<Record<string, unknown>> = {}) {
  return { type: 'ERROR', object: status(code, reason, more) };
}

export function podList(resourceVersion: string, items: readonly unknown[], continueToken?: string) {
  const metadata = continueToken === undefined ? { resourceVersion } : { resourceVersion, continue: continueToken };
  return { kind: 'PodList', apiVersion: 'v1', metadata, items };
}

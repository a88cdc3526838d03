/**
 * The client's writes.
 *
 * Promises: a delete names a UID and an update a resourceVersion (safety rule R2); the fence is asked directly before
 * the send (R9); what went out is exactly what the caller gave, plus apiVersion and kind where they were absent.
 * Lacks on purpose: retries, and any reading of AlreadyExists or Conflict as success.
 */
import { bodyText } from './body.ts';
import type { ObjectRef } from './errors.ts';
import { protocolError } from './exchange.ts';
import { isRecord, type KubeObject, type KubeObjectInput, toKubeObject } from './objects.ts';
import { REQUEST_TIMEOUT_MS } from './pages.ts';
import { type ApiResource, apiVersionOf, type QueryValue, resourcePath, withQuery } from './resources.ts';
import { type CallOptions, callServer, laneOf, type NamedRef, type Session, type WriteVerb } from './session.ts';
import type { KubeRequest } from './transport.ts';

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Strict: unknown and duplicate fields are an error. Only creates pass it on. */
  readonly fieldValidation?: 'Strict' | undefined;
}

export interface UpdateOptions extends WriteOptions {
  readonly subresource?: string | undefined;
}

export interface PatchOptions extends UpdateOptions {
  /** A JSON merge patch (RFC 7396) or a JSON patch (RFC 6902). */
  readonly type: 'merge' | 'json';
  readonly body: unknown;
}

export interface ApplyOptions extends UpdateOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers. */
  readonly force?: boolean | undefined;
}

/** No dry run: a server that finds a body ignores `dryRun` in the query, and deletes (handlers/delete.go; seen on 1.36.3). */
export interface DeleteOptions extends CallOptions {
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
}

/**
 * `gone` is what the answer says about the deleted UID. It proves nothing about the name: only a `get` that answers
 * undefined does.
 */
export type DeleteResult = { readonly kind: 'terminating'; readonly object: KubeObject } | { readonly kind: 'gone' };

interface Write extends CallOptions {
  readonly verb: WriteVerb;
  readonly target: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  readonly subresource?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly body: unknown;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly request: Pick<KubeRequest, 'method' | 'contentType'>;
}

const JSON_TYPE = 'application/json';
const PATCH_TYPES = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' } as const;

export async function createObject(
  session: Session,
  resource: ApiResource,
  call: WriteOptions & { object: KubeObjectInput },
) {
  const { object, fieldManager, fieldValidation, ...rest } = call;
  return await writeObject(session, resource, {
    ...rest,
    verb: 'create',
    target: refOf(object),
    body: withTypeMeta(resource, object),
    query: { fieldManager, fieldValidation },
    request: { method: 'POST', contentType: JSON_TYPE },
  });
}

export async function updateObject(
  session: Session,
  resource: ApiResource,
  call: UpdateOptions & { object: KubeObjectInput },
) {
  const { object, fieldManager, ...rest } = call;
  // Without one the server overwrites whatever is there (apiserver registry/generic/registry/store.go, Update).
  if (!object.metadata.resourceVersion) throw new TypeError('an update carries the resourceVersion it was decided on');
  return await writeObject(session, resource, {
    ...rest,
    verb: 'update',
    target: named(object),
    body: withTypeMeta(resource, object),
    query: { fieldManager },
    request: { method: 'PUT', contentType: JSON_TYPE },
  });
}

export async function patchObject(session: Session, resource: ApiResource, call: NamedRef & PatchOptions) {
  const { namespace, name, type, fieldManager, ...rest } = call;
  return await writeObject(session, resource, {
    ...rest,
    verb: 'patch',
    target: { namespace, name },
    query: { fieldManager },
    request: { method: 'PATCH', contentType: PATCH_TYPES[type] },
  });
}

export async function applyObject(
  session: Session,
  resource: ApiResource,
  call: ApplyOptions & { object: KubeObjectInput },
) {
  const { object, fieldManager, force, ...rest } = call;
  return await writeObject(session, resource, {
    ...rest,
    verb: 'apply',
    target: named(object),
    body: withTypeMeta(resource, object),
    query: { fieldManager, force },
    // JSON is YAML, and every server takes it as such; `application/apply-patch+json` does not exist.
    request: { method: 'PATCH', contentType: 'application/apply-patch+yaml' },
  });
}

async function writeObject(session: Session, resource: ApiResource, write: Write): Promise<KubeObject> {
  const { json, attempt } = await sendWrite(session, resource, write);
  const object = toKubeObject(json);
  if (object === undefined) throw protocolError(attempt, 'the answer is no object');
  return object;
}

export async function deleteObject(
  session: Session,
  resource: ApiResource,
  call: NamedRef & DeleteOptions,
): Promise<DeleteResult> {
  const { namespace, name, uid, resourceVersion, gracePeriodSeconds, propagationPolicy, ...rest } = call;
  if (uid === '') throw new TypeError('a delete names the UID it was decided on');
  const { json, attempt } = await sendWrite(session, resource, {
    ...rest,
    verb: 'delete',
    target: { namespace, name },
    body: {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      gracePeriodSeconds,
      propagationPolicy,
    },
    request: { method: 'DELETE', contentType: JSON_TYPE },
  });
  if (isRecord(json) && json['kind'] === 'Status' && json['status'] === 'Success') return { kind: 'gone' };
  const object = toKubeObject(json);
  if (object === undefined) throw protocolError(attempt, 'the answer is neither the object nor a Status');
  return stillThere(object) ? { kind: 'terminating', object } : { kind: 'gone' };
}

/**
 * The stores of pods and claims answer the object in either case. One that stays has finalizers, or grace left to a
 * kubelet (apiserver registry/generic/registry/store.go, Delete and updateForGracefulDeletionAndFinalizers).
 */
function stillThere({ metadata }: KubeObject): boolean {
  return (metadata.finalizers ?? []).length > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0;
}

async function sendWrite(session: Session, resource: ApiResource, write: Write) {
  const { verb, target, subresource, dryRun = false, signal, timeoutMs = REQUEST_TIMEOUT_MS } = write;
  const { namespace, name } = target;
  const attempt = { verb, object: { kind: resource.kind, namespace, name } satisfies ObjectRef, mutating: !dryRun };
  const path = resourcePath(resource, { namespace, subresource, name: verb === 'create' ? undefined : name });
  const request = {
    ...write.request,
    path: withQuery(path, { ...write.query, dryRun: dryRun ? 'All' : undefined }),
    body: bodyText(write.body),
    lane: laneOf(resource),
  };
  const { beforeWrite } = session.options;
  const description = { verb, resource, namespace, name, subresource, dryRun };
  const beforeSend = beforeWrite && (() => beforeWrite(description));
  const { json } = await callServer(session, resource, { ...attempt, request, signal, timeoutMs, beforeSend });
  return { json, attempt };
}

function refOf({ metadata }: KubeObjectInput) {
  return { namespace: metadata.namespace, name: metadata.name ?? metadata.generateName };
}

function named({ metadata: { namespace, name } }: KubeObjectInput): NamedRef {
  // Without a name the path would be the collection's.
  if (!name) throw new TypeError('the object has no name');
  return { namespace, name };
}

function withTypeMeta(resource: ApiResource, object: KubeObjectInput): KubeObjectInput {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
}

/**
 * The client: reads and writes of single objects, and whole lists.
 *
 * Promises: an absent object is told from every other 404; each delete names a UID and each update a resourceVersion;
 * `beforeWrite` is asked directly before a write leaves; a failure is a KubeError and says whether a write may have
 * been applied.
 * Lacks on purpose: retries (the queue's), typed models (they drop fields they do not know), caches, watches (watch.ts)
 * and deletecollection.
 */
import type { KubeObject, KubeObjectInput } from './objects.ts';
import { getObject, type KubeList, type ListOptions, listObjects } from './reads.ts';
import type { ApiResource } from './resources.ts';
import { type CallOptions, type ClientOptions, DEFAULT_USER_AGENT, type NamedRef, type Session } from './session.ts';
import type { Transport } from './transport.ts';
import {
  type ApplyOptions,
  applyObject,
  createObject,
  type DeleteOptions,
  type DeleteResult,
  deleteObject,
  type PatchOptions,
  patchObject,
  type UpdateOptions,
  updateObject,
  type WriteOptions,
} from './writes.ts';

export interface KubeClient {
  /**
   * undefined means one thing: the server said that this object does not exist. A 404 for an unknown path, a missing
   * kind or from a proxy is a KubeError NotFound.
   */
  get(resource: ApiResource, ref: NamedRef, options?: CallOptions): Promise<KubeObject | undefined>;
  /** The whole collection, however many pages of `limit` (500) it takes. */
  list(resource: ApiResource, options?: ListOptions): Promise<KubeList>;
  /** A dry run answers an object without a resourceVersion. */
  create(resource: ApiResource, object: KubeObjectInput, options?: WriteOptions): Promise<KubeObject>;
  /** Rejects with a TypeError unless the object carries the resourceVersion it was read at. */
  update(resource: ApiResource, object: KubeObjectInput, options?: UpdateOptions): Promise<KubeObject>;
  patch(resource: ApiResource, ref: NamedRef, options: PatchOptions): Promise<KubeObject>;
  /** Server-side apply. */
  apply(resource: ApiResource, object: KubeObjectInput, options: ApplyOptions): Promise<KubeObject>;
  /** Rejects with NotFound when nothing of that name exists, with Conflict when it is another UID. */
  delete(resource: ApiResource, ref: NamedRef, options: DeleteOptions): Promise<DeleteResult>;
}

export function createClient(transport: Transport, options: ClientOptions): KubeClient {
  const { clock, signal, userAgent = DEFAULT_USER_AGENT } = options;
  const session: Session = { connection: { transport, clock, signal, userAgent }, options };
  return {
    get: (resource, ref, call) => getObject(session, resource, { ...call, ...onlyName(ref) }),
    list: (resource, call = {}) => listObjects(session, resource, call),
    create: (resource, object, call) => createObject(session, resource, { ...call, object }),
    update: (resource, object, call) => updateObject(session, resource, { ...call, object }),
    patch: (resource, ref, call) => patchObject(session, resource, { ...call, ...onlyName(ref) }),
    apply: (resource, object, call) => applyObject(session, resource, { ...call, object }),
    delete: (resource, ref, call) => deleteObject(session, resource, { ...call, ...onlyName(ref) }),
  };
}

/** A caller may pass an object's metadata: its uid or resourceVersion must not become a precondition nobody asked for. */
function onlyName({ namespace, name }: NamedRef): NamedRef {
  return { namespace, name };
}

// Changes of one object: PUT, merge patch, JSON patch, and the status and scale subresources. Matches Kubernetes
// apiserver pkg/registry/generic/registry/store.go (Update) and pkg/endpoints/handlers/patch.go.
import { absent, createObject, decode } from './create.ts';
import { badRequest, conflict, failure, fault, forbidden, invalid, unknownPath } from './failures.ts';
import { isObject, objectAt, same, textAt } from './json.ts';
import { type Find, type Kind, specOf } from './kinds.ts';
import { keepMetadata, metadataProblems, metadataUpdateProblems } from './metadata.ts';
import { jsonPatch, mergePatch, PatchError } from './patches.ts';
import type { Answer, Meta, Raw, Stored } from './types.ts';
import { commit, isDryRun, Refusal, type World, type Write } from './world.ts';

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function updateObject(world: World, write: Write): Answer {
  const { call, kind } = write;
  const proposed = decode(write, call.body);
  const before = world.store.find(kind.plural, call.namespace, call.name ?? '');
  if (before === undefined) {
    const { uid } = proposed.metadata;
    if (kind.createdByUpdate === true && uid) {
      throw new Refusal(conflict(kind, call.name ?? '', `uid mismatch: the provided object specified uid ${uid}`));
    }
    if (kind.createdByUpdate !== true || call.subresource !== undefined) throw absent(kind, call.name);
    return createObject(world, write);
  }
  return {
    status: 200,
    body: change(world, write, { before, proposed, unconditional: kind.unconditional, patching: false }),
  };
}

export function patchObject(world: World, write: Write): Answer {
  const { call, kind } = write;
  const before = world.store.find(kind.plural, call.namespace, call.name ?? '');
  if (before === undefined) throw absent(kind, call.name);
  const proposed = decode(write, patched(before, write));
  return { status: 200, body: change(world, write, { before, proposed, unconditional: true, patching: true }) };
}

function patched(before: Stored, { call }: Write): unknown {
  const { contentType, body } = call;
  if (contentType === 'application/json-patch+json') {
    if (!Array.isArray(body)) throw new Refusal(badRequest('the patch is no list of operations'));
    try {
      return jsonPatch(before, body);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new Refusal(
        failure(422, 'Invalid', `the server rejected our request due to an error in our request: ${error.message}`, {}),
      );
    }
  }
  if (contentType !== 'application/merge-patch+json') {
    throw new Refusal(
      failure(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${contentType}`),
    );
  }
  if (!isObject(body)) throw new Refusal(badRequest('the patch is no object'));
  return mergePatch(before, body);
}

export interface Proposal {
  readonly before: Stored;
  readonly proposed: Stored;
  /** No resourceVersion: whatever is there is overwritten. */
  readonly unconditional: boolean;
  /** A patch's uid is no precondition but a change of a field that cannot change (patch.go passes no preconditions). */
  readonly patching: boolean;
  /** Something beside the object changes, so it is stored even when it is equal. */
  readonly touched?: boolean;
}

/** Checks and stores; what is stored already is not stored again. */
export function change(world: World, write: Write, proposal: Proposal): Stored {
  const { kind, call } = write;
  const { before } = proposal;
  checkPreconditions(kind, proposal);
  const merged = scoped(kind, call.subresource, proposal);
  const carried = kind.carry?.(merged, before) ?? merged;
  const filled = kind.defaults?.(carried) ?? carried;
  const next = withGeneration(kind, filled, before);
  const { uid } = proposal.proposed.metadata;
  // The status of a custom resource is stored with the metadata that there is: whose uid was meant does not count.
  const isMeant = !uid || uid === before.metadata.uid || (kind.custom === true && call.subresource === 'status');
  const causes = [
    ...(isMeant ? [] : [fault('metadata.uid', `Invalid value: "${uid}": field is immutable`)]),
    ...metadataUpdateProblems(next.metadata, before.metadata),
    ...(next.metadata === before.metadata ? [] : metadataProblems(next.metadata)),
    ...(call.subresource === 'status' ? (kind.statusProblems?.(next) ?? []) : []),
    ...(call.subresource === undefined
      ? [...(kind.problems?.(next) ?? []), ...(kind.updateProblems?.(next, before) ?? [])]
      : []),
  ];
  if (causes.length > 0) throw new Refusal(invalid(kind, before.metadata.name, causes));
  // Admission validates what the strategy has let pass (store.go, Update).
  const find: Find = (plural, namespace, name) => world.store.find(plural, namespace, name);
  const why = call.subresource === undefined ? kind.forbids?.(next, before, find) : undefined;
  if (why !== undefined) throw new Refusal(forbidden(kind, before.metadata.name, why));
  return finish(world, write, { next, before, touched: proposal.touched === true });
}

function checkPreconditions(kind: Kind, { before, proposed, unconditional, patching }: Proposal): void {
  const { name, uid, resourceVersion } = before.metadata;
  const given = proposed.metadata;
  if (given.uid && given.uid !== uid && !patching) {
    const why = `Precondition failed: UID in precondition: ${given.uid}, UID in object meta: ${uid}`;
    throw new Refusal(conflict(kind, name, `StorageError: invalid object, Code: 4, AdditionalErrorMsg: ${why}`));
  }
  if (!given.resourceVersion && !unconditional) {
    const message = 'Invalid value: 0: must be specified for an update';
    // It says the plural where other refusals of this kind say the kind (store.go, Update).
    throw new Refusal(invalid({ ...kind, kind: kind.plural }, name, [fault('metadata.resourceVersion', message)]));
  }
  if (given.resourceVersion && given.resourceVersion !== resourceVersion)
    throw new Refusal(conflict(kind, name, MODIFIED));
}

/** The part of the proposal that this path may change. */
function scoped(kind: Kind, subresource: string | undefined, { before, proposed }: Proposal): Stored {
  const kept = keepMetadata(proposed.metadata as unknown as Raw, before.metadata);
  const metadata = same(kept, before.metadata) ? before.metadata : kept;
  if (subresource === 'status') {
    if (!kind.status) throw new Refusal(unknownPath());
    const { status: _old, ...rest } = before;
    const status = proposed['status'] === undefined ? {} : { status: proposed['status'] };
    if (kind.custom === true) return { ...rest, ...status } as Stored;
    // A kubelet may not touch owners (pkg/registry/core/pod/strategy.go, podStatusStrategy).
    const owned = kind.plural === 'pods' ? withOwners(metadata, before.metadata.ownerReferences) : metadata;
    return { ...rest, metadata: owned, ...status } as Stored;
  }
  if (!kind.status) return { ...proposed, metadata };
  const { status: _given, ...rest } = proposed;
  return { ...rest, metadata, ...(before['status'] === undefined ? {} : { status: before['status'] }) } as Stored;
}

function withOwners({ ownerReferences: _given, ...metadata }: Meta, owners: Meta['ownerReferences']): Meta {
  return owners === undefined ? metadata : { ...metadata, ownerReferences: owners };
}

function withGeneration(kind: Kind, next: Stored, before: Stored): Stored {
  const { generation } = before.metadata;
  if (!kind.generation || generation === undefined || same(specOf(kind, next), specOf(kind, before))) return next;
  return { ...next, metadata: { ...next.metadata, generation: generation + 1 } };
}

/** Also ends an object whose last finalizer is taken off (store.go, ShouldDeleteDuringUpdate). */
function finish(
  world: World,
  write: Write,
  { next, before, touched }: { readonly next: Stored; readonly before: Stored; readonly touched: boolean },
): Stored {
  const { call, kind } = write;
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = next.metadata;
  if (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    !heldBySpec(next)
  ) {
    if (isDryRun(call)) return next;
    world.store.remove({ plural: kind.plural, object: before, actor: call.actor, call });
    return next;
  }
  const unchanged = same(
    { ...next, metadata: { ...next.metadata, resourceVersion: before.metadata.resourceVersion } },
    before,
  );
  return unchanged && !touched && !world.rewritten.has(before) ? before : commit(world, write, next);
}

/** A namespace ends when both kinds of its finalizers are gone (pkg/registry/core/namespace/storage). */
function heldBySpec(object: Stored): boolean {
  const { finalizers } = objectAt(object, 'spec');
  return object.kind === 'Namespace' && Array.isArray(finalizers) && finalizers.length > 0;
}

/** What a Scale says of an app (apiextensions-apiserver pkg/registry/customresource/etcd.go, ScaleREST). */
export function scaleOf(object: Stored): Raw {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = textAt(object['status'], 'selector');
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // Go leaves a zero out.
    spec: objectAt(object, 'spec')['replicas'] ? { replicas: objectAt(object, 'spec')['replicas'] } : {},
    status: { replicas: objectAt(object, 'status')['replicas'] ?? 0, ...(selector === undefined ? {} : { selector }) },
  };
}

/** PUT and PATCH of /scale: the number of replicas, and nothing else. */
export function writeScale(world: World, write: Write): Answer {
  const { call, kind } = write;
  const before = world.store.find(kind.plural, call.namespace, call.name ?? '');
  if (before === undefined) throw absent(kind, call.name);
  const given = call.verb === 'patch' ? patched(scaleOf(before) as Stored, write) : call.body;
  const replicas = objectAt(given, 'spec')['replicas'] ?? 0;
  const { uid, resourceVersion } = objectAt(given, 'metadata');
  const metadata = { ...before.metadata, uid, resourceVersion: resourceVersion ?? '' };
  const proposed = { ...before, metadata, spec: { ...objectAt(before, 'spec'), replicas } } as unknown as Stored;
  const stored = change(
    world,
    { kind, call: { ...call, subresource: undefined } },
    { before, proposed, unconditional: true, patching: true },
  );
  return { status: 200, body: scaleOf(stored) };
}

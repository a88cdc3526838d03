// Deletion of one object: preconditions, grace, finalizers. Matches Kubernetes apiserver
// pkg/registry/generic/registry/store.go (Delete, updateForGracefulDeletionAndFinalizers) and pkg/registry/rest/delete.go
// (BeforeDelete), pods by pkg/registry/core/pod/strategy.go (CheckGracefulDelete).
import { absent } from './create.ts';
import { conflict, failure } from './failures.ts';
import { isObject, objectAt, textAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { sameFinalizers } from './metadata.ts';
import type { Answer, Call, Meta, Raw, Stored } from './types.ts';
import { commit, isDryRun, Refusal, timeOf, type World, type Write } from './world.ts';

export function deleteObject(world: World, write: Write): Answer {
  const { call, kind } = write;
  const object = world.store.find(kind.plural, call.namespace, call.name ?? '');
  if (object === undefined) throw absent(kind, call.name);
  const options = isObject(call.body) ? call.body : fromQuery(call.query);
  checkPreconditions(kind, object, objectAt(options, 'preconditions'));
  if (kind.plural === 'namespaces') return deleteNamespace(world, write, object);
  const graceful = kind.graceful === true ? shortened(world, object, graceOf(object, options)) : undefined;
  if (graceful === 'pending') return { status: 200, body: object };
  const dying = withFinalizers(graceful ?? object, options);
  const { finalizers = [] } = dying.metadata;
  if (finalizers.length === 0 && (graceful === undefined || graceful.metadata.deletionGracePeriodSeconds === 0)) {
    if (graceful === undefined && dying !== object) checkLost(kind, object, options);
    // A graceful kind is told of its end before it ends: two changes, as in the real store.
    const last = graceful === undefined ? object : commit(world, write, graceful);
    const gone = isDryRun(call)
      ? last
      : world.store.remove({ plural: kind.plural, object: last, actor: call.actor, call });
    return kind.answersDeleted ? { status: 200, body: gone } : success(kind, object);
  }
  const marked = graceful === undefined ? markAsDeleting(world, dying) : dying;
  const stored = marked === object ? object : commit(world, write, marked);
  return { status: 200, body: stored };
}

/** A delete without a body says what it wants in the query. */
function fromQuery(query: Call['query']): Raw {
  const { gracePeriodSeconds, ...rest } = query;
  return { ...rest, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: Number(gracePeriodSeconds) }) };
}

function checkPreconditions(kind: Kind, { metadata }: Stored, given: Raw): void {
  const uid = textAt(given, 'uid');
  if (uid !== undefined && uid !== metadata.uid) {
    throw changed(
      kind,
      metadata,
      `UID in the precondition (${uid}) does not match the UID in record (${metadata.uid})`,
    );
  }
  const version = textAt(given, 'resourceVersion');
  if (version === undefined || version === metadata.resourceVersion) return;
  const record = `the ResourceVersion in record (${metadata.resourceVersion})`;
  throw changed(kind, metadata, `ResourceVersion in the precondition (${version}) does not match ${record}`);
}

/**
 * A delete that only takes `orphan` or `foregroundDeletion` off, and then ends the object, loses its resourceVersion
 * precondition's value on the way and is refused (store.go, Delete: it takes the version of an object never filled).
 */
function checkLost(kind: Kind, { metadata }: Stored, options: Raw): void {
  if (textAt(objectAt(options, 'preconditions'), 'resourceVersion') === undefined) return;
  throw new Refusal(
    conflict(
      kind,
      metadata.name,
      'StorageError: invalid object, Code: 4, Precondition failed: ResourceVersion in precondition: ',
    ),
  );
}

/** Names the kind, not the plural, unlike other conflicts. */
function changed({ kind, group }: Kind, { name }: Meta, why: string): Refusal {
  const message = `Operation cannot be fulfilled on ${kind} "${name}": the ${why}. The object might have been modified`;
  return new Refusal(failure(409, 'Conflict', message, { name, ...(group === '' ? {} : { group }), kind }));
}

function graceOf(object: Stored, options: Raw): { readonly seconds: number; readonly asked: boolean } {
  const spec = objectAt(object, 'spec');
  const asked = options['gracePeriodSeconds'];
  const wanted = typeof asked === 'number' ? asked : Number(spec['terminationGracePeriodSeconds'] ?? 0);
  const phase = textAt(object['status'], 'phase');
  const unbound = !spec['nodeName'] || phase === 'Failed' || phase === 'Succeeded';
  return { seconds: unbound ? 0 : wanted < 0 ? 1 : wanted, asked: typeof asked === 'number' };
}

/** The pod with its end set; 'pending' when it has one already that is no later; undefined when it may go at once. */
function shortened(
  { now }: World,
  object: Stored,
  { seconds, asked }: { readonly seconds: number; readonly asked: boolean },
): Stored | 'pending' | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: left, generation } = object.metadata;
  if (deletionTimestamp === undefined) {
    const bumped = generation === undefined ? {} : { generation: generation + 1 };
    return ending(object, {
      ...bumped,
      deletionTimestamp: timeOf(now() + seconds * 1000),
      deletionGracePeriodSeconds: seconds,
    });
  }
  if (left === undefined || left === 0) return undefined;
  // A terminating pod may only be asked to hurry; that it failed meanwhile does not count (BeforeDelete).
  if (!asked || seconds >= left) return 'pending';
  const end = Date.parse(deletionTimestamp) + (seconds - left) * 1000;
  return ending(object, { deletionTimestamp: timeOf(end), deletionGracePeriodSeconds: seconds });
}

const ending = (object: Stored, end: Partial<Meta>): Stored => ({
  ...object,
  metadata: { ...object.metadata, ...end },
});

/** deletionFinalizersForGarbageCollection: what an earlier deletion asked for stands unless this one says otherwise. */
function withFinalizers(object: Stored, options: Raw): Stored {
  const { finalizers = [] } = object.metadata;
  const orphaning = finalizers.includes('orphan');
  const policy =
    textAt(options, 'propagationPolicy') ??
    (orphaning ? 'Orphan' : finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background');
  const others = finalizers.filter((one) => one !== 'orphan' && one !== 'foregroundDeletion');
  const added = policy === 'Orphan' ? ['orphan'] : policy === 'Foreground' ? ['foregroundDeletion'] : [];
  const wanted = [...others, ...added];
  if (sameFinalizers(wanted, finalizers)) return object;
  const { finalizers: _old, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, ...(wanted.length > 0 ? { finalizers: wanted } : {}) } };
}

/** store.go, markAsDeleting. */
function markAsDeleting({ now }: World, object: Stored): Stored {
  const { deletionGracePeriodSeconds, deletionTimestamp, generation } = object.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0) return object;
  const bumped =
    deletionGracePeriodSeconds === undefined && generation !== undefined ? { generation: generation + 1 } : {};
  return ending(object, {
    ...bumped,
    deletionTimestamp: deletionTimestamp ?? timeOf(now()),
    deletionGracePeriodSeconds: 0,
  });
}

function success(kind: Kind, { metadata }: Stored): Answer {
  const group = kind.group === '' ? {} : { group: kind.group };
  const details = { name: metadata.name, ...group, kind: kind.plural, uid: metadata.uid };
  return { status: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } };
}

/** Stays, Terminating, until its contents are gone and `kubernetes` is taken off spec.finalizers. */
function deleteNamespace(world: World, write: Write, object: Stored): Answer {
  if (object.metadata.deletionTimestamp !== undefined) return { status: 200, body: object };
  const marked = ending(object, { deletionTimestamp: timeOf(world.now()), deletionGracePeriodSeconds: 0 });
  const body = commit(world, write, { ...marked, status: { ...objectAt(object, 'status'), phase: 'Terminating' } });
  return { status: 200, body };
}

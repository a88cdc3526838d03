// Creation of one object. Matches Kubernetes apiserver pkg/registry/generic/registry/store.go (Create) and
// pkg/admission/plugin/namespace/lifecycle.
import { alreadyExists, badRequest, failure, forbidden, invalid, notFound } from './failures.ts';
import { isObject, objectAt, textAt, tidied } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { metadataProblems, nameProblems, tidy } from './metadata.ts';
import type { Answer, Meta, Raw, Stored } from './types.ts';
import { commit, Refusal, timeOf, type World, type Write } from './world.ts';

export function createObject(world: World, write: Write): Answer {
  const { call, kind } = write;
  const object = decode(write, call.body);
  checkNamespace(world, write);
  const made = prepare(world, kind, object);
  const { name } = made.metadata;
  const causes = [
    ...nameProblems(kind.plural, name),
    ...metadataProblems(made.metadata),
    ...(kind.problems?.(made) ?? []),
  ];
  if (causes.length > 0) throw new Refusal(invalid(kind, name, causes));
  if (world.store.find(kind.plural, call.namespace, name) !== undefined) throw new Refusal(alreadyExists(kind, name));
  if (object.metadata.resourceVersion) {
    throw new Refusal(failure(500, 'InternalError', 'resourceVersion should not be set on objects to be created'));
  }
  const stored = commit(world, write, made);
  if (kind.rewritten === true) world.rewritten.add(stored);
  return { status: 201, body: stored };
}

/** What was sent, as an object of this kind, in this place. */
export function decode({ call, kind }: Write, body: unknown): Stored {
  if (!isObject(body)) throw new Refusal(badRequest('the object provided is unrecognized (must be of type object)'));
  if (kind.custom === true && !(textAt(body, 'kind') && textAt(body, 'apiVersion'))) {
    throw new Refusal(
      badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing`),
    );
  }
  const apiVersion = apiVersionOf(kind);
  const wrong = (key: string, wanted: string) => ![undefined, wanted].includes(textAt(body, key));
  if (wrong('kind', kind.kind) || wrong('apiVersion', apiVersion)) {
    throw new Refusal(
      badRequest(
        `${String(body['kind'])} in version "${String(body['apiVersion'])}" cannot be handled as a ${kind.kind}`,
      ),
    );
  }
  if (call.query['fieldValidation'] === 'Strict') checkFields(kind, body);
  const metadata = { ...tidy(objectAt(body, 'metadata')) };
  const place = call.namespace;
  if (place !== undefined && ![undefined, place].includes(textAt(metadata, 'namespace'))) {
    throw new Refusal(
      badRequest('the namespace of the provided object does not match the namespace sent on the request'),
    );
  }
  if (call.name !== undefined && call.name !== textAt(metadata, 'name')) {
    const given = `the name of the object (${String(metadata['name'])})`;
    throw new Refusal(badRequest(`${given} does not match the name on the URL (${call.name})`));
  }
  const rest = kind.custom === true ? body : asGoHasIt(body);
  const placed = { ...metadata, ...(place === undefined ? {} : { namespace: place }) };
  // The type comes first: lists cut it off (read.ts).
  return Object.assign({ apiVersion, kind: kind.kind }, rest, {
    metadata: placed as unknown as Meta,
    apiVersion,
    kind: kind.kind,
  });
}

function checkFields(kind: Kind, body: Raw): void {
  const unknown = (kind.unknown?.(body) ?? []).map((path) => `unknown field "${path}"`);
  if (unknown.length === 0) return;
  const as = `${kind.kind} in version "${apiVersionOf(kind)}" cannot be handled as a ${kind.kind}`;
  throw new Refusal(badRequest(`${as}: strict decoding error: ${unknown.join(', ')}`));
}

/** The fields of a built-in kind, as they are stored; a revision's data is anybody's JSON and stays as it is. */
function asGoHasIt(body: Raw): Raw {
  const entries = Object.entries(body).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === 'spec' || key === 'status' ? tidied(value) : value]),
  );
}

function checkNamespace({ store }: World, { call, kind }: Write): void {
  if (!kind.namespaced || call.namespace === undefined) return;
  const namespace = store.find('namespaces', undefined, call.namespace);
  if (namespace === undefined) {
    const details = { name: call.namespace, kind: 'namespaces' };
    throw new Refusal(failure(404, 'NotFound', `namespaces "${call.namespace}" not found`, details));
  }
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${call.namespace} is being terminated`;
  const causes = [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }];
  const why = `unable to create new content in namespace ${call.namespace} because it is being terminated`;
  throw new Refusal(forbidden(kind, textAt(objectAt(call.body, 'metadata'), 'name') ?? '', why, causes));
}

function prepare(world: World, kind: Kind, object: Stored): Stored {
  const {
    uid: _uid,
    resourceVersion: _version,
    deletionTimestamp: _end,
    deletionGracePeriodSeconds: _grace,
    generation,
    ...given
  } = object.metadata;
  const generateName = textAt(given, 'generateName');
  const uid = world.uid();
  const metadata: Raw = {
    ...given,
    name: given.name ?? (generateName === undefined ? '' : generateName + suffixOf(world)),
    uid,
    creationTimestamp: timeOf(world.now()),
    ...(kind.generation ? { generation: 1 } : generation === undefined ? {} : { generation }),
  };
  const { status, ...rest } = object;
  const bare = {
    ...(kind.status ? rest : { ...rest, ...(status === undefined ? {} : { status }) }),
    metadata: metadata as unknown as Meta,
  } as Stored;
  const prepared = kind.prepare?.(bare, world.store.version) ?? bare;
  return kind.defaults?.(prepared) ?? prepared;
}

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Five letters, from the version that the object will have: like the server's own, no two are alike. */
function suffixOf({ store }: World): string {
  let rest = Math.imul(store.version + 1, 0x9e3779b1) >>> 0;
  let text = '';
  for (let index = 0; index < 5; index += 1) {
    text += LETTERS[rest % LETTERS.length];
    rest = Math.floor(rest / LETTERS.length);
  }
  return text;
}

export const absent = (kind: Kind, name: string | undefined) => new Refusal(notFound(kind, name ?? ''));

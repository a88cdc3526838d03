// R8 and R13: for which apps anything may be written at all, and who may be made an owner.

import { KIND } from '../../../src/api/names.ts';
import type { Call } from '../server/types.ts';
import { isStatus, isWrite, OWNED } from './calls.ts';
import { appNameOf, appsKnown, fieldOf, isDeleting } from './facts.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { goesByRequest } from './rebuilds.ts';

/** Whoever is given an owner gets one that was seen alive at the API server in this very pass. */
export function liveOwner(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || !OWNED.includes(call.plural)) return undefined;
  const owners = fieldOf(call.body, 'metadata', 'ownerReferences');
  const name = appNameOf(knowledge, call);
  // One that people name with its UID needs no stamp (rebuilds.ts).
  if (name === undefined) return goesByRequest(knowledge, call) ? undefined : 'it belongs to no app';
  const apps = appsKnown(knowledge, call.namespace, name);
  if (call.verb === 'create' && call.plural !== 'persistentvolumeclaims') {
    const uid = fieldOf(Array.isArray(owners) ? owners[0] : undefined, 'uid');
    return apps.some(({ metadata }) => metadata.uid === uid) ? undefined : 'it is made for an app that is not known';
  }
  if (call.verb === 'create' || owners === undefined) return undefined;
  // References of others that a claim keeps are given by nobody (seed 89).
  const isKept = (owner: unknown) =>
    call.plural === 'persistentvolumeclaims' && ![KIND, 'Pod'].includes(String(fieldOf(owner, 'kind')));
  const given = Array.isArray(owners) ? owners.filter((one) => !isKept(one)).map((owner) => fieldOf(owner, 'uid')) : [];
  const read = knowledge.readSince(keyOf('statefulapps', call.namespace, name));
  // A claim may belong to a member's pod, which belongs to the app.
  const isGiven = (uid: string) => call.plural === 'persistentvolumeclaims' || given.includes(uid);
  const alive = read.some((app) => app !== undefined && isGiven(app.metadata.uid) && !isDeleting(app));
  return given.length === 0 || alive ? undefined : 'it is adopted for an app that was not read before';
}

/** Nothing is touched of an app that is not understood, paused, or being deleted. */
export function understood(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || isStatus(call) || !OWNED.includes(call.plural)) return undefined;
  const name = appNameOf(knowledge, call);
  if (name === undefined) return undefined;
  const apps = appsKnown(knowledge, call.namespace, name);
  if (apps.some(({ metadata, spec }) => metadata.deletionTimestamp === undefined && !spec.paused)) return undefined;
  return 'its app is paused, being deleted, or not understood';
}

/** By the raw spec: how the operator reads it is what is judged here. */
const VALUES = ['Ordered', 'Parallel', undefined];

export function noNewerValue(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || isStatus(call) || !OWNED.includes(call.plural)) return undefined;
  const name = appNameOf(knowledge, call);
  if (name === undefined) return undefined;
  const apps = knowledge.versions(keyOf('statefulapps', call.namespace, name)).filter((app) => app !== undefined);
  const known = apps.some((app) => VALUES.some((value) => fieldOf(app, 'spec', 'podRecoveryPolicy') === value));
  return apps.length === 0 || known ? undefined : 'its app has a value that this version does not know';
}

// The pod subresources that are written by POST: binding, the scheduler's word, and eviction, a delete that may be
// refused. Matches Kubernetes pkg/registry/core/pod/storage (BindingREST.assignPod, EvictionREST).
// Lacks PodDisruptionBudgets: an eviction is never refused here; a rule can.
import { absent } from './create.ts';
import { deleteObject } from './delete.ts';
import { conflict } from './failures.ts';
import { objectAt, textAt } from './json.ts';
import type { Answer, Stored } from './types.ts';
import { commit, Refusal, timeOf, type World, type Write } from './world.ts';

export function bindPod(world: World, write: Write): Answer {
  const { call, kind } = write;
  const pod = world.store.find('pods', call.namespace, call.name ?? '');
  if (pod === undefined) throw absent(kind, call.name);
  const { name, uid, deletionTimestamp } = pod.metadata;
  const refuse = (why: string) => new Refusal(conflict({ ...kind, plural: 'pods/binding' }, name, why));
  const given = textAt(objectAt(call.body, 'metadata'), 'uid');
  if (given !== undefined && given !== uid) {
    throw refuse(`Precondition failed: UID in precondition: ${given}, UID in object meta: ${uid}`);
  }
  if (deletionTimestamp !== undefined) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  const spec = objectAt(pod, 'spec');
  if (spec['nodeName']) throw refuse(`pod ${name} is already assigned to node "${String(spec['nodeName'])}"`);
  commit(world, write, bound(world, pod, textAt(objectAt(call.body, 'target'), 'name') ?? ''));
  return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}

function bound({ now }: World, pod: Stored, nodeName: string): Stored {
  const status = objectAt(pod, 'status');
  const { conditions } = status;
  const others = Array.isArray(conditions) ? conditions.filter((one) => textAt(one, 'type') !== 'PodScheduled') : [];
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timeOf(now()) };
  return {
    ...pod,
    spec: { ...objectAt(pod, 'spec'), nodeName },
    status: { ...status, conditions: [...others, scheduled] },
  };
}

export function evictPod(world: World, { call, kind }: Write): Answer {
  const options = call.body === undefined ? {} : objectAt(call.body, 'deleteOptions');
  deleteObject(world, { kind, call: { ...call, subresource: undefined, body: options } });
  return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}

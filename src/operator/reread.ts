// The last look before an act that must not rest on a view that is behind: a removal (R3), and giving an object an owner
// (R8), since garbage collection removes what belongs to an app that is gone. Ownership is by UID.

import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { RESOURCES } from '../kube/resources.ts';
import type { Action } from '../plan/types.ts';
import { type Job, Stale } from './hands.ts';
import { APPS } from './resources.ts';

/**
 * Returns the app as it is at the API server; throws Stale when it is gone or going, as does RecheckDeletionTimestamp of
 * Kubernetes pkg/controller/controller_ref_manager.go.
 */
export async function confirmOwner(client: KubeClient, { observed }: Pick<Job, 'observed'>): Promise<KubeObject> {
  const { name, namespace, uid } = observed.app;
  const app = await client.get(APPS, { namespace, name });
  if (app?.metadata.uid !== uid) throw new Stale(`app ${namespace}/${name} is not the one that was planned for`);
  if (app.metadata.deletionTimestamp !== undefined) throw new Stale(`app ${namespace}/${name} is being deleted`);
  return app;
}

/** Returns the victim's present resourceVersion, for the precondition; throws Stale when the plan no longer holds. */
export async function confirmRemoval(
  client: KubeClient,
  { observed }: Job,
  victim: Action & { type: 'deletePod' },
): Promise<string> {
  const { name, namespace, uid, generation } = observed.app;
  const [app, pod] = await Promise.all([
    confirmOwner(client, { observed }),
    client.get(RESOURCES.pods, { namespace, name: victim.name }),
  ]);
  if (app.metadata.generation !== generation) throw new Stale(`app ${namespace}/${name} has changed since`);
  if (pod?.metadata.uid !== victim.uid) throw new Stale(`pod ${victim.name} is not the one that was planned for`);
  if (pod.metadata.deletionTimestamp !== undefined) throw new Stale(`pod ${victim.name} is being deleted already`);
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.uid !== uid) throw new Stale(`pod ${victim.name} does not belong to this app any more`);
  return pod.metadata.resourceVersion;
}

// The last look before a destructive act (R3): the app and the victim are read at the API server, and a view that is
// behind is refused. Ownership is by UID.

import type { KubeClient } from '../kube/client.ts';
import { RESOURCES } from '../kube/resources.ts';
import type { Action } from '../plan/types.ts';
import { type Job, Stale } from './hands.ts';
import { APPS } from './resources.ts';

/** Returns the victim's present resourceVersion, for the precondition; throws Stale when the plan no longer holds. */
export async function confirmRemoval(
  client: KubeClient,
  { observed }: Job,
  victim: Action & { type: 'deletePod' },
): Promise<string> {
  const { name, namespace, uid, generation } = observed.app;
  const [app, pod] = await Promise.all([
    client.get(APPS, { namespace, name }),
    client.get(RESOURCES.pods, { namespace, name: victim.name }),
  ]);
  if (app?.metadata.uid !== uid) throw new Stale(`app ${namespace}/${name} is not the one that was planned for`);
  if (app.metadata.generation !== generation) throw new Stale(`app ${namespace}/${name} has changed since`);
  if (app.metadata.deletionTimestamp !== undefined) throw new Stale(`app ${namespace}/${name} is being deleted`);
  if (pod?.metadata.uid !== victim.uid) throw new Stale(`pod ${victim.name} is not the one that was planned for`);
  if (pod.metadata.deletionTimestamp !== undefined) throw new Stale(`pod ${victim.name} is being deleted already`);
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.uid !== uid) throw new Stale(`pod ${victim.name} does not belong to this app any more`);
  return pod.metadata.resourceVersion;
}

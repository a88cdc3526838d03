// Where retention has to lead, once everything has converged: claims that members' pods mount belong to whom the policy says,
// and under whenDeleted Retain no claim belongs to the app, whoever mounts it, of whatever template, wanted or not. Judged
// from the server's objects alone. Lacks claims that are not ours beyond doubt, which are left alone, and other owners of
// those of members that are gone: they stay as they were (endings.ts tells whether they had to go).

import type { StatefulApp } from '../../../src/api/schema.ts';
import { claimsOf } from '../control/reading.ts';
import type { SimServer } from '../server/server.ts';
import type { Stored } from '../server/types.ts';
import { controllerOf, isDeleting, phaseOf } from './facts.ts';
import { hasForeignController, ownersOf, servedIn, wouldEndWithApp, wrongOwners } from './keepers.ts';

export function unretained(server: SimServer, app: StatefulApp): readonly string[] {
  return server.all('persistentvolumeclaims', app.metadata.namespace).flatMap((claim) => {
    if (isDeleting(claim) || servedIn(app, claim) === undefined || hasForeignController(app, claim)) return [];
    const { name } = claim.metadata;
    const isTaken = wouldEndWithApp(app, claim) ? [`claim ${name} is to be kept, and would end with its app`] : [];
    return [...isTaken, ...misowned(server, app, claim)];
  });
}

function misowned(server: SimServer, app: StatefulApp, claim: Stored): readonly string[] {
  const ordinal = servedIn(app, claim);
  if (ordinal === undefined || phaseOf(claim) !== 'Bound') return [];
  const pod = server.find('pods', app.metadata.namespace, `${app.metadata.name}-${ordinal}`);
  // One that lost the labels that the app selects by was let go, and is a stranger's (seed 831).
  if (pod === undefined || controllerOf(pod)?.uid !== app.metadata.uid) return [];
  if (!claimsOf(pod).includes(claim.metadata.name)) return [];
  const wrong = wrongOwners(app, { owners: ownersOf(claim), ordinal, pods: [pod.metadata.uid] });
  return wrong === undefined ? [] : [`claim ${claim.metadata.name}: ${wrong}`];
}

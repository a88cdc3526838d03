// Where retention has to lead: claims that members' pods mount belong to whom the policy says, once everything has
// converged. Judged from the server's objects alone. Lacks claims that are not ours beyond doubt, which are left alone, and
// those of members that are gone: their owners stay as they were (endings.ts tells whether they had to go).

import type { StatefulApp } from '../../../src/api/schema.ts';
import { claimsOf } from '../control/reading.ts';
import type { SimServer } from '../server/server.ts';
import { isDeleting, phaseOf } from './facts.ts';
import { hasForeignController, ownersOf, servedIn, wrongOwners } from './keepers.ts';

export function unretained(server: SimServer, app: StatefulApp): readonly string[] {
  const { namespace, name } = app.metadata;
  return server.all('persistentvolumeclaims', namespace).flatMap((claim) => {
    const ordinal = servedIn(app, claim);
    if (ordinal === undefined || isDeleting(claim) || phaseOf(claim) !== 'Bound') return [];
    if (hasForeignController(app, claim)) return [];
    const pod = server.find('pods', namespace, `${name}-${ordinal}`);
    if (pod === undefined || !claimsOf(pod).includes(claim.metadata.name)) return [];
    const wrong = wrongOwners(app, { owners: ownersOf(claim), ordinal, pods: [pod.metadata.uid] });
    return wrong === undefined ? [] : [`claim ${claim.metadata.name}: ${wrong}`];
  });
}

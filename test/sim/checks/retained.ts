// Where retention has to lead: claims belong to whom the policy says, once everything has converged. Judged from the
// server's objects alone. Lacks claims that are not ours beyond doubt: those are left alone.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { SimServer } from '../server/server.ts';
import { isDeleting, phaseOf, wantedOf } from './facts.ts';
import { hasForeignController, keeperIn, ownersOf, servedIn, wrongOwners } from './keepers.ts';

export function unretained(server: SimServer, app: StatefulApp): readonly string[] {
  const { namespace, name } = app.metadata;
  const wanted = wantedOf(app);
  return server.all('persistentvolumeclaims', namespace).flatMap((claim) => {
    const ordinal = servedIn(app, claim);
    if (ordinal === undefined || isDeleting(claim) || phaseOf(claim) !== 'Bound') return [];
    if (hasForeignController(app, claim)) return [];
    // A member that is gone owns nothing: endings.ts tells whether its claims had to go.
    if (!wanted.includes(ordinal) && keeperIn(app, ordinal) === 'pod') return [];
    const pod = server.find('pods', namespace, `${name}-${ordinal}`);
    const wrong = wrongOwners(app, {
      owners: ownersOf(claim),
      ordinal,
      pods: pod === undefined ? [] : [pod.metadata.uid],
    });
    return wrong === undefined ? [] : [`claim ${claim.metadata.name}: ${wrong}`];
  });
}

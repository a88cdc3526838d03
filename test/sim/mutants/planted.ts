// All planted bugs: the net has to catch each of them. Left out is what changes nothing that anybody could see, as a line
// cut in the middle that is told as an event: it is no JSON, and the position has not moved past it.

import type { Planted } from './plant.ts';
import { BUGS_OF_THE_CLIENT } from './planted-client.ts';
import { BUGS_OF_THE_DAEMON } from './planted-daemon.ts';
import { BUGS_OF_DISKS } from './planted-disks.ts';
import { BUGS_OF_IDENTITY } from './planted-identity.ts';
import { BUGS_OF_NODES } from './planted-nodes.ts';
import { BUGS_OF_THE_PLAN } from './planted-plan.ts';
import { BUGS_OF_REVISIONS } from './planted-revisions.ts';
import { BUGS_OF_TURNS } from './planted-turns.ts';
import { BUGS_OF_VOLUMES } from './planted-volumes.ts';

export const PLANTED: readonly Planted[] = [
  ...BUGS_OF_THE_CLIENT,
  ...BUGS_OF_THE_DAEMON,
  ...BUGS_OF_IDENTITY,
  ...BUGS_OF_THE_PLAN,
  ...BUGS_OF_TURNS,
  ...BUGS_OF_REVISIONS,
  ...BUGS_OF_VOLUMES,
  ...BUGS_OF_DISKS,
  ...BUGS_OF_NODES,
];

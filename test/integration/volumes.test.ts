// Volumes as part of the identity, against a real API server with its real volume binder, claim protection and garbage
// collection (docs/adr/0012): growth, what counts as the same volume, rebuild, recovery after a disaster, bad input. The
// themes are in volumes/; each test has a namespace of its own. What the cluster lacks is played by actors of the tests: a
// resizer (volumes/resizer.ts), and a provisioner whose volumes have handles (volumes/disks.ts).

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { openStage, type Stage } from './stage.ts';
import { aboutDisasters } from './volumes/disaster.ts';
import { aboutFollowing } from './volumes/following.ts';
import { aboutGrowth } from './volumes/growth.ts';
import { aboutIdentity } from './volumes/identity.ts';
import { aboutLostClaims } from './volumes/identity-claims.ts';
import { aboutBadInput } from './volumes/input.ts';
import { aboutNoRightToRead, aboutReads } from './volumes/reads.ts';
import { aboutRebuild } from './volumes/rebuild.ts';

vi.setConfig({ maxConcurrency: 12 });

let stage: Stage;
let operator: OperatorProcess;

beforeAll(async () => {
  stage = await openStage({ name: 'volumes' });
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

const open = () => stage.namespace();
aboutGrowth(open);
aboutFollowing(open);
aboutIdentity(open);
aboutLostClaims(open);
aboutRebuild(open);
aboutDisasters(open);
aboutBadInput(open);
aboutReads(open);
aboutNoRightToRead(open);

describe('over all of that', () => {
  test('the operator broke none of its own rules, and none of its plans', () => {
    expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
  });
});

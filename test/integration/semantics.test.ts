// Every paragraph of the semantics that the operator promises, against a real API server with its real controllers
// (garbage collector, volume binder, scheduler, StatefulSet, quota, disruption) and fake kubelets. The themes are in
// semantics/; each test has a namespace of its own, and many run at a time beside one operator.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { operatorRequests } from './audit.ts';
import { aboutClaims } from './semantics/claims.ts';
import { aboutNames } from './semantics/names.ts';
import { aboutOrder } from './semantics/order.ts';
import { aboutReplacement } from './semantics/replacement.ts';
import { aboutRevisions } from './semantics/revisions.ts';
import { aboutScale } from './semantics/scale.ts';
import { aboutTheService } from './semantics/service.ts';
import { aboutStatus } from './semantics/status.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ maxConcurrency: 16 });

let stage: Stage;
let operator: OperatorProcess;

beforeAll(async () => {
  stage = await openStage({ name: 'semantics', audit: true });
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

const open = () => stage.namespace();
aboutTheService(open);
aboutClaims(open);
aboutOrder(open);
aboutReplacement(open);
aboutScale(open);
aboutNames(open);
aboutRevisions(open);
aboutStatus(open);

describe('over all of that', () => {
  test('the operator broke none of its own rules, and none of its plans', () => {
    expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
  });
  test('each request that was forbidden was forbidden by admission, none by a missing grant', () => {
    expect(operatorRequests(stage.cluster.auditLog).filter(({ code }) => code === 403)).toEqual([]);
  });
});

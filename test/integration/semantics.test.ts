// Every paragraph of the semantics that the operator promises, against a real API server with its real controllers
// (garbage collector, volume binder, scheduler, StatefulSet, quota, disruption) and fake kubelets. The themes are in
// semantics/; each test has a namespace of its own, and many run at a time beside one operator.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { grants, usage } from './grants.ts';
import { aboutBadUpdates } from './semantics/bad-updates.ts';
import { aboutClaims } from './semantics/claims.ts';
import { aboutFixForward } from './semantics/fix-forward.ts';
import { aboutKubernetes } from './semantics/kubernetes.ts';
import { aboutMidRollout } from './semantics/mid-rollout.ts';
import { aboutNames } from './semantics/names.ts';
import { aboutOrder } from './semantics/order.ts';
import { aboutPreflight } from './semantics/preflight.ts';
import { aboutReplacement } from './semantics/replacement.ts';
import { aboutRetention } from './semantics/retention.ts';
import { aboutRetentionChanges } from './semantics/retention-changes.ts';
import { aboutRetentionOfOthers } from './semantics/retention-others.ts';
import { aboutRetentionSpecs } from './semantics/retention-specs.ts';
import { aboutRevisions } from './semantics/revisions.ts';
import { aboutScale } from './semantics/scale.ts';
import { aboutTheService } from './semantics/service.ts';
import { aboutStatus } from './semantics/status.ts';
import { aboutUpdates } from './semantics/updates.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ maxConcurrency: 16 });

/** Granted, and used only where something is amiss: none may be without a reason. */
const SPARE: readonly string[] = [
  // Lists are part of watching where a server cannot stream them (kube/watch.ts), and after a watch that expired.
  'list /nodes',
  'list /services',
  'list apps/controllerrevisions',
  'list statefulapp.dev/statefulapps',
  // Before a pod is taken for dead, and for a node that no watch shows (lost-nodes.test.ts).
  'get /nodes',
];

let stage: Stage;
let operator: OperatorProcess;

beforeAll(async () => {
  stage = await openStage({ name: 'semantics' });
  operator = await startOperatorProcess(stage.cluster);
  await operator.line(({ msg }) => msg === 'leading');
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

const open = (labels?: Readonly<Record<string, string>>) => stage.namespace(labels);
aboutTheService(open);
aboutClaims(open);
aboutRetention(open);
aboutRetentionChanges(open);
aboutRetentionOfOthers(open);
aboutRetentionSpecs(open);
aboutOrder(open);
aboutReplacement(open);
aboutScale(open);
aboutNames(open);
aboutRevisions(open);
aboutStatus(open);
aboutUpdates(open);
aboutFixForward(open);
aboutKubernetes(open);
aboutMidRollout(open);
aboutPreflight(open);
aboutBadUpdates(open);

describe('over all of that', () => {
  test('the operator broke none of its own rules, and none of its plans', () => {
    expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
  });
  test('nothing was asked for that the grants do not allow, and every grant was used', async () => {
    // Watches are told in full once they end.
    await operator.end('SIGTERM');
    const { denied, used } = usage(stage.cluster.auditLog);
    expect(denied).toEqual([]);
    const granted = grants();
    expect(used.filter((one) => !granted.includes(one))).toEqual([]);
    expect(granted.filter((one) => !used.includes(one) && !SPARE.includes(one))).toEqual([]);
  });
});

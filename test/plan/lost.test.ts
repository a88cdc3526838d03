// Members on nodes that do not answer (R1): silence proves nothing; what does, and what then happens, row by row.

import { describe, expect, test } from 'vitest';
import type { NodeView } from '../../src/identity/node-view.ts';
import { checkPlan } from '../../src/plan/invariants.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { APP, hashOf, NOW, owner, type Raw } from './objects.ts';
import { type Given, planned, rows, see, waiting, world } from './world.ts';

const SILENT: NodeView = {
  name: 'node-a',
  uid: 'node-a-uid',
  ready: false,
  why: 'NodeStatusUnknown',
  unreadySinceMs: NOW - 120_000,
  outOfService: false,
  fencedBy: null,
};
const WELL = { ...SILENT, ready: true, why: '', unreadySinceMs: null };

const troubled = (node: Partial<NodeView>) => ({ troubled: [{ ...SILENT, ...node }] });
const silent = troubled({});
const off = troubled({ outOfService: true });
const gone = { absent: [{ name: 'node-a', gone: true }] };

const one = { replicas: 1 };
const lost = { does: 'delete Pod web-0', waits: 'web-0 NodeLost' };
const ending = { app: one, pods: '0 Terminating 600s' };

describe('a silent node proves nothing:', () => {
  rows([
    {
      it: 'a pod that is not Ready is left, and the status says what is known',
      app: one,
      pods: '0 NotReady',
      nodes: silent,
      waits: 'web-0 NodeLost',
      says: 'waits for node node-a, which has not been Ready since 2026-03-01T11:58:00Z (NodeStatusUnknown): nobody knows',
    },
    {
      it: 'a pod that is being deleted is left, however long, and the status says what would free it',
      ...ending,
      nodes: silent,
      waits: 'web-0 NodeLost',
      says: 'kubectl annotate pod web-0 -n prod statefulapp.dev/confirmed-dead=web-0-uid',
    },
    {
      it: 'one that is not wanted is left',
      app: { replicas: 0 },
      pods: '0 Terminating 600s',
      nodes: silent,
      waits: 'web-0 NodeLost',
    },
    {
      it: 'one that is gone is waited for',
      app: one,
      pods: '0 Vanished 5s',
      nodes: silent,
      waits: 'web-0 PodVanished',
    },
    { it: 'a pod that still looks available is none of its business', app: one, pods: '0 Available', nodes: silent },
  ]);
});

describe('what proves that a pod is dead, and what does not:', () => {
  rows([
    {
      it: 'the taint out-of-service on a silent node',
      ...ending,
      nodes: off,
      ...lost,
      says: 'carries the taint node.kubernetes.io/out-of-service',
    },
    { it: 'also while nobody has deleted the pod yet', app: one, pods: '0 NotReady', nodes: off, ...lost },
    {
      it: 'also before its readiness is known to be over',
      app: one,
      pods: '0 Available',
      nodes: off,
      does: 'delete Pod web-0',
    },
    {
      it: 'a taint of fencing',
      ...ending,
      nodes: troubled({ fencedBy: 'example.com/off' }),
      ...lost,
      says: 'carries the taint example.com/off',
    },
    { it: 'a Node that is gone', ...ending, nodes: gone, ...lost, says: 'Node node-a is gone' },
    {
      it: 'not a Node that no watch shows: it is read first',
      ...ending,
      nodes: { absent: [{ name: 'node-a', gone: false }] },
      does: 'read Node node-a',
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'not the taint on a node that is well: it was forgotten',
      ...ending,
      nodes: { troubled: [{ ...WELL, outOfService: true }] },
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'not what is known of another node',
      ...ending,
      nodes: troubled({ name: 'node-b', outOfService: true }),
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'nothing of nodes that may not be read',
      ...ending,
      nodes: { known: false },
      waits: 'web-0 PodTerminating',
      says: 'confirmed-dead=web-0-uid',
    },
  ]);

  const stated = (uid: string, more: Partial<Given> = {}) => {
    const seen = world({ ...ending, nodes: { known: false }, ...more });
    annotate(seen.pods, { 'statefulapp.dev/confirmed-dead': uid });
    return planned(see(seen));
  };
  test('the statement of somebody about this very pod', () => {
    expect(does(stated('web-0-uid'))).toEqual(['delete Pod web-0']);
    expect(does(stated('web-0-uid', { pods: '0 NotReady' }))).toEqual(['delete Pod web-0']);
  });
  test('not the statement about another', () => {
    expect(does(stated('another'))).toEqual([]);
    expect(does(stated(''))).toEqual([]);
  });
});

describe('who is dead goes at once, but not', () => {
  const volume = { ...one, volumes: ['data'] };
  rows([
    {
      it: 'where the app wants to wait',
      app: { ...one, nodeFailurePolicy: { type: 'Wait' } },
      pods: '0 Terminating 600s',
      nodes: off,
      waits: 'web-0 NodeLost',
      says: 'nodeFailurePolicy.type is Wait',
    },
    {
      it: 'while it alone keeps a volume (R12)',
      app: volume,
      pods: '0 Terminating 600s',
      claims: 'data-0 Terminating',
      nodes: off,
      waits: 'web-0 VolumeAtRisk',
    },
    {
      it: 'while the app is paused',
      app: { ...one, paused: true },
      pods: '0 NotReady',
      nodes: off,
      waits: 'Paused, web-0 NodeLost',
    },
    {
      it: 'out of turn, when it is not wanted',
      app: { ...one, replicas: 0 },
      pods: '0 Available, 1 NotReady',
      nodes: off,
      does: 'delete Pod web-1',
      waits: 'web-1 PodTerminating',
    },
    {
      it: 'when it is not wanted and deleted already, then it does',
      app: { replicas: 0 },
      pods: '0 Terminating 600s',
      nodes: off,
      ...lost,
    },
    {
      it: 'in anybody`s order: its name is only made free',
      app: { replicas: 3 },
      pods: '0 NotReady, 1 Terminating 600s, 2 NotReady',
      nodes: off,
      does: 'delete Pod web-0, delete Pod web-1, delete Pod web-2',
      waits: 'web-0 NodeLost',
    },
    {
      it: 'twice, when an update wants it gone, too',
      app: { ...one, version: 'v2' },
      pods: '0 NotReady @v1',
      nodes: off,
      does: 'delete Pod web-0',
      waits: 'web-0 NodeLost, Updating',
    },
  ]);

  test('again, once only finalizers keep it', () => {
    const seen = world({ ...ending, nodes: off });
    const pod = seen.pods.get('web-0') as Raw;
    const metadata = { ...(pod['metadata'] as Raw), deletionGracePeriodSeconds: 0, finalizers: ['test/hold'] };
    seen.pods.set('web-0', { ...pod, metadata });
    const result = planned(see(seen));
    expect([does(result), waiting(result)]).toEqual([[], ['web-0 PodTerminating']]);
    expect(result.waits[0]?.message).toContain('held by finalizers test/hold');
  });

  test('a stranger`s', () => {
    const seen = world({ ...ending, nodes: off });
    const pod = seen.pods.get('web-0') as Raw;
    const ownerReferences = [owner({ kind: 'Other', name: 'other', uid: 'other-uid' })];
    seen.pods.set('web-0', { ...pod, metadata: { ...(pod['metadata'] as Raw), ownerReferences } });
    expect(does(planned(see(seen)))).toEqual([]);
  });
});

describe('the name of one that is gone without a word of its kubelet', () => {
  const vanished = { app: one, pods: '0 Vanished 5s' };
  const made = { does: 'create Pod web-0', waits: 'web-0 PodPending' };
  rows([
    { it: 'is free at once when its node is proven to be off', ...vanished, nodes: off, ...made },
    {
      it: 'also when only the ledger knows of it',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { node: 'node-a' } },
      nodes: off,
      ...made,
    },
    {
      it: 'is not, when the ledger says that a successor follows: it may have run elsewhere',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { node: 'node-a', updateTo: hashOf('v1') } },
      nodes: off,
      waits: 'web-0 PodVanished',
    },
    {
      it: 'is free after its grace when the Node is gone: its kubelet may live',
      ...vanished,
      nodes: gone,
      waits: 'web-0 PodVanished',
    },
    {
      it: 'is free after its grace where the app wants to wait',
      ...vanished,
      app: { ...one, nodeFailurePolicy: { type: 'Wait' } },
      nodes: off,
      waits: 'web-0 PodVanished',
    },
    { it: 'is free at once when it was proven dead before it went', app: one, pods: '0 Dead 1s', ...made },
  ]);

  test('is looked at once more at the API server before it is used', () => {
    const { actions } = planned(see(world({ ...vanished, nodes: off })));
    expect(actions).toMatchObject([{ type: 'createPod', deadNode: 'node-a' }]);
    expect(planned(see(world({ app: one, pods: '0 Stopped' }))).actions[0]).not.toHaveProperty('deadNode');
  });
});

test('a plan that takes a pod for dead without proof is refused', () => {
  const observed = see(world({ ...ending, nodes: off }));
  const result = plan(observed);
  expect(checkPlan(observed, result)).toEqual([]);
  for (const nodes of [
    silent,
    { known: true, troubled: [{ ...WELL, outOfService: true }] },
    { known: false, ...gone },
  ]) {
    const other = see(world({ ...ending, nodes }));
    expect(checkPlan(other, result)).toContain('R1: web-0 is to go as one that is lost, and nothing proves it');
  }
  const waits = see(world({ ...ending, app: { ...one, nodeFailurePolicy: { type: 'Wait' } }, nodes: off }));
  expect(checkPlan(waits, result)).toContain('R1: web-0 is to go as one that is lost, and its app does not allow it');
});

const does = ({ actions }: Plan) =>
  actions.flatMap((action) => (action.type === 'deletePod' ? [`delete Pod ${action.name}`] : []));

function annotate(pods: Map<string, Raw>, annotations: Raw): void {
  for (const [name, pod] of pods)
    pods.set(name, { ...pod, metadata: { ...(pod['metadata'] as Raw), annotations, namespace: APP.namespace } });
}

// What happens to nodes, under stores that are written to: power cuts, partitions, deletions, drains. Each ends with the node back and all
// members Ready. Lacks judgement: what was lost, the suites say.
import { expect } from 'vitest';
import { until } from '../../cluster/requests.ts';
import { nodeReady, untilNode } from '../probe.ts';
import { allReady, type FaultStage, nodeFor, RECOVERY_MS, replaced, residents, type StageFault } from './stage.ts';

const TAINT = 'node.kubernetes.io/out-of-service';

export function nodeFaults(): readonly StageFault[] {
  return [
    { name: 'node of 2 killed, and tainted out-of-service', act: (stage) => killed(stage, 2) },
    { name: 'node of 0 killed, and tainted out-of-service', act: (stage) => killed(stage, 0) },
    { name: 'node of 1 cut off beyond the eviction, and healed', act: (stage) => cutOff(stage, 1) },
    { name: 'Node of 1 deleted while its kubelet lives', act: (stage) => forgotten(stage, 1) },
    { name: 'node of 0 drained', act: (stage) => drained(stage, 0) },
  ];
}

async function killed(stage: FaultStage, ordinal: number): Promise<void> {
  const { cluster } = stage;
  const node = nodeFor(ordinal);
  const former = await residents(stage, node);
  await cluster.node(node).kill();
  await untilNode(cluster, node, 'Unknown');
  await cluster.kubectl('taint', 'node', node, `${TAINT}=nodeshutdown:NoExecute`);
  await replaced(stage, former);
  await cluster.kubectl('taint', 'node', node, `${TAINT}-`);
  await cluster.node(node).restart();
  await untilNode(cluster, node, 'True');
}

async function cutOff(stage: FaultStage, ordinal: number): Promise<void> {
  const { cluster } = stage;
  const node = nodeFor(ordinal);
  const former = await residents(stage, node);
  await cluster.node(node).partition();
  for (const { trial, ordinal: own, uid } of former) {
    const isEvicted = async () => (await trial.pod(own)).deleted;
    await until(isEvicted, RECOVERY_MS, () => `${trial.title}: ${trial.member(own)} is never evicted.`);
    expect((await trial.pod(own)).uid).toBe(uid);
  }
  await cluster.node(node).heal();
  await replaced(stage, former);
  await untilNode(cluster, node, 'True');
}

async function forgotten(stage: FaultStage, ordinal: number): Promise<void> {
  const { cluster } = stage;
  const node = nodeFor(ordinal);
  const former = await residents(stage, node);
  await cluster.kubectl('delete', 'node', node);
  await replaced(stage, former);
  // A kubelet registers itself again when it is started.
  await cluster.node(node).killKubelet();
  await cluster.node(node).startKubelet();
  const isBack = async () => (await nodeReady(cluster, node).catch(() => '')) === 'True';
  await until(isBack, RECOVERY_MS, () => `${node} is not back.`);
}

async function drained(stage: FaultStage, ordinal: number): Promise<void> {
  const { cluster, trials } = stage;
  const stores = [...new Set(trials.map(({ app }) => app))].join(',');
  const how = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=180s'];
  const node = nodeFor(ordinal);
  await cluster.kubectl('drain', node, ...how, `--pod-selector=app.kubernetes.io/name in (${stores})`);
  await allReady(stage);
  await cluster.kubectl('uncordon', node);
}

// What happens to those who look after stores, the operator and the API server: members go on as they are, and what was asked for
// meanwhile is done afterwards. Lacks judgement of the stores.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { RealCluster } from '../../cluster/real/cluster.ts';
import { until } from '../../cluster/requests.ts';
import { allReady, type FaultStage, restarts, type StageFault } from './stage.ts';

const AWAY_MS = 120_000;
const KILLS = 5;
const ELECTED = ['kube-controller-manager', 'kube-scheduler'] as const;
const KUBELETS_MS = 60_000;

interface NodeLease {
  readonly spec: { readonly renewTime: string };
}

export function controlFaults(): readonly StageFault[] {
  return [
    { name: 'both operators killed for two minutes', act: operatorsAway },
    { name: 'members deleted and updated, operators killed at random', act: operatorsKilled },
    { name: 'API server killed for two minutes', act: apiServerAway },
  ];
}

async function operatorsAway(stage: FaultStage): Promise<void> {
  const { release } = stage;
  const before = await restarts(stage);
  await release.killAll();
  await sleep(AWAY_MS);
  expect(await restarts(stage)).toEqual(before);
  await release.restart();
  await replaceMembers(stage, 2);
}

/** Five times within about a minute: the leader has just begun, or is in the middle of it. */
async function operatorsKilled(stage: FaultStage): Promise<void> {
  const { release, trials } = stage;
  const work = (async () => {
    for (const ordinal of [0, 1, 2]) await replaceMembers(stage, ordinal);
    await Promise.all(trials.map((trial) => trial.update()));
    await allReady(stage);
  })();
  const killing = (async () => {
    const random: number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const waitMs = Math.round(2_000 + Math.random() * 18_000);
      random.push(waitMs);
      await sleep(waitMs);
      await release.killLeader();
    }
    console.log(`the leading operator was killed ${KILLS} times, after ${random.join(', ')} ms each`);
  })();
  await Promise.all([work, killing]);
}

/**
 * With it go those who elect a leader by it, as in any cluster: they end when their Lease cannot be renewed, and begin anew. One that
 * lived on would call all nodes silent at once when it is back; here, where a node counts as lost after seconds, not a minute, it would
 * evict their pods before the kubelets, which ask ever more rarely, have noticed.
 */
async function apiServerAway(stage: FaultStage): Promise<void> {
  const { cluster } = stage;
  const before = await restarts(stage);
  for (const name of ELECTED) await cluster.stopComponent(name);
  await cluster.stopComponent('kube-apiserver');
  await sleep(AWAY_MS);
  const backAtMs = Date.now();
  await cluster.startComponent('kube-apiserver');
  await until(
    () => allBeat(cluster, backAtMs),
    KUBELETS_MS,
    () => 'A kubelet has not found the API server again.',
  );
  for (const name of ELECTED) await cluster.startComponent(name);
  await allReady(stage);
  expect(await restarts(stage)).toEqual(before);
}

/** Whether every node has renewed its Lease since. */
async function allBeat({ kubectl, nodes }: RealCluster, sinceMs: number): Promise<boolean> {
  const json = await kubectl('get', 'leases', '--namespace', 'kube-node-lease', '-o', 'json');
  const { items }: { readonly items: readonly NodeLease[] } = JSON.parse(json);
  return items.filter(({ spec }) => Date.parse(spec.renewTime) > sinceMs).length === nodes.length;
}

async function replaceMembers(stage: FaultStage, ordinal: number): Promise<void> {
  await Promise.all(stage.trials.map((trial) => trial.kubectl('delete', 'pod', trial.member(ordinal))));
  await allReady(stage);
}

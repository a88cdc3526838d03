// The operator is lost as pods and machines are: members are left alone meanwhile, and the work goes on. Lacks databases under
// writers meanwhile, and other failures of nodes: databases-nodes.test.ts, lost-nodes.test.ts.
import { expect, test } from 'vitest';
import { until } from '../../cluster/requests.ts';
import { crash } from '../../operator/release.ts';
import { field } from '../probe.ts';
import { readAt } from './etcd.ts';
import { WRITTEN } from './example.ts';
import { belongings, type ChartStage, ready, replaced, uidOf } from './stage.ts';

const WAIT_MS = 90_000;

export function aboutLosses(stage: () => ChartStage): void {
  /** Resolves with the milliseconds until somebody else leads. */
  const ledByAnother = async (first: string) => {
    const from = performance.now();
    const hasMoved = async () => ![first, ''].includes(await stage().release.leader());
    await until(hasMoved, WAIT_MS, () => `nobody but ${first} has led for ${WAIT_MS / 1000} s`);
    return Math.round(performance.now() - from);
  };
  const deleted = async (pod: string) => {
    const former = await uidOf(stage(), `pod/${pod}`);
    await stage().cluster.kubectl('delete', 'pod', pod);
    await replaced(stage(), pod, former);
  };

  test('its leader is gone: the other one takes over within seconds, and a lost member is replaced', async () => {
    const { release } = stage();
    const first = await release.leader();
    await release.kubectl('delete', 'pod', first, '--wait=false');
    const ms = await ledByAnother(first);
    console.log(`the other replica leads ${ms} ms after the deletion of the leader's pod`);
    expect(ms).toBeLessThan(10_000); // a Lease that is not released ends after 15 s
    await deleted('web-0');
  });

  test('both replicas are lost at once: members are left alone, and the work goes on when there are others', async () => {
    const { release } = stage();
    const before = await belongings(stage(), 'etcd');
    const former = await release.pods();
    expect(former).toHaveLength(2);
    const leader = await release.leader();
    // Killed first: a kubelet asks pods that are force-deleted to end, and the leader would give its Lease back.
    for (const pod of former) crash(pod);
    await release.kubectl(
      'delete',
      'pod',
      ...former.map(({ metadata }) => metadata.name),
      '--force',
      '--grace-period=0',
    );
    console.log(`a new replica leads ${await ledByAnother(leader)} ms after both were killed`);
    await deleted('web-1');
    expect(await belongings(stage(), 'etcd')).toEqual(before);
  });

  test('the node of the leader is switched off, and said to be: its members are there again, with their data', async () => {
    const { cluster, release } = stage();
    const leader = await release.leader();
    const node = await release.kubectl('get', 'pod', leader, '-o', 'jsonpath={.spec.nodeName}');
    const onNode = `--field-selector=spec.nodeName=${node}`;
    const names = '{range .items[*]}{.metadata.name} {end}';
    const found = await cluster.kubectl(
      'get',
      'pods',
      '-l',
      'statefulapp.dev/name=etcd',
      onNode,
      '-o',
      `jsonpath=${names}`,
    );
    const lost = found.trim();
    expect(lost).toMatch(/^etcd-\d$/); // the example spreads them
    const former = await uidOf(stage(), `pod/${lost}`);
    await cluster.node(node).kill();
    console.log(`the other replica leads ${await ledByAnother(leader)} ms after the node of the leader was killed`);
    const reason = `.status.members[?(@.ordinal==${lost.slice('etcd-'.length)})].reason`;
    const isLost = async () => (await field(cluster, 'sapp/etcd', reason)) === 'NodeLost';
    await until(isLost, WAIT_MS, () => `${lost} is not NodeLost after ${WAIT_MS / 1000} s`);
    expect(await uidOf(stage(), `pod/${lost}`)).toBe(former);
    await cluster.kubectl('taint', 'node', node, 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute');
    await replaced(stage(), lost, former);
    await ready(stage(), 'etcd');
    expect(await readAt(cluster, lost)).toEqual(WRITTEN);
  });
}

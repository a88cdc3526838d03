// Real nodes fail as nodes do, and volumes follow pods from one to another.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RealCluster, startRealCluster } from '../cluster/real/cluster.ts';
import { probeImage } from '../cluster/real/images.ts';
import { describeReal } from './clusters.ts';
import { claim, field, heartbeatOf, probePod, untilBeats, untilExec, untilNode, untilPodReady } from './probe.ts';

describeReal('real nodes', () => {
  let cluster: RealCluster;
  let image: string;
  const nodes = ['node-0', 'node-1', 'node-2'];
  const pods = nodes.map((node) => `on-${node}`);
  const ask = (pod: string, ...words: readonly string[]) => cluster.exec({ pod }, '/probe', ...words);

  beforeAll(async () => {
    const probe = await probeImage(console.log);
    image = probe.name;
    // A node is given up on after 8 s instead of 50.
    cluster = await startRealCluster({ name: 'e2e-nodes', nodes: 3, nodeGraceSeconds: 8, progress: console.log });
    await cluster.importImage(probe.archive);
    const own = nodes.map((node) => [
      claim(`data-${node}`),
      probePod({ name: `on-${node}`, image, node, claim: `data-${node}` }),
    ]);
    await cluster.apply(own.flat().join('---\n'));
    await Promise.all(pods.map((pod) => untilPodReady(cluster, pod)));
  }, 1_200_000); // on a new machine programs are built first
  afterAll(() => cluster?.stop());

  test('a volume follows its pod to another node, and is written by a user without rights', async () => {
    await cluster.apply(
      `${claim('follows')}---\n${probePod({ name: 'first', image, node: 'node-0', claim: 'follows' })}`,
    );
    await untilPodReady(cluster, 'first');
    await ask('first', 'write', '/data/word', 'from node-0');
    await cluster.kubectl('delete', 'pod', 'first');
    await cluster.apply(probePod({ name: 'second', image, node: 'node-2', claim: 'follows' }));
    await untilPodReady(cluster, 'second');
    expect(await ask('second', 'read', '/data/word')).toBe('from node-0\n');
  });

  test('a partition: NotReady, unreachable, and its containers go on; healed, nothing was restarted', async () => {
    const beat = await heartbeatOf(cluster, 'data-node-1');
    const address = await field(cluster, 'pod/on-node-1', '.status.podIP');
    await cluster.node('node-1').partition();
    await untilNode(cluster, 'node-1', 'Unknown');
    await untilBeats(beat);
    await expect(ask('on-node-0', 'get', `http://${address}:8080`)).rejects.toThrow();
    await cluster.node('node-1').heal();
    await untilNode(cluster, 'node-1', 'True');
    await untilPodReady(cluster, 'on-node-1');
    expect(await field(cluster, 'pod/on-node-1', '.status.containerStatuses[0].restartCount')).toBe('0');
    expect(await ask('on-node-0', 'get', `http://${address}:8080`)).toBe('on-node-1\n');
  });

  test('a node without kubelet, or with a new runtime, goes on running its containers', async () => {
    const node = cluster.node('node-2');
    const beat = await heartbeatOf(cluster, 'data-node-2');
    await node.killKubelet();
    await untilNode(cluster, 'node-2', 'Unknown');
    await untilBeats(beat);
    await node.startKubelet();
    await untilNode(cluster, 'node-2', 'True');
    await node.restartRuntime();
    await untilBeats(beat);
    await untilExec(cluster, 'on-node-2'); // a new kubelet is Ready before it knows all its pods
    expect(await field(cluster, 'pod/on-node-2', '.status.containerStatuses[0].restartCount')).toBe('0');
  });

  test('without an API server containers go on', async () => {
    const beat = await heartbeatOf(cluster, 'data-node-0');
    await cluster.stopComponent('kube-apiserver');
    await untilBeats(beat);
    await cluster.startComponent('kube-apiserver');
    expect(await field(cluster, 'pod/on-node-0', '.status.containerStatuses[0].restartCount')).toBe('0');
  });

  test('a power cut: all on the node ends at once; switched on again, it has booted anew and runs its pod', async () => {
    const node = cluster.node('node-1');
    const beat = await heartbeatOf(cluster, 'data-node-1');
    const bootId = () => field(cluster, 'node/node-1', '.status.nodeInfo.bootID');
    const before = await bootId();
    await ask('on-node-1', 'write', '/data/word', 'hello');
    await node.kill();
    const last = beat();
    await untilNode(cluster, 'node-1', 'Unknown'); // seconds in which nothing on it moved
    expect(beat()).toBe(last);
    expect(node.isRunning()).toBe(false);
    await node.restart();
    await untilNode(cluster, 'node-1', 'True');
    await untilBeats(beat);
    await untilPodReady(cluster, 'on-node-1');
    expect(await field(cluster, 'pod/on-node-1', '.status.containerStatuses[0].restartCount')).toBe('1');
    expect(await bootId()).not.toBe(before);
    expect(await ask('on-node-1', 'read', '/data/word')).toBe('hello\n'); // its disk is as it was
  });
});

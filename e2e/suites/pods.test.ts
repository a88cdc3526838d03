// What every cluster that the suites run on has to give: pods run, find and reach each other and the API server, and are
// looked into.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeCluster } from '../cluster/node-cluster.ts';
import { probeImage } from '../cluster/real/images.ts';
import { describeAnywhere, suiteCluster } from './clusters.ts';
import { claim, field, nodeReady, PROBE_SERVICES, probePod, untilPodReady } from './probe.ts';

const NAMES = ['probe-0', 'probe-1', 'probe-2'];

describeAnywhere('pods', () => {
  let cluster: NodeCluster;
  let nodes: readonly string[];
  const ask = (pod: string, ...words: readonly string[]) => cluster.exec({ pod }, '/probe', ...words);

  beforeAll(async () => {
    const { name: image, archive } = await probeImage(console.log);
    cluster = await suiteCluster({ name: 'e2e-pods', nodes: 3, progress: console.log });
    await cluster.importImage(archive);
    nodes = NAMES.map((_, index) => cluster.nodes[index % cluster.nodes.length]?.name ?? '');
    const pods = NAMES.map((name, index) =>
      probePod({ name, image, node: nodes[index] ?? '', labels: { probes: 'member' }, claim: `data-${name}` }),
    );
    await cluster.apply([...NAMES.map((name) => claim(`data-${name}`)), PROBE_SERVICES, ...pods].join('---\n'));
    await Promise.all(NAMES.map((pod) => untilPodReady(cluster, pod)));
  }, 1_200_000); // on a new machine programs are built first
  afterAll(async () => {
    // Of use to a cluster that outlives the suite only.
    await cluster?.kubectl('delete', '--ignore-not-found', ...NAMES.map((name) => `pod/${name}`));
    const others = [...NAMES.map((name) => `pvc/data-${name}`), 'service/probes', 'service/any'];
    await cluster?.kubectl('delete', '--ignore-not-found', ...others);
    await cluster?.stop();
  });

  test('all nodes are Ready, and run a pod', async () => {
    for (const node of nodes) expect(await nodeReady(cluster, node)).toBe('True');
    for (const [index, pod] of NAMES.entries())
      expect(await field(cluster, `pod/${pod}`, '.spec.nodeName')).toBe(nodes[index]);
  });

  test('pods resolve and reach each other across nodes, by name of Service and of pod', async () => {
    const addresses = await Promise.all(NAMES.map((pod) => field(cluster, `pod/${pod}`, '.status.podIP')));
    for (const pod of NAMES) {
      expect((await ask(pod, 'resolve', 'probes.default.svc.cluster.local')).trim().split('\n')).toEqual(
        [...addresses].sort(),
      );
    }
    for (const address of addresses) expect(await ask('probe-0', 'get', `http://${address}:8080`)).toMatch(/^probe-\d/);
    const answers = new Set<string>();
    for (let turn = 0; turn < 60 && answers.size < 3; turn += 1)
      answers.add((await ask('probe-1', 'get', 'http://any')).trim());
    expect([...answers].sort()).toEqual(NAMES); // its own pod among them: a Service works on one node too
  });

  test('pods ask the API server through its Service, as their service account', async () => {
    const answer = await ask('probe-2', 'api', '/api/v1/namespaces/default/secrets');
    expect(answer).toMatch(/^403 /);
    expect(answer).toContain('system:serviceaccount:default:default');
  });

  test('logs are read, and commands run in containers', async () => {
    expect(await cluster.kubectl('logs', 'probe-1')).toBe('started probe-1\n');
    await ask('probe-1', 'write', '/data/word', 'hello');
    expect(await ask('probe-1', 'read', '/data/word')).toBe('hello\n');
    await expect(ask('probe-1', 'read', '/data/none')).rejects.toThrow('no such file');
  });
});

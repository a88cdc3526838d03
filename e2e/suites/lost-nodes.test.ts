// Nodes that fail as nodes do, under members that write to their volumes (R1): nobody is replaced because of silence; on proof the
// exact copy is there within seconds; and at no moment do two pods hold one identity. The witness in each pod is on the member's
// own volume, so that it meets whoever else is there.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RealCluster } from '../cluster/real/cluster.ts';
import { volumeFolder } from '../cluster/real/volumes.ts';
import { until } from '../cluster/requests.ts';
import { readWitness } from '../databases/witness/folder.ts';
import { judgeIdentity } from '../databases/witness/judgement.ts';
import { WITNESS_FOLDER, withWitness } from '../databases/witness/sidecar.ts';
import type { OperatorProcess } from '../operator/process.ts';
import { describeReal } from './clusters.ts';
import { field, nodeReady, untilNode } from './probe.ts';
import { CLOSING_MS, closeStores, OPENING_MS, openStores } from './stores.ts';

const WAIT_MS = 120_000;
/** What the issue asks of a node that was killed, from the proof on. */
const REPLACED_MS = 25_000;
const TAINT = 'node.kubernetes.io/out-of-service';

describeReal('lost nodes', () => {
  let cluster: RealCluster;
  let operator: OperatorProcess;
  let image: string;

  beforeAll(async () => {
    ({ cluster, image, operator } = await openStores({ name: 'e2e-lost', nodeGraceSeconds: 8 }));
  }, OPENING_MS);
  afterAll(() => closeStores({ cluster, operator }), CLOSING_MS);

  const uidOf = (pod: string) => field(cluster, `pod/${pod}`, '.metadata.uid').catch(() => '');
  const nodeOf = (pod: string) => field(cluster, `pod/${pod}`, '.spec.nodeName');
  const entry = (app: string, ordinal: number, what: string) =>
    field(cluster, `sapp/${app}`, `.status.members[?(@.ordinal==${ordinal})].${what}`);
  const ready = (app: string) => cluster.kubectl('wait', '--for=condition=Ready', `sapp/${app}`, '--timeout=120s');
  const says = (app: string, ordinal: number, reason: string) =>
    until(
      async () => (await entry(app, ordinal, 'reason')) === reason,
      WAIT_MS,
      () => `${app}-${ordinal} is never ${reason}.`,
    );

  /** Resolves with the milliseconds that it took until another pod of this name is Ready. */
  async function replaced(pod: string, former: string): Promise<number> {
    const from = performance.now();
    const isAnother = async () => {
      const [uid, isReady] = [await uidOf(pod), await field(cluster, `pod/${pod}`, READY).catch(() => '')];
      return uid !== '' && uid !== former && isReady === 'True';
    };
    await until(isAnother, WAIT_MS, () => `${pod} is not replaced after ${WAIT_MS / 1000} s.`);
    return performance.now() - from;
  }

  /** What the witnesses on the member's volume wrote, of all pods that ever had its name. */
  async function identity(app: string, ordinal: number) {
    const folder = join(await volumeFolder(cluster, { claim: `data-${app}-${ordinal}` }), WITNESS_FOLDER);
    return judgeIdentity(`${app}-${ordinal}`, readWitness(folder));
  }

  async function start(name: string, more: object = {}): Promise<void> {
    await cluster.apply(JSON.stringify(withWitness(member(name, image, more), { image, claim: 'data' })));
    await ready(name);
  }

  test('a partition: nobody is replaced before there is proof; healed, the old pod ends and there is one copy', async () => {
    await start('cut');
    const [node, former] = [await nodeOf('cut-1'), await uidOf('cut-1')];
    await cluster.node(node).partition();
    await says('cut', 1, 'NodeLost');
    await until(
      async () => (await field(cluster, 'pod/cut-1', '.metadata.deletionTimestamp')) !== '',
      WAIT_MS,
      () => 'cut-1 is never evicted.',
    );
    expect(await entry('cut', 1, 'message')).toContain(`confirmed-dead=${former}`);
    // Its containers go on, and for as long as they do it is theirs.
    const before = (await identity('cut', 1)).holders[0]?.beats ?? 0;
    await until(
      async () => ((await identity('cut', 1)).holders[0]?.beats ?? 0) > before + 20,
      WAIT_MS,
      () => 'its heart has stopped.',
    );
    expect(await uidOf('cut-1')).toBe(former);
    await cluster.node(node).heal();
    await replaced('cut-1', former);
    const { holders, breaches } = await identity('cut', 1);
    expect([breaches, holders.length]).toEqual([[], 2]);
    await untilNode(cluster, node, 'True');
  }, 300_000);

  test('a node is killed and said to be out of service: its member is there again within seconds, with its volume', async () => {
    await start('off');
    const [node, former, kept] = [await nodeOf('off-1'), await uidOf('off-1'), await uidOf('off-0')];
    await cluster.node(node).kill();
    await says('off', 1, 'NodeLost');
    expect(await uidOf('off-1')).toBe(former);
    await cluster.kubectl('taint', 'node', node, `${TAINT}=nodeshutdown:NoExecute`);
    const ms = await replaced('off-1', former);
    console.log(`off-1 was Ready again ${Math.round(ms)} ms after the proof`);
    expect(ms).toBeLessThan(REPLACED_MS);
    expect(await nodeOf('off-1')).not.toBe(node);
    expect(await uidOf('off-0')).toBe(kept);
    await cluster.kubectl('taint', 'node', node, `${TAINT}-`);
    await cluster.node(node).restart();
    await untilNode(cluster, node, 'True');
    const { holders, breaches } = await identity('off', 1);
    expect([breaches, holders.length]).toEqual([[], 2]);
  }, 300_000);

  test('the Node object is deleted while its kubelet lives: the grace keeps the identity single', async () => {
    await start('forgotten');
    const [node, former] = [await nodeOf('forgotten-1'), await uidOf('forgotten-1')];
    await cluster.kubectl('delete', 'node', node);
    await replaced('forgotten-1', former);
    const { holders, breaches } = await identity('forgotten', 1);
    expect([breaches, holders.length]).toEqual([[], 2]);
    // A kubelet registers itself again when it is started.
    await cluster.node(node).killKubelet();
    await cluster.node(node).startKubelet();
    const isBack = async () => (await nodeReady(cluster, node).catch(() => '')) === 'True';
    await until(isBack, WAIT_MS, () => `${node} is not back after ${WAIT_MS / 1000} s.`);
  }, 300_000);

  test('a pod is force-deleted by hand and takes its time to stop: its copy waits for it', async () => {
    await start('forced');
    const former = await uidOf('forced-1');
    await cluster.kubectl('delete', 'pod', 'forced-1', '--force', '--grace-period=0');
    await says('forced', 1, 'PodVanished');
    await replaced('forced-1', former);
    const { holders, breaches } = await identity('forced', 1);
    expect([breaches, holders.length]).toEqual([[], 2]);
  }, 300_000);

  test('the taint was forgotten on a node that is well: it moves nothing', async () => {
    const tolerations = [{ key: TAINT, operator: 'Exists' }];
    await start('well', { tolerations });
    const [node, kept] = [await nodeOf('well-1'), await uidOf('well-1')];
    await cluster.kubectl('taint', 'node', node, `${TAINT}=nodeshutdown:NoExecute`);
    // The operator has heard of it when it does something for an app that came later.
    await start('witness', { tolerations });
    expect([await uidOf('well-1'), await nodeReady(cluster, node)]).toEqual([kept, 'True']);
    await cluster.kubectl('taint', 'node', node, `${TAINT}-`);
  }, 300_000);

  test('the operator broke none of its own rules', () => {
    expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
  });
});

const READY = '.status.conditions[?(@.type=="Ready")].status';

/** Two members on two nodes, each of which takes three seconds to stop. */
function member(name: string, image: string, podSpec: object) {
  const labels = { app: name };
  const spread = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } };
  return {
    apiVersion: 'statefulapp.dev/v1alpha1',
    kind: 'StatefulApp',
    metadata: { name },
    spec: {
      replicas: 2,
      nodeFailurePolicy: { unreachableSeconds: 3 },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 6,
          affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [spread] } },
          containers: [
            {
              name: 'main',
              image,
              command: ['sh', '-c', "trap 'sleep 3; exit 0' TERM; while :; do sleep 0.2; done"],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          ...podSpec,
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  };
}

// The examples of databases on nodes that fail, under continuous writes: nodes killed, cut off, deleted and drained, the operator
// killed, the API server away. No acknowledged write is lost and no identity has two holders, beside the same store as a
// StatefulSet. What happens to members on nodes that are well is databases.test.ts's.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RealCluster } from '../cluster/real/cluster.ts';
import { until } from '../cluster/requests.ts';
import type { Fault } from '../databases/journal.ts';
import type { Judgement } from '../databases/judgement.ts';
import type { Store } from '../databases/manifests.ts';
import { gapTable, report } from '../databases/report.ts';
import { Trial, type TrialOptions } from '../databases/trial.ts';
import { type OperatorProcess, startOperatorProcess } from '../operator/process.ts';
import { describeReal } from './clusters.ts';
import { nodeReady, untilNode } from './probe.ts';
import { CLOSING_MS, closeStores, OPENING_MS, openStores } from './stores.ts';

const RECOVERY_MS = 240_000;
const AWAY_MS = 120_000;
const TAINT = 'node.kubernetes.io/out-of-service';

type Act = readonly [name: string, act: () => Promise<void>];

describeReal('databases on nodes that fail', () => {
  let cluster: RealCluster;
  let operator: OperatorProcess;
  let image: string;

  beforeAll(async () => {
    ({ cluster, image, operator } = await openStores({
      name: 'e2e-faults',
      nodeGraceSeconds: 8,
      tolerationSeconds: 5,
    }));
  }, OPENING_MS);
  afterAll(() => closeStores({ cluster, operator }), CLOSING_MS);

  const verdicts = new Map<string, Judgement>();

  const trial = async (options: Pick<TrialOptions, 'store' | 'as'>, acts: (trial: Trial) => readonly Act[]) => {
    const running = await Trial.start({ cluster, image, ...options });
    const done: Fault[] = [];
    const title = `${options.store} as a ${options.as}`;
    try {
      for (const [name, act] of acts(running)) done.push(await running.writer.during(name, act, RECOVERY_MS));
    } finally {
      const { judgement, breaches } = await running.finish(done);
      console.log(report(title, judgement).join('\n'));
      verdicts.set(title, judgement);
      expect(breaches).toEqual([]);
    }
  };

  test.each<Store>(['etcd', 'postgresql'])(
    '%s: no acknowledged write is lost, no identity has two holders',
    async (store) => {
      await trial({ store, as: 'StatefulApp' }, (running) => [
        ...ofNodes(running, store),
        ...ofControl(running, store),
      ]);
      await trial({ store, as: 'StatefulSet' }, (running) => ofNodes(running, store));
      console.log(gapTable(Object.fromEntries([...verdicts].filter(([title]) => title.startsWith(store)))));
    },
    1_800_000,
  );

  test('the operator broke none of its own rules', () => {
    expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
  });

  function ofNodes(running: Trial, store: Store): readonly Act[] {
    const nodeOf = (ordinal: number) =>
      running.kubectl('get', 'pod', `${store}-${ordinal}`, '-o', 'jsonpath={.spec.nodeName}');
    const replaced = async (ordinal: number, former: string) => {
      const isAnother = async () => ![former, ''].includes(await running.podUid(ordinal).catch(() => ''));
      await until(isAnother, RECOVERY_MS, () => `${store}-${ordinal} is not replaced.`);
      await running.kubectl('wait', '--for=condition=Ready', `pod/${store}-${ordinal}`, '--timeout=180s');
      await running.ready();
    };
    const killed = (ordinal: number) => async () => {
      const [node, former] = [await nodeOf(ordinal), await running.podUid(ordinal)];
      await cluster.node(node).kill();
      await untilNode(cluster, node, 'Unknown');
      await cluster.kubectl('taint', 'node', node, `${TAINT}=nodeshutdown:NoExecute`);
      await replaced(ordinal, former);
      await cluster.kubectl('taint', 'node', node, `${TAINT}-`);
      await cluster.node(node).restart();
      await untilNode(cluster, node, 'True');
      await running.ready();
    };
    const cutOff = (ordinal: number) => async () => {
      const [node, former] = [await nodeOf(ordinal), await running.podUid(ordinal)];
      await cluster.node(node).partition();
      const deleted = ['get', 'pod', `${store}-${ordinal}`, '-o', 'jsonpath={.metadata.deletionTimestamp}'];
      await until(
        async () => (await running.kubectl(...deleted)) !== '',
        RECOVERY_MS,
        () => 'it is never evicted.',
      );
      expect(await running.podUid(ordinal)).toBe(former);
      await cluster.node(node).heal();
      await replaced(ordinal, former);
      await untilNode(cluster, node, 'True');
    };
    const forgotten = (ordinal: number) => async () => {
      const [node, former] = [await nodeOf(ordinal), await running.podUid(ordinal)];
      await cluster.kubectl('delete', 'node', node);
      await replaced(ordinal, former);
      await cluster.node(node).killKubelet();
      await cluster.node(node).startKubelet();
      const isBack = async () => (await nodeReady(cluster, node).catch(() => '')) === 'True';
      await until(isBack, RECOVERY_MS, () => `${node} is not back.`);
    };
    const drained = (ordinal: number) => async () => {
      const node = await nodeOf(ordinal);
      const how = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=180s'];
      await cluster.kubectl('drain', node, ...how, `--pod-selector=app.kubernetes.io/name=${store}`);
      await running.ready();
      await cluster.kubectl('uncordon', node);
    };
    return [
      ['node of 2 killed, and tainted out-of-service', killed(2)],
      ['node of 0 killed, and tainted out-of-service', killed(0)],
      ['node of 1 cut off beyond the eviction, and healed', cutOff(1)],
      ['Node of 1 deleted while its kubelet lives', forgotten(1)],
      ['node of 0 drained', drained(0)],
    ];
  }

  function ofControl(running: Trial, store: Store): readonly Act[] {
    const restarts = () =>
      running.kubectl('get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[*].restartCount}');
    return [
      [
        'operator killed for two minutes',
        async () => {
          const before = await restarts();
          await operator.end('SIGKILL');
          await sleep(AWAY_MS);
          expect(await restarts()).toBe(before);
          operator = await startOperatorProcess(cluster);
          await running.kubectl('delete', 'pod', `${store}-2`);
          await running.ready();
        },
      ],
      [
        'API server killed for two minutes',
        async () => {
          const before = await restarts();
          await cluster.stopComponent('kube-apiserver');
          await sleep(AWAY_MS);
          await cluster.startComponent('kube-apiserver');
          await running.ready();
          expect(await restarts()).toBe(before);
        },
      ],
    ];
  }
});

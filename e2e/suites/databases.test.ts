// The examples of databases run as they are on real nodes, under continuous writes, and lose no acknowledged write while their
// members are killed, deleted, updated and scaled, beside the same store as a StatefulSet. Lacks faults of nodes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RealCluster } from '../cluster/real/cluster.ts';
import type { Fault } from '../databases/journal.ts';
import type { Judgement } from '../databases/judgement.ts';
import type { Store } from '../databases/manifests.ts';
import { gapTable, report } from '../databases/report.ts';
import { Trial, type TrialOptions } from '../databases/trial.ts';
import type { OperatorProcess } from '../operator/process.ts';
import { describeReal } from './clusters.ts';
import { CLOSING_MS, closeStores, OPENING_MS, openStores } from './stores.ts';

const RECOVERY_MS = 120_000;

describeReal('databases', () => {
  let cluster: RealCluster;
  let operator: OperatorProcess;
  let image: string;

  beforeAll(async () => {
    ({ cluster, image, operator } = await openStores({ name: 'e2e-stores' }));
  }, OPENING_MS);
  afterAll(() => closeStores({ cluster, operator }), CLOSING_MS);

  const trial = async (options: Pick<TrialOptions, 'store' | 'as'>, faults: (trial: Trial) => Promise<Fault[]>) => {
    const running = await Trial.start({ cluster, image, ...options });
    let done: readonly Fault[] = [];
    try {
      done = await faults(running);
    } finally {
      const { judgement, breaches } = await running.finish(done);
      console.log(report(running.title, judgement).join('\n'));
      expect(breaches).toEqual([]);
      verdicts.set(running.title, judgement);
    }
  };
  const verdicts = new Map<string, Judgement>();

  test.each<Store>(['etcd', 'postgresql', 'redis'])(
    '%s: no acknowledged write is lost, no identity has two holders',
    async (store) => {
      // At the same time: they have the machine in common.
      await Promise.all([
        trial({ store, as: 'StatefulApp' }, async (running) => [
          ...(await ordinaryFaults(running)),
          ...(await scaling(running)),
          await running.writer.during('disk of 0 lost, and given up', () => running.loseVolume(0), RECOVERY_MS),
        ]),
        trial({ store, as: 'StatefulSet' }, ordinaryFaults),
      ]);
      console.log(gapTable(Object.fromEntries([...verdicts].filter(([title]) => title.startsWith(store)).sort())));
    },
    600_000,
  );
});

/** What happens to any store, in the same way under both kinds. */
async function ordinaryFaults(trial: Trial): Promise<Fault[]> {
  const deleted = (ordinal: number) => async () => {
    await trial.kubectl('delete', 'pod', trial.member(ordinal));
    await trial.ready();
  };
  const acts: readonly (readonly [name: string, act: () => Promise<void>])[] = [
    ['nothing', async () => {}],
    ['container of 0 killed', () => trial.killContainer(0)],
    ['container of 2 killed', () => trial.killContainer(2)],
    ['pod 0 deleted', deleted(0)],
    ['pod 2 deleted', deleted(2)],
    ['update', () => trial.update()],
  ];
  const faults: Fault[] = [];
  for (const [name, act] of acts) faults.push(await trial.writer.during(name, act, RECOVERY_MS));
  return faults;
}

async function scaling(trial: Trial): Promise<Fault[]> {
  const to = (replicas: number) =>
    trial.writer.during(
      `scaled to ${replicas}`,
      async () => {
        await trial.kubectl('scale', trial.resource, `--replicas=${replicas}`);
        await trial.ready();
        if (trial.app === 'etcd') expect(await voters(trial)).toBe(replicas);
      },
      RECOVERY_MS,
    );
  return [await to(5), await to(3)];
}

async function voters(trial: Trial): Promise<number> {
  const list = await trial.kubectl('exec', 'etcd-0', '-c', 'etcd', '--', 'etcdctl', 'member', 'list');
  return list
    .trim()
    .split('\n')
    .filter((line) => line.endsWith(' false')).length;
}

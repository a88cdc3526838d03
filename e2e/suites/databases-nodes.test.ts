// etcd and PostgreSQL, as StatefulApps under the chart's operator and as StatefulSets, side by side on real nodes and written to
// without a break, while nodes are killed, cut off, deleted and drained, operators killed, and the API server is away: no
// acknowledged write is lost and no identity has two holders. What StatefulSets do then is told, not judged. What happens to
// members on nodes that are well is databases.test.ts's.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usage } from '../../test/integration/grants.ts';
import { type RealCluster, startRealCluster } from '../cluster/real/cluster.ts';
import type { Fault } from '../databases/journal.ts';
import { gapTable, report } from '../databases/report.ts';
import { type Kind, Trial, type Verdict } from '../databases/trial.ts';
import { databasesImage } from '../images/databases/build.ts';
import { operatorArchive } from '../images/operator/archive.ts';
import { operatorRelease } from '../operator/release.ts';
import { describeReal } from './clusters.ts';
import { controlFaults } from './faults/control.ts';
import { nodeFaults } from './faults/nodes.ts';
import { type FaultStage, type StageFault, settle, strike } from './faults/stage.ts';
import { CLOSING_MS, OPENING_MS } from './stores.ts';

const KINDS: readonly Kind[] = ['StatefulApp', 'StatefulSet'];
const FAULTS: readonly StageFault[] = [...nodeFaults(), ...controlFaults()];

interface Told extends Verdict {
  readonly title: string;
  readonly kind: Kind;
}

describeReal('databases on nodes that fail', () => {
  let cluster: RealCluster;
  let stage: FaultStage;

  beforeAll(async () => {
    const databases = await databasesImage(console.log);
    const operator = await operatorArchive(console.log);
    cluster = await startRealCluster({
      name: 'e2e-faults',
      nodes: 3,
      images: [databases.archive, operator.file],
      nodeGraceSeconds: 8,
      tolerationSeconds: 5,
      audit: true,
      progress: console.log,
    });
    const release = operatorRelease(cluster, operator);
    await release.install();
    const trials: Trial[] = [];
    for (const store of ['etcd', 'postgresql'] as const) {
      for (const as of KINDS) trials.push(await Trial.start({ cluster, image: databases.name, store, as }));
    }
    stage = { cluster, release, trials };
  }, OPENING_MS);
  afterAll(() => cluster?.stop(), CLOSING_MS);

  test('no acknowledged write is lost, no identity has two holders', async () => {
    const struck: (readonly Fault[])[] = [];
    const troubles: unknown[] = [];
    try {
      for (const fault of FAULTS) {
        await settle(stage);
        console.log(`${fault.name} …`);
        struck.push(await strike(stage, fault));
      }
    } catch (error) {
      troubles.push(error);
    }
    // All of them, also when a fault went wrong or one of them cannot be read: what is known says why.
    const finished = await Promise.allSettled(
      stage.trials.map(async (trial, at): Promise<Told> => {
        const verdict = await trial.finish(struck.flatMap((faults) => faults[at] ?? []));
        return { title: trial.title, kind: trial.kind, ...verdict };
      }),
    );
    const verdicts = finished.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    troubles.push(...finished.flatMap((end) => (end.status === 'rejected' ? [end.reason] : [])));
    for (const { title, judgement, breaches } of verdicts)
      console.log([...report(title, judgement), ...breaches].join('\n'));
    console.log(gapTable(Object.fromEntries(verdicts.map(({ title, judgement }) => [title, judgement]))));
    if (troubles.length > 0) throw new Error(troubles.map((error) => (error as Error).stack ?? error).join('\n\n'));
    const ours = verdicts.filter(({ kind }) => kind === 'StatefulApp');
    expect(ours.map(({ title, breaches }) => [title, breaches])).toEqual([
      ['etcd as a StatefulApp', []],
      ['postgresql as a StatefulApp', []],
    ]);
  }, 2_400_000);

  test('over all of that the operator asked for nothing that the chart does not grant', () => {
    const { denied, used } = usage(cluster.auditLog, stage.release.user);
    // An API server that has just started refuses what it grants a moment later: it has not read the roles yet.
    expect(denied.filter((what) => !used.includes(what))).toEqual([]);
    expect(used).toContain('delete /pods');
  });
});

// Stores side by side on the same real nodes, so that one fault hits them all in the same moment: member i of each is on node-i when
// a fault begins. Lacks the faults themselves (nodes.ts, control.ts).
import type { RealCluster } from '../../cluster/real/cluster.ts';
import { until } from '../../cluster/requests.ts';
import type { Fault } from '../../databases/journal.ts';
import type { Trial } from '../../databases/trial.ts';
import type { OperatorRelease } from '../../operator/release.ts';

/** For a member that waits for a former pod's grace period (R1), the longest of the examples', and then starts. */
export const RECOVERY_MS = 240_000;

export interface FaultStage {
  readonly cluster: RealCluster;
  readonly release: OperatorRelease;
  readonly trials: readonly Trial[];
}

export interface StageFault {
  readonly name: string;
  readonly act: (stage: FaultStage) => Promise<void>;
}

export const nodeFor = (ordinal: number) => `node-${ordinal}`;

/** Does it once, to all of them; resolves when all take writes again. One entry a trial, in their order. */
export async function strike(stage: FaultStage, { name, act }: StageFault): Promise<readonly Fault[]> {
  const acted = act(stage);
  return await Promise.all(stage.trials.map(({ writer }) => writer.during(name, () => acted, RECOVERY_MS)));
}

export async function allReady({ trials }: FaultStage): Promise<void> {
  await Promise.all(trials.map((trial) => trial.ready()));
}

/** So many writes that are acknowledged show that a store is whole. */
const QUIET = 20;

/**
 * Moves members back to their nodes, as a drain of the others would; nobody else is touched. Resolves when all stores take writes:
 * Ready alone does not say that standbys have found a primary that has just moved, and without an API server they may not.
 */
export async function settle(stage: FaultStage): Promise<void> {
  const { cluster, trials } = stage;
  const all = cluster.nodes.map(({ name }) => name);
  for (const ordinal of all.keys()) {
    const home = nodeFor(ordinal);
    const astray = async (trial: Trial) => (await trial.pod(ordinal)).node !== home;
    const away = await Promise.all(trials.map(astray));
    if (!away.includes(true)) continue;
    await cluster.kubectl('cordon', ...all.filter((name) => name !== home));
    const moved = trials.filter((_, at) => away[at]);
    await Promise.all(moved.map((trial) => trial.kubectl('delete', 'pod', trial.member(ordinal))));
    await allReady(stage);
    await cluster.kubectl('uncordon', ...all);
  }
  await Promise.all(trials.map(({ writer }) => writer.more(QUIET, RECOVERY_MS)));
}

export interface Resident {
  readonly trial: Trial;
  readonly ordinal: number;
  readonly uid: string;
}

/** Members of the stores that are on this node now. */
export async function residents({ cluster, trials }: FaultStage, node: string): Promise<readonly Resident[]> {
  const ordinals = [...cluster.nodes.keys()];
  const found = await Promise.all(
    trials.flatMap((trial) => ordinals.map(async (ordinal) => ({ trial, ordinal, ...(await trial.pod(ordinal)) }))),
  );
  return found.filter((member) => member.node === node);
}

/** Resolves when each of them has another pod, and all stores are whole. */
export async function replaced(stage: FaultStage, former: readonly Resident[]): Promise<void> {
  await Promise.all(
    former.map(async ({ trial, ordinal, uid }) => {
      const isAnother = async () => ![uid, ''].includes((await trial.pod(ordinal)).uid);
      await until(isAnother, RECOVERY_MS, () => `${trial.title}: ${trial.member(ordinal)} is not replaced.`);
    }),
  );
  await allReady(stage);
}

/** Of all containers of all members, to be compared. */
export async function restarts({ trials }: FaultStage): Promise<readonly string[]> {
  const counts = '{range .items[*]}{.metadata.name} {.status.containerStatuses[*].restartCount} {end}';
  return await Promise.all(trials.map((trial) => trial.kubectl('get', 'pods', '-o', `jsonpath=${counts}`)));
}

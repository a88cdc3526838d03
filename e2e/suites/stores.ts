// What suites of databases stand on: real nodes with the image of the databases, and the operator beside them. Lacks the stores.
import { type RealCluster, type RealClusterOptions, startRealCluster } from '../cluster/real/cluster.ts';
import { databasesImage } from '../images/databases/build.ts';
import { install } from '../operator/install.ts';
import { type OperatorProcess, startOperatorProcess } from '../operator/process.ts';

/** On a new machine programs and images are built first. */
export const OPENING_MS = 1_200_000;
export const CLOSING_MS = 120_000;

export interface StoreStage {
  readonly cluster: RealCluster;
  /** The name of the databases' image. */
  readonly image: string;
  readonly operator: OperatorProcess;
}

export async function openStores(options: Pick<RealClusterOptions, 'name' | 'nodeGraceSeconds' | 'tolerationSeconds'>) {
  const { name: image, archive } = await databasesImage(console.log);
  const cluster = await startRealCluster({ nodes: 3, images: [archive], progress: console.log, ...options });
  try {
    await install(cluster);
    return { cluster, image, operator: await startOperatorProcess(cluster) } satisfies StoreStage;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Safe when nothing has been opened. */
export async function closeStores({ operator, cluster }: Partial<StoreStage>): Promise<void> {
  await operator?.end('SIGTERM');
  await cluster?.stop();
}

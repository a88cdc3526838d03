// What the chart's suite stands on: real nodes with both images, the release, and what it asks of members again and again. Lacks
// the installation: that is what the suite is about.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RealCluster, startRealCluster } from '../../cluster/real/cluster.ts';
import { until } from '../../cluster/requests.ts';
import { databasesImage } from '../../images/databases/build.ts';
import { operatorArchive } from '../../images/operator/archive.ts';
import { type OperatorRelease, operatorRelease } from '../../operator/release.ts';
import { field } from '../probe.ts';

const WAIT_MS = 120_000;
const READY = '.status.conditions[?(@.type=="Ready")].status';

export interface ChartStage {
  readonly cluster: RealCluster;
  readonly release: OperatorRelease;
  /** Names of images that all nodes have. */
  readonly images: { readonly operator: string; readonly databases: string };
  readonly end: () => Promise<void>;
}

export async function openChartStage(): Promise<ChartStage> {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  const operator = await operatorArchive(console.log);
  const databases = await databasesImage(console.log);
  const cluster = await startRealCluster({
    name: 'chart',
    dir: join(folder, 'cluster'),
    nodes: 3,
    nodeGraceSeconds: 10,
    images: [operator.file, databases.archive],
    audit: true,
    // As Kubernetes 1.30, 1.31 and 1.33 have it: there, operators list before they watch, and need the rights for both.
    args: { 'kube-apiserver': ['--feature-gates=WatchList=false'] },
  });
  return {
    cluster,
    release: operatorRelease(cluster, operator),
    images: { operator: `${operator.image.repository}:${operator.image.tag}`, databases: databases.name },
    end: async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when the app is Ready as it is specified now. */
export async function ready({ cluster }: ChartStage, app: string): Promise<void> {
  await cluster.kubectl('wait', '--for=condition=Ready', `sapp/${app}`, `--timeout=${WAIT_MS / 1000}s`);
}

/** Of any object: "pod/web-0". Empty: there is none. */
export async function uidOf({ cluster }: ChartStage, object: string): Promise<string> {
  return await cluster.kubectl('get', object, '--ignore-not-found', '-o', 'jsonpath={.metadata.uid}');
}

/** Resolves when the member has another pod, and that is Ready. */
export async function replaced(stage: ChartStage, pod: string, former: string): Promise<void> {
  const isAnother = async () => {
    const uid = await uidOf(stage, `pod/${pod}`);
    return uid !== '' && uid !== former && (await field(stage.cluster, `pod/${pod}`, READY).catch(() => '')) === 'True';
  };
  await until(isAnother, WAIT_MS, () => `${pod} is not replaced after ${WAIT_MS / 1000} s`);
}

interface Listed {
  readonly items: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly uid: string };
    readonly status?: { readonly [statuses in Statuses]?: readonly { readonly restartCount: number }[] };
  }[];
}
type Statuses = 'initContainerStatuses' | 'containerStatuses';

/** Pods and claims of an app, each as "Pod etcd-0 <UID>, 0 restarts". */
export async function belongings({ cluster }: ChartStage, app: string): Promise<readonly string[]> {
  const selector = `statefulapp.dev/name=${app}`;
  const { items }: Listed = JSON.parse(await cluster.kubectl('get', 'pods,pvc', '-l', selector, '-o', 'json'));
  return items.map(({ kind, metadata, status = {} }) => {
    const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    const restarts = containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
    return `${kind} ${metadata.name} ${metadata.uid}, ${restarts} restarts`;
  });
}

// Pods that run the probe (e2e/cluster/go/probe), and questions about pods and nodes that tests wait on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { NodeCluster } from '../cluster/node-cluster.ts';
import type { RealCluster } from '../cluster/real/cluster.ts';
import { volumeFolder } from '../cluster/real/volumes.ts';
import { until } from '../cluster/requests.ts';

const WAIT_MS = 90_000;

export interface ProbePod {
  readonly name: string;
  readonly image: string;
  readonly node: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** A claim whose volume is at /data; the probe writes its heartbeat there. */
  readonly claim?: string;
}

export function probePod({ name, image, node, labels = {}, claim }: ProbePod): string {
  const data = claim === undefined ? [] : [{ name: 'data', mountPath: '/data' }];
  return stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': node },
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'probe',
          image,
          args: ['run', ...(claim === undefined ? [] : ['/data/beat'])],
          readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
          volumeMounts: data,
        },
      ],
      volumes: claim === undefined ? [] : [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
    },
  });
}

export function claim(name: string): string {
  const resources = { requests: { storage: '1Gi' } };
  return stringify({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources },
  });
}

/** kubectl get -o jsonpath. */
export function field(cluster: NodeCluster, object: string, path: string): Promise<string> {
  return cluster.kubectl('get', object, '-o', `jsonpath={${path}}`);
}

/** True, False or Unknown. */
export function nodeReady(cluster: NodeCluster, node: string): Promise<string> {
  return field(cluster, `node/${node}`, '.status.conditions[?(@.type=="Ready")].status');
}

export async function untilNode(cluster: NodeCluster, node: string, status: string): Promise<void> {
  const reached = async () => (await nodeReady(cluster, node)) === status;
  await until(reached, WAIT_MS, () => `${node} is not Ready=${status} after ${WAIT_MS / 1000} s.`);
}

export async function untilPodReady(cluster: NodeCluster, pod: string): Promise<void> {
  await cluster.kubectl('wait', '--for=condition=Ready', `pod/${pod}`, `--timeout=${WAIT_MS / 1000}s`);
}

/** Resolves when commands run in the pod, whose probe has a heartbeat. */
export async function untilExec(cluster: NodeCluster, pod: string): Promise<void> {
  let said = '';
  const runs = async () => {
    said = await cluster.exec({ pod }, '/probe', 'read', '/data/beat').catch((error: Error) => error.message);
    return said.startsWith(pod);
  };
  await until(runs, WAIT_MS, () => `No command runs in ${pod} after ${WAIT_MS / 1000} s: ${said}`);
}

/** Services for pods with the label probes: member: probes names each, any picks one. */
export const PROBE_SERVICES = `apiVersion: v1
kind: Service
metadata: { name: probes }
spec:
  clusterIP: None
  selector: { probes: member }
  ports: [{ port: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: any }
spec:
  selector: { probes: member }
  ports: [{ port: 80, targetPort: 8080 }]
`;

/** Reads heartbeats on this machine, past all nodes: what runs on a cut-off node can be seen too. */
export async function heartbeatOf(cluster: RealCluster, claimName: string): Promise<() => number> {
  const file = join(await volumeFolder(cluster, { claim: claimName }), 'beat');
  return () => Number(readFileSync(file, 'utf8').trim().split(' ')[1]);
}

/** Resolves when a heartbeat later than the last is seen. */
export async function untilBeats(beat: () => number): Promise<void> {
  const last = beat();
  await until(
    async () => beat() > last,
    WAIT_MS,
    () => `No heartbeat after ${last} in ${WAIT_MS / 1000} s.`,
  );
}

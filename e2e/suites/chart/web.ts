// A small app with a volume for each member, which starts and stops at once: for what is about the operator and not about a store.
import type { ChartStage } from './stage.ts';

// Garbage collection writes revisions anew, which has to change nothing in them (src/kube/body.ts).
const AWKWARD = { '10': 'a < b && c > d', '9': '' };
const PROGRAM = "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 60_000);";

/** As text for `kubectl apply -f -`; two members unless `spec` says otherwise. */
export function web({ images }: ChartStage, spec: object = {}): string {
  return JSON.stringify({
    apiVersion: 'statefulapp.dev/v1alpha1',
    kind: 'StatefulApp',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      template: {
        metadata: { annotations: AWKWARD },
        spec: {
          // Whoever goes while no operator looks is made again after this and 10 s (R1).
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              image: images.operator,
              command: ['/usr/local/bin/node', '-e', PROGRAM],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
      ...spec,
    },
  });
}

/** A merge patch of the app. */
export async function change({ cluster }: ChartStage, patch: object): Promise<void> {
  await cluster.kubectl('patch', 'sapp/web', '--type=merge', '-p', JSON.stringify(patch));
}

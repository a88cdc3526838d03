// What lives in the cluster while releases of the chart come and go: an app of three members with claims, whose pods keep to the
// restricted level of Pod Security, and whether anything of it was touched.
import type { ChartStage } from './stage.ts';

/** The release that most tests are about, and what it is called in the cluster. */
export const RELEASE = { name: 'sapp', namespace: 'operators' };
export const NAME = 'statefulapp-operator';
export const FULL_NAME = 'sapp-statefulapp-operator';
export const ACCOUNT = `system:serviceaccount:${RELEASE.namespace}:${FULL_NAME}`;
export const STORE = 'store';

const SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
export const template = {
  spec: { containers: [{ name: 'main', image: 'registry.example/store:1', securityContext: SECURITY }] },
};
const volumeClaimTemplates = [
  { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
];

/** A manifest. */
export function app(spec: object = {}, name = 'web', namespace = STORE): string {
  return JSON.stringify({
    apiVersion: 'statefulapp.dev/v1alpha1',
    kind: 'StatefulApp',
    metadata: { name, namespace },
    spec: { replicas: 3, template, volumeClaimTemplates, ...spec },
  });
}

export async function ready(stage: ChartStage, name = 'web', namespace = STORE): Promise<void> {
  await stage.cluster.kubectl('-n', namespace, 'wait', '--for=condition=Ready', `sapp/${name}`, '--timeout=60s');
}

/** Everything of the app `web`, by UID, and whether any of it, or its spec, was written since. */
export async function everything({ cluster }: ChartStage): Promise<string> {
  const line = '{.kind}/{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\\n"}';
  const kinds = 'pods,pvc,controllerrevisions,services';
  const ours = ['-l', 'statefulapp.dev/name=web', '-o', `jsonpath={range .items[*]}${line}{end}`];
  const made = await cluster.kubectl('-n', STORE, 'get', kinds, ...ours);
  // Its status may be written, and with it its resourceVersion.
  const own = ['-o', 'jsonpath={.metadata.uid} {.metadata.generation}'];
  return made + (await cluster.kubectl('-n', STORE, 'get', 'sapp', 'web', ...own));
}

interface Crd {
  readonly spec: { readonly versions: readonly [{ readonly additionalPrinterColumns: readonly object[] }] };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

export async function crd({ cluster }: ChartStage): Promise<Crd> {
  return JSON.parse(await cluster.kubectl('get', 'crd', 'statefulapps.statefulapp.dev', '-o', 'json'));
}

// What a cluster's DNS server would be given to answer from, where there is none to ask: a member's name leads to the
// pods with that hostname and subdomain, if the headless Service named by the subdomain publishes them. That shows what the
// operator is answerable for. Lacks DNS itself: nobody here has resolved a name.
//
// Which pods a Service publishes: staging/src/k8s.io/endpointslice/utils.go (ShouldPodBeInEndpoints, podToEndpoint).
import type { KubeObject } from '../../src/kube/objects.ts';
import { isReady, type Pod, ZONE } from './view.ts';

export interface Service extends KubeObject {
  readonly spec?: {
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly selector?: Readonly<Record<string, string>>;
  };
}

/** All of one namespace. */
export interface Published {
  readonly namespace: string;
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
}

/** Several addresses are joined by commas; null: the name has none. */
export function addressOf({ namespace, pods, services }: Published, name: string): string | null {
  const suffix = `.${namespace}.${ZONE}`;
  const [hostname, subdomain, ...more] = name.slice(0, -suffix.length).split('.');
  const service = services.find(({ metadata }) => metadata.name === subdomain);
  if (!name.endsWith(suffix) || more.length > 0 || service?.spec?.clusterIP !== 'None') return null;
  const addresses = pods
    .filter(({ spec }) => spec?.hostname === hostname && spec?.subdomain === subdomain)
    .filter((pod) => publishes(service, pod))
    .flatMap(({ status }) => status?.podIP ?? []);
  return addresses.length === 0 ? null : addresses.sort().join(',');
}

function publishes({ spec }: Service, pod: Pod): boolean {
  const selector = Object.entries(spec?.selector ?? {});
  const labels = new Map(Object.entries(pod.metadata.labels ?? {}));
  const selected = selector.length > 0 && selector.every(([key, value]) => labels.get(key) === value);
  const { phase } = pod.status ?? {};
  if (!selected || phase === 'Succeeded' || phase === 'Failed') return false;
  return spec?.publishNotReadyAddresses === true || (isReady(pod) && pod.metadata.deletionTimestamp === undefined);
}

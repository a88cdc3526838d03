// What the API server says at one moment, and where names lead, and what can be read out of it: the facts about one member, and
// what is still missing until members are well. Pure. Reads the raw objects on its own: what the operator makes is
// checked here, so none of the operator's reading is used.
import type { Member, StatefulAppStatus } from '../../src/api/status.ts';
import type { KubeObject } from '../../src/kube/objects.ts';

export interface Pod extends KubeObject {
  readonly spec?: {
    readonly hostname?: string;
    readonly subdomain?: string;
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
export interface Claim extends KubeObject {
  readonly spec?: { readonly volumeName?: string };
  readonly status?: { readonly phase?: string };
}
export interface App extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly serviceName?: string };
  readonly status?: StatefulAppStatus;
}

/** One namespace, by name. */
export interface View {
  readonly app: App | undefined;
  readonly pods: ReadonlyMap<string, Pod>;
  readonly claims: ReadonlyMap<string, Claim>;
  /** The last answer for each name; null: there is no such name; absent: not asked yet, or no answer. */
  readonly addresses: ReadonlyMap<string, string | null>;
}

export const ZONE = 'svc.cluster.local';

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

export function memberOf({ app }: View, ordinal: number): Member | undefined {
  return app?.status?.members?.find((member) => member.ordinal === ordinal);
}

export function podName({ app }: View, ordinal: number): string {
  return `${app?.metadata.name ?? ''}-${ordinal}`;
}

/** Where a member of the app is to be found, whether it runs or not. */
export function dnsName(view: View, ordinal: number): string {
  const { name = '', namespace = '' } = view.app?.metadata ?? {};
  return `${podName(view, ordinal)}.${view.app?.spec?.serviceName ?? name}.${namespace}.${ZONE}`;
}

export interface ClaimFacts {
  readonly name: string;
  readonly uid: string;
  readonly volume: string;
  readonly phase: string;
}

/** Who a member is. All but the pod's UID and its address must survive the pod. */
export interface Facts {
  readonly pod: string;
  readonly podUid: string;
  readonly dnsName: string;
  readonly address: string;
  readonly resolved: string;
  readonly revision: string;
  readonly claims: readonly ClaimFacts[];
}

/** Undefined when there is no such pod. */
export function factsOf(view: View, ordinal: number): Facts | undefined {
  const pod = view.pods.get(podName(view, ordinal));
  if (pod === undefined) return undefined;
  const { name, uid, namespace = '', labels = {} } = pod.metadata;
  const host = [pod.spec?.hostname, pod.spec?.subdomain, namespace, ZONE].join('.');
  const mounted = (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
  return {
    pod: name,
    podUid: uid,
    dnsName: host,
    address: pod.status?.podIP ?? '',
    resolved: view.addresses.get(host) ?? '',
    revision: labels['controller-revision-hash'] ?? '',
    claims: mounted.map((claim) => claimFacts(view, claim)),
  };
}

export function claimFacts({ claims }: View, name: string): ClaimFacts {
  const claim = claims.get(name);
  return {
    name,
    uid: claim?.metadata.uid ?? '',
    volume: claim?.spec?.volumeName ?? '',
    phase: claim?.status?.phase ?? 'missing',
  };
}

/** What keeps the app from being done, in a sentence; undefined when these ordinals, and only they, are well. */
export function missing(view: View, ordinals: readonly number[]): string | undefined {
  const { app } = view;
  if (app === undefined) return 'the app to exist';
  for (const ordinal of ordinals) {
    const lack = missingOf(view, ordinal);
    if (lack !== undefined) return lack;
  }
  const wanted = new Set(ordinals.map((ordinal) => podName(view, ordinal)));
  for (const name of view.pods.keys()) if (!wanted.has(name)) return `pod ${name} to be gone`;
  if (app.status?.observedGeneration !== app.metadata.generation) return 'the operator to see the current spec';
  if (app.status?.replicas !== ordinals.length) return `status.replicas to be ${ordinals.length}`;
  const ready = app.status.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? undefined : `the app to be Ready (it says: ${ready?.message ?? 'nothing'})`;
}

function missingOf(view: View, ordinal: number): string | undefined {
  const facts = factsOf(view, ordinal);
  const name = podName(view, ordinal);
  const pod = view.pods.get(name);
  if (facts === undefined || pod === undefined) return `pod ${name} to exist`;
  if (!isReady(pod) || pod.metadata.deletionTimestamp !== undefined) return `pod ${name} to be Ready`;
  const unbound = facts.claims.find(({ phase }) => phase !== 'Bound');
  if (unbound !== undefined) return `claim ${unbound.name} to be Bound (it is ${unbound.phase})`;
  const member = memberOf(view, ordinal);
  if (member?.podUID !== facts.podUid || member.state !== 'Available') {
    return `status.members to say that ${name} is Available (it says ${member?.state ?? 'nothing'})`;
  }
  if (facts.resolved === facts.address) return undefined;
  return `${facts.dnsName} to resolve to ${facts.address} (it leads to ${facts.resolved || 'nothing'})`;
}

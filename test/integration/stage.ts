// What the operator's integration tests stand on: one cluster with real controllers, the operator as a real process beside
// them, and a namespace per test whose objects are followed by watches. Everything is awaited by events.

import { Resolver } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { type Cluster, type ClusterOptions, startCluster } from '../../e2e/cluster/cluster.ts';
import { PLAY } from '../../e2e/cluster/plays.ts';
import { install } from '../../e2e/operator/install.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import type { WatchEvent } from '../../src/kube/known-objects.ts';
import type { KubeObject, KubeObjectInput } from '../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { type Watch, watchResource } from '../../src/kube/watch.ts';
import { APPS } from '../../src/operator/resources.ts';
import { operatorRequests } from './audit.ts';
import { overruns } from './budget.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  /** A namespace that nobody has used yet. */
  namespace(labels?: Readonly<Record<string, string>>): Promise<Scene>;
  /**
   * Ends all, and rejects when an operator took away more members of some app than that allows (budget.ts): no test has to
   * ask for that. Operators should have ended before.
   */
  end(): Promise<void>;
}

export async function openStage(options: Omit<ClusterOptions, 'audit'>): Promise<Stage> {
  const cluster = await startCluster({ ...options, audit: true });
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const transport = createTransport({ kubeConfig: config });
  const client = createClient(transport, { clock: systemClock });
  await install(cluster);
  const scenes = new Map<string, Scene>();
  const watches: Watch[] = [];
  const kinds = Object.keys(FOLLOWED) as Kind[];
  const follow = (kind: Kind) =>
    new Promise<void>((synced) => {
      const event = (told: WatchEvent) => scenes.get(placeOf(told.object))?.hear(kind, told);
      const on = { synced, event, progress: () => undefined, error: () => undefined };
      watches.push(watchResource({ transport, clock: systemClock, random: Math.random, resource: FOLLOWED[kind], on }));
    });
  await Promise.all(kinds.map(follow));
  return {
    cluster,
    client,
    async namespace(labels = {}) {
      const scene = new Scene({ cluster, client }, `test-${scenes.size + 1}`);
      scenes.set(scene.name, scene);
      await client.create(RESOURCES.namespaces, { metadata: { name: scene.name, labels } });
      return scene;
    },
    async end() {
      const ours = deletedByOperators(cluster.auditLog);
      for (const watch of watches) watch.stop();
      await transport.close();
      await cluster.stop();
      const found = [...scenes.values()].flatMap((scene) => overrunsIn(scene, ours));
      if (found.length > 0) throw new Error(`more members were away than their app allows:\n${found.join('\n')}`);
    },
  };
}

/** A volume is where the claim is that it is for. */
function placeOf(object: KubeObject): string {
  const { claimRef } = (object['spec'] ?? {}) as { readonly claimRef?: { readonly namespace?: string } };
  return object.metadata.namespace ?? claimRef?.namespace ?? '';
}

/** UIDs of pods. */
function deletedByOperators(auditLog: string | undefined): ReadonlySet<string> {
  const deletions = operatorRequests(auditLog).filter(
    ({ verb, resource, code }) => verb === 'delete' && resource === 'pods' && code < 300,
  );
  return new Set(deletions.map(({ body }) => body?.preconditions?.uid ?? ''));
}

function overrunsIn({ name, history }: Scene, ours: ReadonlySet<string>): readonly string[] {
  const apps = new Set(history.flatMap(({ kind, object }) => (kind === 'apps' ? [object.metadata.name] : [])));
  const isOurs = (uid: string) => ours.has(uid);
  return [...apps].flatMap((app) => overruns({ history, app, isOurs }).map((what) => `${name}, ${app}: ${what}`));
}

/** One thing that happened to an object, in the order in which the API server told it for this kind. */
export interface Happening {
  readonly kind: Kind;
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: KubeObject;
}
/** One thing that happened to a pod. */
export interface PodEvent {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly pod: KubeObject;
  /** When it was heard of, on the monotonic scale. */
  readonly atMs: number;
}

const FOLLOWED = {
  pods: RESOURCES.pods,
  claims: RESOURCES.persistentvolumeclaims,
  volumes: RESOURCES.persistentvolumes,
  services: RESOURCES.services,
  revisions: RESOURCES.controllerrevisions,
  events: RESOURCES.events,
  sets: RESOURCES.statefulsets,
  apps: APPS,
} as const;
type Kind = keyof typeof FOLLOWED;

/** One namespace: what is in it, and all that has happened in it. */
export class Scene {
  readonly name: string;
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly podEvents: PodEvent[] = [];
  readonly history: Happening[] = [];
  /** UIDs of pods that a test deleted by `deletePod`: those that are not here were deleted by the operator. */
  readonly deletedByHand = new Set<string>();
  readonly #objects: Record<Kind, Map<string, KubeObject>> = {
    pods: new Map(),
    claims: new Map(),
    volumes: new Map(),
    services: new Map(),
    revisions: new Map(),
    events: new Map(),
    sets: new Map(),
    apps: new Map(),
  };
  readonly #checks = new Set<() => void>();
  #witnesses = 0;

  constructor({ cluster, client }: Pick<Stage, 'cluster' | 'client'>, name: string) {
    this.cluster = cluster;
    this.client = client;
    this.name = name;
  }

  hear(kind: Kind, { type, object }: WatchEvent): void {
    if (type === 'deleted') this.#objects[kind].delete(object.metadata.name);
    else this.#objects[kind].set(object.metadata.name, object);
    this.history.push({ kind, type, object });
    if (kind === 'pods') this.podEvents.push({ type, pod: object, atMs: systemClock.monotonic() });
    for (const check of this.#checks) check();
  }

  pod(name: string): KubeObject | undefined {
    return this.#objects.pods.get(name);
  }
  pods(): readonly KubeObject[] {
    return [...this.#objects.pods.values()];
  }
  podNames(): readonly string[] {
    return [...this.#objects.pods.keys()].sort();
  }
  claim(name: string): KubeObject | undefined {
    return this.#objects.claims.get(name);
  }
  claims(): readonly KubeObject[] {
    return [...this.#objects.claims.values()];
  }
  /** A PersistentVolume that is for a claim of this namespace. */
  volume(name: string): KubeObject | undefined {
    return this.#objects.volumes.get(name);
  }
  /** UID by name: an identity that must not change. */
  uids(kind: 'pods' | 'claims'): Readonly<Record<string, string>> {
    const entries = [...this.#objects[kind].values()].map(({ metadata }) => [metadata.name, metadata.uid] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  service(name: string): KubeObject | undefined {
    return this.#objects.services.get(name);
  }
  revisions(): readonly KubeObject[] {
    return [...this.#objects.revisions.values()];
  }
  events(): readonly KubeObject[] {
    return [...this.#objects.events.values()];
  }
  /** A StatefulSet: what the operator is compared with. */
  set(name: string): App | undefined {
    return this.#objects.sets.get(name) as App | undefined;
  }
  app(name: string): App | undefined {
    return this.#objects.apps.get(name) as App | undefined;
  }

  /** Creations of this kind, in order; of this one name, if given. */
  made(kind: Kind, name?: string): readonly KubeObject[] {
    return this.#told('added', kind, name);
  }
  /** Ends of objects of this kind, in order; of this one name, if given. */
  gone(kind: Kind, name?: string): readonly KubeObject[] {
    return this.#told('deleted', kind, name);
  }
  #told(type: Happening['type'], kind: Kind, name: string | undefined): readonly KubeObject[] {
    const fits = (one: Happening) =>
      one.type === type && one.kind === kind && (name === undefined || one.object.metadata.name === name);
    return this.history.filter(fits).map(({ object }) => object);
  }

  /** The first state of this object (a UID) that passes, from its whole history. */
  firstState(uid: string, test: (object: KubeObject) => boolean): KubeObject | undefined {
    return this.history.find(({ object }) => object.metadata.uid === uid && test(object))?.object;
  }

  /** Resolves once the watches have told of this state: what is awaited after it is not what was there before it. */
  told(kind: Kind, { metadata }: KubeObject): Promise<unknown> {
    const { uid, resourceVersion } = metadata;
    const isIt = ({ object }: Happening) =>
      object.metadata.uid === uid && object.metadata.resourceVersion === resourceVersion;
    return this.until(`${metadata.name} at ${resourceVersion}`, () =>
      this.history.some((one) => one.kind === kind && isIt(one)),
    );
  }

  /** Calls back now and at every event; the result ends that. */
  listen(hear: () => void): () => void {
    this.#checks.add(hear);
    hear();
    return () => this.#checks.delete(hear);
  }

  /** Resolves with what `read` gives once that is neither undefined nor false; looks again at every event. */
  until<Found>(what: string, read: () => Found | undefined | false, seconds = 60): Promise<Found> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = read();
        if (found === undefined || found === false) return;
        finish();
        resolve(found);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`${this.name}: waited ${seconds} s for ${what}; there is ${this.summary()}`));
      }, seconds * 1000);
      const finish = () => {
        clearTimeout(timer);
        this.#checks.delete(check);
      };
      this.#checks.add(check);
      check();
    });
  }

  summary(): string {
    const pods = this.pods().map((pod) => `${pod.metadata.name} ${phaseOf(pod)}${isReady(pod) ? ' ready' : ''}`);
    const apps = [...this.#objects.apps.values()].map((app) => JSON.stringify((app as App).status ?? {}));
    const claims = this.history
      .filter(({ kind, type }) => kind === 'claims' && type !== 'modified')
      .map(({ type, object }) => `${object.metadata.name} ${object.metadata.uid} ${type}`);
    return `pods: ${pods.join(', ') || 'none'}; claims so far: ${claims.join(', ') || 'none'}; apps: ${apps.join(' ') || 'none'}`;
  }

  create(resource: ApiResource, object: KubeObjectInput): Promise<KubeObject> {
    const metadata = { ...object.metadata, namespace: this.name };
    return this.client.create(resource, { ...object, metadata });
  }

  patch(resource: ApiResource, name: string, body: object): Promise<KubeObject> {
    return this.client.patch(resource, { namespace: this.name, name }, { type: 'merge', body });
  }

  /** Changes the spec of an app; resolves once the operator has taken note. */
  async edit(name: string, spec: object): Promise<App> {
    const { metadata } = await this.patch(APPS, name, { spec });
    const generation = metadata.generation ?? 0;
    return this.until(`${name} to be seen at generation ${generation}`, () => {
      const app = this.app(name);
      return (app?.status?.observedGeneration ?? 0) >= generation && app;
    });
  }

  /** Has a running pod play something (e2e/cluster/plays.ts); null: runs well again. */
  play(pod: string, what: string | null): Promise<KubeObject> {
    return this.patch(RESOURCES.pods, pod, { metadata: { annotations: { [PLAY]: what } } });
  }

  /** What `kubectl delete pod` sends. */
  async deletePod(name: string): Promise<void> {
    this.deletedByHand.add(this.pod(name)?.metadata.uid ?? '');
    await this.cluster.kubectl('delete', 'pod', name, '-n', this.name, '--wait=false');
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.cluster.kubectl('-n', this.name, ...args);
  }

  /** Creates an app and resolves once it is Ready. */
  async start(object: KubeObjectInput, seconds = 60): Promise<App> {
    await this.create(APPS, object);
    return this.ready(object.metadata.name ?? '', seconds);
  }

  /** Resolves once all wanted members are available, the status says so, and the watches have told of all that it names. */
  ready(name: string, seconds = 60): Promise<App> {
    return this.until(
      `${name} to be Ready`,
      () => {
        const app = this.app(name);
        return (
          condition(app, 'Ready')?.status === 'True' &&
          app?.status?.observedGeneration === app?.metadata.generation &&
          this.#shows(app?.status?.members ?? []) &&
          app
        );
      },
      seconds,
    );
  }

  /** Kinds are told apart from each other: one may be a while behind another on a busy machine. */
  #shows(members: readonly MemberStatus[]): boolean {
    return members
      .filter(({ state }) => state === 'Available')
      .every(
        ({ pod = '', podUID, claims = [] }) =>
          this.pod(pod)?.metadata.uid === podUID &&
          claims.every(({ name, uid }) => this.claim(name)?.metadata.uid === uid),
      );
  }

  /** Resolves with the condition once it has this reason. */
  reason(app: string, type: string, reason: string, seconds = 60): Promise<Condition> {
    return this.until(
      `condition ${type} of ${app} with reason ${reason}`,
      () => {
        const found = condition(this.app(app), type);
        return found?.reason === reason && found;
      },
      seconds,
    );
  }

  /** Resolves with the ledger's entry once it passes. */
  member(app: string, ordinal: number, test: (entry: MemberStatus) => boolean, seconds = 60): Promise<MemberStatus> {
    const entry = () => this.app(app)?.status?.members?.find((one) => one.ordinal === ordinal);
    const read = () => {
      const found = entry();
      return found !== undefined && test(found) && found;
    };
    return this.until(`member ${ordinal} of ${app}`, read, seconds);
  }

  /**
   * For showing that something does not happen: the operator is told of the app once more, and afterwards another app of
   * the same operator comes up, loses its pod and has it back. What had to be done for the first app is done by then.
   */
  async twoRounds(app: string): Promise<void> {
    this.#witnesses += 1;
    const name = `witness-${this.#witnesses}`;
    await this.patch(APPS, app, { metadata: { annotations: { 'test/look-again': name } } });
    await this.start(witness(name));
    const before = this.pod(`${name}-0`)?.metadata.uid;
    await this.deletePod(`${name}-0`);
    await this.until(
      `${name}-0 to be replaced`,
      () => isReady(this.pod(`${name}-0`)) && this.pod(`${name}-0`)?.metadata.uid !== before,
    );
  }
}

const witness = (name: string): KubeObjectInput =>
  app({ name, claims: [], spec: { replicas: 1 }, podSpec: { terminationGracePeriodSeconds: 1 } });

/** When it was written, on a scale that all kinds of objects share: the revision of the API server's store. */
export const version = (object: KubeObject | undefined): number =>
  Number(object?.metadata.resourceVersion ?? Number.NaN);

/** In seconds, as the API server's own clock has it. */
export const madeAt = (object: KubeObject | undefined): number =>
  Date.parse(object?.metadata.creationTimestamp ?? '') / 1000;

/** Resolves once the cluster's DNS answers so; asked again until then, since no watch tells of it. */
export async function resolves(cluster: Cluster, name: string, expected: readonly string[]): Promise<void> {
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${cluster.dnsPort}`]);
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await resolver.resolve4(name).catch((error: NodeJS.ErrnoException) => [error.code ?? 'error']);
    if (found.sort().join() === [...expected].sort().join()) return;
    if (performance.now() > deadline) throw new Error(`${name} is ${found.join()} and not ${expected.join()}`);
    await sleep(50);
  }
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}
export interface MemberStatus {
  readonly ordinal: number;
  readonly state: string;
  readonly message?: string;
  readonly revision?: string;
  readonly reason?: string;
  readonly failures?: number;
  readonly pod?: string;
  readonly podUID?: string;
  readonly claims?: readonly MemberClaim[];
}
export interface MemberClaim {
  readonly name: string;
  readonly uid?: string;
  readonly volume?: string;
  readonly disk?: string;
  readonly accepted?: string;
  readonly resize?: string;
  readonly unmounted?: boolean;
}
export type App = KubeObject & {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly members?: readonly MemberStatus[];
    readonly [field: string]: unknown;
  };
};

export function condition(app: App | undefined, type: string): Condition | undefined {
  return app?.status?.conditions?.find((one) => one.type === type);
}

interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly reason?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly lastTransitionTime?: string;
  }[];
}
export const statusOf = (pod: KubeObject | undefined): PodStatus => (pod?.['status'] ?? {}) as PodStatus;
export const phaseOf = (pod: KubeObject | undefined): string => statusOf(pod).phase ?? '';
/** When the pod became what it is as to Ready, in seconds. */
export const readyChangedAt = (pod: KubeObject | undefined): number =>
  Date.parse(statusOf(pod).conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '') / 1000;
export const isReady = (pod: KubeObject | undefined): boolean =>
  statusOf(pod).conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

export interface AppOptions {
  readonly name?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly podSpec?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly claims?: readonly string[];
}

/** A StatefulApp called web, as a user would write it. */
export function app({
  name = 'web',
  spec = {},
  podSpec = {},
  annotations = {},
  claims = ['data'],
}: AppOptions = {}): KubeObjectInput {
  return {
    apiVersion: 'statefulapp.dev/v1alpha1',
    kind: 'StatefulApp',
    metadata: { name },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [{ name: 'main', image: 'pause', ports: [{ containerPort: 80, name: 'http' }] }],
          ...podSpec,
        },
      },
      volumeClaimTemplates: claims.map((claim) => ({
        metadata: { name: claim },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      })),
      ...spec,
    },
  };
}

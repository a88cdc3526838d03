// What the operator's integration tests stand on: one cluster with real controllers, the operator as a real process beside
// them, and a namespace per test whose objects are followed by watches. Everything is awaited by events.

import { KubeConfig } from '@kubernetes/client-node';
import { type Cluster, type ClusterOptions, startCluster } from '../../e2e/cluster/cluster.ts';
import { install } from '../../e2e/operator/process.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, KubeObjectInput } from '../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { type Watch, watchResource } from '../../src/kube/watch.ts';
import { APPS } from '../../src/operator/resources.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly transport: Transport;
  namespace(): Promise<Scene>;
  end(): Promise<void>;
}

export async function openStage(options: ClusterOptions): Promise<Stage> {
  const cluster = await startCluster(options);
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const transport = createTransport({ kubeConfig: config });
  const client = createClient(transport, { clock: systemClock });
  await install(cluster);
  const scenes: Scene[] = [];
  let count = 0;
  return {
    cluster,
    client,
    transport,
    async namespace() {
      count += 1;
      const scene = new Scene({ cluster, client, transport }, `test-${count}`);
      await client.create(RESOURCES.namespaces, { metadata: { name: scene.name } });
      scenes.push(scene);
      await scene.open();
      return scene;
    },
    async end() {
      for (const scene of scenes) scene.close();
      await transport.close();
      await cluster.stop();
    },
  };
}

/** One thing that happened to a pod, in the order in which the API server told it. */
export interface PodEvent {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly pod: KubeObject;
}

type Place = Pick<Stage, 'cluster' | 'client' | 'transport'>;
const FOLLOWED = { pods: RESOURCES.pods, claims: RESOURCES.persistentvolumeclaims, apps: APPS } as const;

/** One namespace. */
export class Scene {
  readonly name: string;
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly podEvents: PodEvent[] = [];
  readonly #transport: Transport;
  readonly #objects: Record<keyof typeof FOLLOWED, Map<string, KubeObject>> = {
    pods: new Map(),
    claims: new Map(),
    apps: new Map(),
  };
  readonly #watches: Watch[] = [];
  readonly #checks = new Set<() => void>();

  constructor({ cluster, client, transport }: Place, name: string) {
    this.cluster = cluster;
    this.client = client;
    this.name = name;
    this.#transport = transport;
  }

  async open(): Promise<void> {
    const kinds = Object.keys(FOLLOWED) as (keyof typeof FOLLOWED)[];
    await Promise.all(kinds.map((kind) => new Promise<void>((resolve) => this.#follow(kind, resolve))));
  }

  close(): void {
    for (const watch of this.#watches) watch.stop();
  }

  #follow(kind: keyof typeof FOLLOWED, synced: () => void): void {
    const watch = watchResource({
      transport: this.#transport,
      clock: systemClock,
      random: Math.random,
      resource: FOLLOWED[kind],
      namespace: this.name,
      on: {
        synced,
        progress: () => undefined,
        error: () => undefined,
        event: (event) => {
          const { name } = event.object.metadata;
          if (event.type === 'deleted') this.#objects[kind].delete(name);
          else this.#objects[kind].set(name, event.object);
          if (kind === 'pods') this.podEvents.push({ type: event.type, pod: event.object });
          for (const check of this.#checks) check();
        },
      },
    });
    this.#watches.push(watch);
  }

  pod(name: string): KubeObject | undefined {
    return this.#objects.pods.get(name);
  }
  pods(): readonly KubeObject[] {
    return [...this.#objects.pods.values()];
  }
  claim(name: string): KubeObject | undefined {
    return this.#objects.claims.get(name);
  }
  claims(): readonly KubeObject[] {
    return [...this.#objects.claims.values()];
  }
  app(name: string): App | undefined {
    return this.#objects.apps.get(name) as App | undefined;
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
        reject(new Error(`waited ${seconds} s for ${what}; there is ${this.summary()}`));
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
    return `pods: ${pods.join(', ') || 'none'}; apps: ${apps.join(' ') || 'none'}`;
  }

  create(resource: ApiResource, object: KubeObjectInput): Promise<KubeObject> {
    const metadata = { ...object.metadata, namespace: this.name };
    return this.client.create(resource, { ...object, metadata });
  }

  patch(resource: ApiResource, name: string, body: object): Promise<KubeObject> {
    return this.client.patch(resource, { namespace: this.name, name }, { type: 'merge', body });
  }

  /** What `kubectl delete pod` sends. */
  async deletePod(name: string): Promise<void> {
    await this.cluster.kubectl('delete', 'pod', name, '-n', this.name, '--wait=false');
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.cluster.kubectl('-n', this.name, ...args);
  }

  /** Resolves once all wanted members are available and the status says so. */
  ready(name: string, seconds = 60): Promise<App> {
    return this.until(
      `${name} to be Ready`,
      () => {
        const app = this.app(name);
        return (
          condition(app, 'Ready')?.status === 'True' &&
          app?.status?.observedGeneration === app?.metadata.generation &&
          app
        );
      },
      seconds,
    );
  }

  /** Resolves with the condition once it has this reason. */
  reason(app: string, type: string, reason: string): Promise<Condition> {
    return this.until(`condition ${type} of ${app} with reason ${reason}`, () => {
      const found = condition(this.app(app), type);
      return found?.reason === reason && found;
    });
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

type PodStatus = { phase?: string; podIP?: string; conditions?: readonly { type: string; status: string }[] };
export const statusOf = (pod: KubeObject | undefined): PodStatus => (pod?.['status'] ?? {}) as PodStatus;
export const phaseOf = (pod: KubeObject | undefined): string => statusOf(pod).phase ?? '';
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

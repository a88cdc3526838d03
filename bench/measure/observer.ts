// What happens, by watches of our own, and when it was heard of: the clock of all benchmarks. One watch of pods for the whole
// run; apps are followed only where a case asks for them, since their statuses are large and reading them takes processor time
// from what is measured. Remembers of a pod only what a case asks.
import type { KubeObject } from '../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { type Watch, watchResource } from '../../src/kube/watch.ts';
import { Scene } from './scene.ts';

export class Observer {
  readonly #transport: Transport;
  readonly #scenes = new Map<string, Scene>();
  #pods: Watch | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Resolves once the first list was told. */
  start(): Promise<void> {
    const tell = (type: 'added' | 'modified' | 'deleted', object: KubeObject) =>
      this.#scenes.get(object.metadata.namespace ?? '')?.hear(type, object as KubeObject & PodFacts);
    return this.#follow(RESOURCES.pods, factsOf, { tell, started: (watch) => (this.#pods = watch) });
  }

  scene(namespace: string): Scene {
    const scene = new Scene(namespace);
    this.#scenes.set(namespace, scene);
    return scene;
  }

  forget({ namespace }: Scene): void {
    this.#scenes.delete(namespace);
  }

  /** Every state of these objects as it is heard; resolves, with what ends it, once the first list was told. */
  async follow(resource: ApiResource, hear: (object: KubeObject) => void): Promise<() => void> {
    let watch: Watch | undefined;
    const tell = (type: string, object: KubeObject) => type !== 'deleted' && hear(object);
    await this.#follow(resource, (object) => object, { tell, started: (one) => (watch = one) });
    return () => watch?.stop();
  }

  stop(): void {
    this.#pods?.stop();
  }

  #follow(resource: ApiResource, keep: (object: KubeObject) => KubeObject, how: Following): Promise<void> {
    return new Promise((synced) => {
      const on = {
        synced,
        event: ({ type, object }: { readonly type: 'added' | 'modified' | 'deleted'; readonly object: KubeObject }) =>
          how.tell(type, object),
        progress: () => undefined,
        error: () => undefined,
      };
      how.started(
        watchResource({ transport: this.#transport, clock: systemClock, random: Math.random, resource, keep, on }),
      );
    });
  }
}

interface Following {
  readonly tell: (type: 'added' | 'modified' | 'deleted', object: KubeObject) => unknown;
  readonly started: (watch: Watch) => unknown;
}

export interface PodFacts {
  /** Ready, and not being deleted. */
  readonly isReady: boolean;
  readonly image: string;
  readonly app: string;
}

interface RawPod extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function factsOf(object: KubeObject): KubeObject & PodFacts {
  const { metadata, spec, status } = object as RawPod;
  const { name, namespace = '', uid, resourceVersion, deletionTimestamp } = metadata;
  const isReady =
    deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true;
  const kept = { name, namespace, uid, resourceVersion };
  return { metadata: kept, isReady, image: spec.containers[0]?.image ?? '', app: metadata.labels?.['app'] ?? '' };
}

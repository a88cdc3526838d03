// One namespace while a case runs in it: how many pods are there and Ready, and since when, counted as events come in, so that
// a question costs the same whether there are three pods or ten thousand.
import type { KubeObject } from '../../src/kube/objects.ts';
import type { PodFacts } from './observer.ts';

export type Change = 'added' | 'modified' | 'deleted';

export interface PodEvent {
  readonly type: Change;
  readonly name: string;
  readonly uid: string;
  readonly app: string;
  readonly isReady: boolean;
  /** On the scale of performance.now(). */
  readonly atMs: number;
}

type Pod = KubeObject & PodFacts;

export class Scene {
  readonly namespace: string;
  readonly #pods = new Map<string, Pod>();
  readonly #ready = new Map<string, number>();
  readonly #images = new Map<string, number>();
  readonly #listeners = new Set<(event: PodEvent) => void>();
  #readyTotal = 0;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  hear(type: Change, pod: Pod): void {
    const { name, uid } = pod.metadata;
    this.#count(this.#pods.get(name), -1);
    if (type === 'deleted') this.#pods.delete(name);
    else {
      this.#pods.set(name, pod);
      this.#count(pod, 1);
    }
    const event: PodEvent = { type, name, uid, app: pod.app, isReady: pod.isReady, atMs: performance.now() };
    for (const listen of this.#listeners) listen(event);
  }

  get pods(): number {
    return this.#pods.size;
  }

  get ready(): number {
    return this.#readyTotal;
  }

  readyOf(app: string): number {
    return this.#ready.get(app) ?? 0;
  }

  /** Ready pods whose first container has this image. */
  readyWith(image: string): number {
    return this.#images.get(image) ?? 0;
  }

  uid(pod: string): string | undefined {
    return this.#pods.get(pod)?.metadata.uid;
  }

  /** Hears every event from now on; the result ends that. */
  listen(hear: (event: PodEvent) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** Resolves, with the time, once `reached` says yes; asked now and at every event. Rejects when nothing has happened for so long. */
  until(what: string, reached: () => boolean, silenceSeconds = 120): Promise<number> {
    return new Promise((resolve, reject) => {
      if (reached()) return resolve(performance.now());
      const fail = () => {
        stop();
        reject(
          new Error(
            `${this.namespace}: no pod has changed for ${silenceSeconds} s while waiting for ${what}; there are ${this.pods} pods, ${this.ready} of them Ready.`,
          ),
        );
      };
      let timer = setTimeout(fail, silenceSeconds * 1000);
      let heardAt = performance.now();
      const stop = this.listen(({ atMs }) => {
        if (atMs - heardAt > 1_000) {
          clearTimeout(timer);
          timer = setTimeout(fail, silenceSeconds * 1000);
          heardAt = atMs;
        }
        if (!reached()) return;
        clearTimeout(timer);
        stop();
        resolve(atMs);
      });
    });
  }

  #count(pod: Pod | undefined, by: number): void {
    if (pod?.isReady !== true) return;
    this.#readyTotal += by;
    this.#ready.set(pod.app, (this.#ready.get(pod.app) ?? 0) + by);
    this.#images.set(pod.image, (this.#images.get(pod.image) ?? 0) + by);
  }
}

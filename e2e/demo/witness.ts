// Sees what happens in one namespace, independently of the operator: its own watches of apps, pods and claims at the
// API server, its own questions for addresses. A class, because the state lives here: what is true now, and the history of
// pods. Lacks any judgement (history.ts, copies.ts).

import type { WatchEvent } from '../../src/kube/known-objects.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { type Watch, watchResource } from '../../src/kube/watch.ts';
import { APPS } from '../../src/operator/resources.ts';
import type { PodEvent } from './history.ts';
import { ordinalOf, rowsOf } from './table.ts';
import { type App, type Claim, dnsName, isReady, type Pod, type View } from './view.ts';

/** Where members are to be found. Calls the `changed` that it was made with when an answer is another one. */
export interface AddressBook {
  /** See View.addresses. Several addresses of one name are joined by commas. */
  readonly answers: ReadonlyMap<string, string | null>;
  /** Names to ask for, each with the answer that is expected: no address is null. */
  want(wanted: ReadonlyMap<string, string | null>): void;
  stop(): void;
}

export interface WitnessOptions {
  readonly transport: Transport;
  readonly addresses: (changed: () => void) => AddressBook;
  readonly namespace: string;
  readonly app: string;
}

/** The deadline passed; the message says what was waited for. */
export class NotSeen extends Error {}

export class Witness {
  readonly history: PodEvent[] = [];
  /** What is true now, whenever it is looked at. */
  readonly view: View;
  readonly #options: WitnessOptions;
  readonly #watches: readonly Watch[];
  readonly #addresses: AddressBook;
  readonly #listeners = new Set<() => void>();
  readonly #pods = new Map<string, Pod>();
  readonly #claims = new Map<string, Claim>();
  readonly #troubles = new Map<string, string>();
  #app: App | undefined;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#addresses = options.addresses(() => this.#tell());
    const app = () => this.#app;
    this.view = {
      get app() {
        return app();
      },
      pods: this.#pods,
      claims: this.#claims,
      addresses: this.#addresses.answers,
    };
    this.#watches = [
      this.#watch(APPS, ({ type, object }) => {
        if (object.metadata.name === options.app) this.#app = type === 'deleted' ? undefined : (object as App);
      }),
      this.#watch(RESOURCES.pods, (event) => this.#podHappened(event)),
      this.#watch(RESOURCES.persistentvolumeclaims, ({ type, object }) => {
        if (type === 'deleted') this.#claims.delete(object.metadata.name);
        else this.#claims.set(object.metadata.name, object as Claim);
      }),
    ];
  }

  /** Called after each change; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until `lack` finds nothing missing any more. Rejects with NotSeen, or when `ended` does. */
  async until(lack: () => string | undefined, limits: { deadlineMs: number; ended: Promise<never> }): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let stopListening = () => {};
    const seen = new Promise<void>((resolve, reject) => {
      const look = () => {
        if (lack() === undefined) resolve();
      };
      stopListening = this.onChange(look);
      timer = setTimeout(() => reject(new NotSeen(this.#notSeen(lack(), limits.deadlineMs))), limits.deadlineMs);
      look();
    });
    try {
      await Promise.race([seen, limits.ended]);
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  /** The watches have told what there is. */
  async synced(limits: { deadlineMs: number; ended: Promise<never> }): Promise<void> {
    const waiting = () => (this.#watches.every(({ hasSynced }) => hasSynced) ? undefined : 'the watches to begin');
    await this.until(waiting, limits);
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
    this.#addresses.stop();
  }

  #watch(resource: ApiResource, happened: (event: WatchEvent) => void): Watch {
    const { transport, namespace } = this.#options;
    return watchResource({
      transport,
      namespace,
      resource,
      clock: systemClock,
      random: Math.random,
      userAgent: 'statefulapp-demo',
      on: {
        event: (event) => {
          happened(event);
          this.#askNames();
          this.#tell();
        },
        synced: () => this.#tell(),
        progress: () => this.#troubles.delete(resource.plural),
        error: (error) => this.#troubles.set(resource.plural, error.message),
      },
    });
  }

  #podHappened({ type, object }: WatchEvent): void {
    const pod = object as Pod;
    const { name, uid, deletionTimestamp } = pod.metadata;
    if (type === 'deleted') this.#pods.delete(name);
    else this.#pods.set(name, pod);
    const ordinal = ordinalOf(name, `${this.#options.app}-`);
    if (ordinal === undefined) return;
    this.history.push({
      type: type === 'added' ? 'created' : type === 'modified' ? 'changed' : 'gone',
      ordinal,
      pod: name,
      uid,
      phase: pod.status?.phase ?? 'Pending',
      ready: isReady(pod),
      terminating: deletionTimestamp !== undefined,
    });
  }

  #askNames(): void {
    const { view } = this;
    if (view.app === undefined) return;
    const expected = rowsOf(view).map(({ ordinal }): [string, string | null] => {
      const pod = view.pods.get(`${this.#options.app}-${ordinal}`);
      return [dnsName(view, ordinal), pod?.status?.phase === 'Running' ? (pod.status.podIP ?? null) : null];
    });
    this.#addresses.want(new Map(expected));
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #notSeen(lack: string | undefined, deadlineMs: number): string {
    const troubles = [...this.#troubles].map(([plural, message]) => `\nThe watch of ${plural}: ${message}`);
    return `waited ${deadlineMs / 1000} s for ${lack ?? 'nothing'}.${troubles.join('')}`;
  }
}

// Where the members of a store are, as the API server tells: what a Service would send clients to. Follows pods by a watch, of a
// StatefulApp and of a StatefulSet alike. A class, because the state lives here.
import type { KubeObject } from '../../src/kube/objects.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { type Watch, watchResource } from '../../src/kube/watch.ts';
import type { Addresses } from './store.ts';

export interface MembersOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly app: string;
}

interface Member {
  readonly uid: string;
  readonly address: string;
  readonly isReady: boolean;
}

interface PodStatus {
  readonly podIP?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

export class Members {
  readonly #watch: Watch;
  readonly #members = new Map<number, Member>();
  /** Every pod that ever was Ready, by ordinal: each of them had an identity witness beside it. */
  readonly pods = new Map<number, Set<string>>();

  private constructor(watch: (members: Members) => Watch) {
    this.#watch = watch(this);
  }

  /** Resolves when the members of now are known. */
  static async follow({ transport, namespace, app }: MembersOptions): Promise<Members> {
    return await new Promise((resolve) => {
      const members: Members = new Members((self) =>
        watchResource({
          transport,
          namespace,
          resource: RESOURCES.pods,
          clock: systemClock,
          random: Math.random,
          on: {
            event: ({ type, object }) => self.#hear(app, type === 'deleted', object),
            synced: () => queueMicrotask(() => resolve(members)),
            progress: () => undefined,
            error: () => undefined,
          },
        }),
      );
    });
  }

  /** Of a store whose members all take writes: those that are Ready, or all when none is. */
  readonly all: Addresses = () => {
    const members = [...this.#members.values()].filter(({ address }) => address !== '');
    const ready = members.filter(({ isReady }) => isReady);
    return (ready.length > 0 ? ready : members).map(({ address }) => address);
  };

  /** Of a store with one member that takes writes. */
  readonly first: Addresses = () => {
    const address = this.#members.get(0)?.address ?? '';
    return address === '' ? [] : [address];
  };

  /** Its volume goes, and with it what the witnesses of its former pods wrote. */
  forget(ordinal: number): void {
    this.pods.delete(ordinal);
  }

  stop(): void {
    this.#watch.stop();
  }

  #hear(app: string, isGone: boolean, pod: KubeObject): void {
    const { metadata } = pod;
    const ordinal = new RegExp(`^${app}-(\\d+)$`).exec(metadata.name)?.[1];
    if (ordinal === undefined) return;
    const { podIP = '' } = statusOf(pod);
    const known = this.#members.get(Number(ordinal));
    if (isGone) {
      if (known?.uid === metadata.uid) this.#members.delete(Number(ordinal));
      return;
    }
    const isReady = hasReady(pod);
    this.#members.set(Number(ordinal), { uid: metadata.uid, address: podIP, isReady });
    const pods = this.pods.get(Number(ordinal)) ?? new Set();
    if (isReady) this.pods.set(Number(ordinal), pods.add(metadata.uid));
  }
}

const statusOf = ({ status }: KubeObject) => (status ?? {}) as PodStatus;
export const hasReady = (pod: KubeObject): boolean =>
  (statusOf(pod).conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** It is Ready, and is to stay. */
export const isReadyPod = (pod: KubeObject): boolean => hasReady(pod) && pod.metadata.deletionTimestamp === undefined;

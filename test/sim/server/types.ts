// The vocabulary of the API server in memory: what is asked, what is answered, what is stored. Behaviour is server.ts's.

import type { ObjectMeta, OwnerReference } from '../../../src/kube/objects.ts';

export type Raw = Readonly<Record<string, unknown>>;

export type Meta = ObjectMeta;
export type Owner = OwnerReference;

/** Frozen; each write makes a new one. */
export type Stored = Raw & { readonly apiVersion: string; readonly kind: string; readonly metadata: Meta };

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'apply' | 'delete';

/** One request, taken apart. */
export interface Call {
  /** Who asks: 'operator-1', 'kubelet node-a', 'user' … For whoever listens to commits, and for access rules. */
  readonly actor: string;
  readonly verb: Verb;
  readonly plural: string;
  /** '' for the core group. */
  readonly group: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  /** As sent; undefined when nothing was. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Change {
  /** The resourceVersion of this change: one sequence for all resources. */
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly plural: string;
  /** As it is now; of a deleted object, as it was last, with the deletion's resourceVersion. */
  readonly object: Stored;
  readonly before: Stored | undefined;
  readonly actor: string;
  /** The call that did it; undefined when it followed from another one (a last finalizer taken off). */
  readonly call: Call | undefined;
}

/** A watch, told up to some version. The caller decides when it is told more. */
export interface WatchCursor {
  /** Lines (each one event in JSON, with its line feed) that this watch may be told now, at most `limit` of them. */
  pull(limit?: number): readonly string[];
  /** Whether `pull` would give anything. */
  readonly hasNews: boolean;
  /** A failure has been told: nothing comes any more, and the server closes the connection. */
  readonly isOver: boolean;
  /** A bookmark at the version up to which this watch has been told everything; undefined when bookmarks were not asked for. */
  bookmark(): string | undefined;
  /** Seconds after which the server ends the watch, as asked for. */
  readonly timeoutSeconds: number;
  readonly plural: string;
}

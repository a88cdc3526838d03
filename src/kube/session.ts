/**
 * What all calls of one client share: its connection, who may refuse its writes, and who counts its requests.
 *
 * Lacks on purpose: state. A session is frozen options.
 */
import type { Clock } from './clock.ts';
import { KubeError } from './errors.ts';
import { type Answer, type Call, type Connection, exchange } from './exchange.ts';
import type { ApiResource } from './resources.ts';
import type { Lane } from './transport.ts';

export type WriteVerb = 'create' | 'update' | 'patch' | 'apply' | 'delete';
export type Verb = 'get' | 'list' | WriteVerb;

/** What is about to be written, for whoever may refuse it. */
export interface WriteDescription {
  readonly verb: WriteVerb;
  readonly resource: ApiResource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly dryRun: boolean;
}

export interface Observation {
  readonly verb: Verb;
  readonly resource: ApiResource;
  /** The HTTP status as text, or the KubeError's code when no answer came. */
  readonly code: string;
  readonly durationMs: number;
}

export interface ClientOptions {
  readonly clock: Clock;
  readonly userAgent?: string | undefined;
  /** Ends all calls, now and later. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Throws to refuse a write; the call then rejects with what it threw. Called at least once per write, the last time
   * synchronously before its first byte leaves, so it must be cheap and may be called again.
   */
  readonly beforeWrite?: ((write: WriteDescription) => void) | undefined;
  readonly metrics?: ((observation: Observation) => void) | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default 30 s. */
  readonly timeoutMs?: number | undefined;
}

export interface NamedRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Session {
  readonly connection: Connection;
  readonly options: ClientOptions;
}

export const DEFAULT_USER_AGENT = 'statefulapp-operator';

/** A Lease renewal that queues behind other requests comes too late. */
export function laneOf(resource: ApiResource): Lane {
  return resource.group === 'coordination.k8s.io' ? 'lease' : 'request';
}

export async function callServer(
  session: Session,
  resource: ApiResource,
  call: Call & { verb: Verb },
): Promise<Answer> {
  return await observed(session, { verb: call.verb, resource }, () => exchange(session.connection, call));
}

/** Reports how long `work` took and how it ended. A refusal by `beforeWrite` is no request, so it is not reported. */
export async function observed<T extends { readonly status: number }>(
  { options: { metrics, clock } }: Session,
  what: { readonly verb: Verb; readonly resource: ApiResource },
  work: () => Promise<T>,
): Promise<T> {
  const start = clock.monotonic();
  const report = (code: string) => metrics?.({ ...what, code, durationMs: clock.monotonic() - start });
  try {
    const answer = await work();
    report(String(answer.status));
    return answer;
  } catch (error) {
    if (error instanceof KubeError) report(error.status === undefined ? error.code : String(error.status));
    throw error;
  }
}

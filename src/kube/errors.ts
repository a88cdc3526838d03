/**
 * Everything that can go wrong between us and the API server, as one closed set.
 *
 * Promise: a KubeError says what was tried, on which object, and why it failed, in the server's own words where there
 * are any; and whether a write may have been applied all the same.
 * Lacks on purpose: retry advice (the queue decides) and what a refusal means (quota, Pod Security and webhooks differ
 * only in `reason` and text, which are passed on raw).
 */

export type KubeErrorCode =
  | 'BadRequest' //       400, and every other 4xx that has no code of its own
  | 'Unauthorized' //     401
  | 'Forbidden' //        403: RBAC, quota, Pod Security, most admission
  | 'NotFound' //         404, of whatever: the object, its namespace, its kind
  | 'AlreadyExists' //    409, reason AlreadyExists
  | 'Conflict' //         409, all others
  | 'Gone' //             410, or reason Expired: this resourceVersion or continue token is history
  | 'Invalid' //          422
  | 'TooManyRequests' //  429
  | 'ServerError' //      500 and every other 5xx
  | 'Unavailable' //      503
  | 'Timeout' //          408, 504, or our own limit
  | 'Network' //          no connection, or one that broke
  | 'Aborted' //          the caller's signal
  | 'Protocol'; //        an answer that cannot be understood

export interface ObjectRef {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export interface StatusCause {
  /** `reason` in the JSON; CauseType in Go. */
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface KubeErrorInit {
  readonly code: KubeErrorCode;
  /** What was being done: get, list, watch, create, update, patch, apply, delete. */
  readonly verb: string;
  readonly object: ObjectRef;
  /** Why, in words that can follow "cannot get Pod default/a: ". */
  readonly why: string;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly serverMessage?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly causes?: readonly StatusCause[] | undefined;
  /** The Status object's `details`, raw. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly outcomeUnknown?: boolean | undefined;
  readonly cause?: unknown;
}

export class KubeError extends Error {
  readonly code: KubeErrorCode;
  readonly verb: string;
  readonly object: ObjectRef;
  readonly why: string;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly serverMessage: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly StatusCause[];
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** True when this was a write and it may have been, or may still be, applied. */
  readonly outcomeUnknown: boolean;

  constructor(init: KubeErrorInit) {
    super(
      `cannot ${init.verb} ${describeObject(init.object)}: ${init.why}`,
      init.cause === undefined ? {} : { cause: init.cause },
    );
    this.name = 'KubeError';
    this.code = init.code;
    this.verb = init.verb;
    this.object = init.object;
    this.why = init.why;
    this.status = init.status;
    this.reason = init.reason;
    this.serverMessage = init.serverMessage;
    this.retryAfterMs = init.retryAfterMs;
    this.causes = init.causes ?? [];
    this.details = init.details;
    this.outcomeUnknown = init.outcomeUnknown ?? false;
  }
}

export function describeObject({ kind, namespace, name }: ObjectRef): string {
  const where = [namespace, name].filter((part) => part !== undefined && part !== '').join('/');
  return where === '' ? kind : `${kind} ${where}`;
}

/** What was being done, for whoever makes the error. */
export interface Attempt {
  readonly verb: string;
  readonly object: ObjectRef;
  readonly mutating: boolean;
}

/** The same failure told about another attempt: a transport knows a path, its caller an object. */
export function retold(error: KubeError, { verb, object, mutating }: Attempt): KubeError {
  return new KubeError({
    code: error.code,
    verb,
    object,
    why: error.why,
    status: error.status,
    reason: error.reason,
    serverMessage: error.serverMessage,
    retryAfterMs: error.retryAfterMs,
    causes: error.causes,
    details: error.details,
    outcomeUnknown: mutating && error.outcomeUnknown,
    cause: error.cause ?? error,
  });
}

export function explain(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const text = cause.message === '' ? (code ?? cause.name) : cause.message;
  return code === undefined || text.includes(code) ? text : `${text} (${code})`;
}

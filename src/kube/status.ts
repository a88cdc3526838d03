/**
 * From a failing answer, or a watch's ERROR event, to a KubeError: what the API server's Status object means.
 *
 * Promise: every answer maps to exactly one code, whatever its body; a proxy's HTML page too.
 * Lacks on purpose: any judgement of what to do about it.
 */
import { type Attempt, KubeError, type KubeErrorCode, type StatusCause } from './errors.ts';
import { isRecord } from './objects.ts';

/** The error for an answer that is a failure. `text` is its body. */
export function answerError(
  attempt: Attempt,
  status: number,
  answer: { text: string; retryAfter?: string | undefined },
) {
  return statusError(attempt, status, { body: parseOrUndefined(answer.text), ...answer });
}

/** The error for a watch's ERROR event, whose object is a Status. */
export function eventError(attempt: Attempt, object: unknown): KubeError {
  const code = isRecord(object) && typeof object['code'] === 'number' ? object['code'] : 500;
  return statusError(attempt, code, { body: object, text: JSON.stringify(object) ?? '' });
}

function statusError(
  { verb, object, mutating }: Attempt,
  status: number,
  answer: { body: unknown; text: string; retryAfter?: string | undefined },
): KubeError {
  const body = isRecord(answer.body) && answer.body['kind'] === 'Status' ? answer.body : {};
  const details = isRecord(body['details']) ? body['details'] : undefined;
  const reason = textOf(body['reason']);
  const serverMessage = textOf(body['message']);
  return new KubeError({
    code: codeOf(status, reason),
    verb,
    object,
    why: serverMessage ?? `the server answered ${status} ${JSON.stringify(answer.text.slice(0, 200))}`,
    status,
    reason,
    serverMessage,
    retryAfterMs: retryAfterMs(answer.retryAfter, details),
    causes: causesOf(details),
    details,
    // A 5xx may come from a proxy or an etcd client that gave up waiting, not from the store itself.
    outcomeUnknown: mutating && (status >= 500 || status === 408),
  });
}

function codeOf(status: number, reason: string | undefined): KubeErrorCode {
  if (reason === 'Expired' || reason === 'Gone') return 'Gone';
  switch (status) {
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 408:
    case 504:
      return 'Timeout';
    case 409:
      return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
    case 410:
      return 'Gone';
    case 422:
      return 'Invalid';
    case 429:
      return 'TooManyRequests';
    case 503:
      return 'Unavailable';
    default:
      // ServerTimeout is a 500 or a 504 depending on who says it (apimachinery pkg/api/errors, NewServerTimeout).
      if (reason === 'ServerTimeout') return 'Timeout';
      if (status >= 400 && status < 500) return 'BadRequest';
      // A 1xx, 3xx or odd 2xx is no API server's answer to these requests.
      return status >= 500 ? 'ServerError' : 'Protocol';
  }
}

/** Retry-After in whole seconds; the HTTP-date form is not used by API servers. details.retryAfterSeconds says the same. */
function retryAfterMs(header: string | undefined, details: Readonly<Record<string, unknown>> | undefined) {
  if (header !== undefined && /^[0-9]{1,6}$/.test(header.trim())) return Number(header) * 1000;
  const seconds = details?.['retryAfterSeconds'];
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}

function causesOf(details: Readonly<Record<string, unknown>> | undefined): readonly StatusCause[] {
  const causes = details?.['causes'];
  return Array.isArray(causes) ? causes.filter(isRecord) : [];
}

/**
 * The server does not have this resourceVersion yet: it lags behind another one, or etcd was restored (apiserver
 * pkg/storage/errors.go, NewTooLargeResourceVersionError).
 */
export function isTooLargeResourceVersion(error: KubeError): boolean {
  return (
    error.causes.some((cause) => cause.reason === 'ResourceVersionTooLarge') ||
    (error.code === 'Timeout' && /^Too large resource version/i.test(error.serverMessage ?? ''))
  );
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

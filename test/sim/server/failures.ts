// The API server's refusals, in its words. Matches Kubernetes apimachinery pkg/api/errors/errors.go.
import type { Kind } from './kinds.ts';
import type { Answer, Raw } from './types.ts';

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export function failure(status: number, reason: string, message: string, details?: Raw): Answer {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code: status,
  };
  const seconds = details?.['retryAfterSeconds'];
  return typeof seconds === 'number' && seconds > 0
    ? { status, body, headers: { 'retry-after': String(seconds) } }
    : { status, body };
}

const qualified = (kind: Kind) => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`);

/** `details.kind` is the plural, as the server has it in most places. */
export function detailsOf(kind: Kind, name: string): Raw {
  return { ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: Kind, name: string): Answer {
  return failure(404, 'NotFound', `${qualified(kind)} "${name}" not found`, detailsOf(kind, name));
}

/** What an unknown path is told: no name, so nobody can take it for an absent object. */
export function unknownPath(): Answer {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(kind: Kind, name: string): Answer {
  return failure(409, 'AlreadyExists', `${qualified(kind)} "${name}" already exists`, detailsOf(kind, name));
}

export function conflict(kind: Kind, name: string, why: string): Answer {
  const message = `Operation cannot be fulfilled on ${qualified(kind)} "${name}": ${why}`;
  return failure(409, 'Conflict', message, detailsOf(kind, name));
}

export function forbidden(kind: Kind, name: string, why: string, causes?: readonly Cause[]): Answer {
  const message =
    name === '' ? `${qualified(kind)} is forbidden: ${why}` : `${qualified(kind)} "${name}" is forbidden: ${why}`;
  return failure(403, 'Forbidden', message, { ...detailsOf(kind, name), ...(causes ? { causes } : {}) });
}

/** `details.kind` is the kind here, not the plural (errors.go, NewInvalid). */
export function invalid(kind: Kind, name: string, causes: readonly Cause[]): Answer {
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  const qualifiedKind = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const details = { ...detailsOf(kind, name), kind: kind.kind, causes };
  return failure(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${text}`, details);
}

export function badRequest(message: string): Answer {
  return failure(400, 'BadRequest', message);
}

export function expired(message: string): Answer {
  return failure(410, 'Expired', message);
}

export const fault = (field: string, message: string, reason = 'FieldValueInvalid'): Cause => ({
  reason,
  message,
  field,
});

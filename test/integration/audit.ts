// The API server's audit log: who asked for what. The evidence for what the operator did and did not do.

import { readFileSync } from 'node:fs';
import { OPERATOR_USER } from '../../e2e/operator/install.ts';

export interface AuditEntry {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly code: number;
  readonly atMs: number;
  /** Only for deletes. */
  readonly body:
    | {
        readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
        readonly gracePeriodSeconds?: number;
      }
    | undefined;
}

interface RawEntry {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly requestObject?: AuditEntry['body'];
}

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** Requests that were answered completely, oldest first, of the operator's users (whose names begin with its name). */
export function operatorRequests(path: string | undefined): readonly AuditEntry[] {
  if (path === undefined) throw new Error('this cluster was started without an audit log');
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes(OPERATOR_USER) && line.endsWith('}'))
    .map((line): RawEntry => JSON.parse(line))
    .filter(({ stage, user }) => stage === 'ResponseComplete' && user.username.startsWith(OPERATOR_USER))
    .map((raw) => ({
      user: raw.user.username,
      verb: raw.verb,
      resource: raw.objectRef?.resource ?? '',
      subresource: raw.objectRef?.subresource,
      namespace: raw.objectRef?.namespace,
      name: raw.objectRef?.name,
      code: raw.responseStatus?.code ?? 0,
      atMs: Date.parse(raw.requestReceivedTimestamp),
      body: raw.requestObject,
    }));
}

export const isWrite = ({ verb }: AuditEntry): boolean => WRITES.includes(verb);
export const isRenewal = ({ resource }: AuditEntry): boolean => resource === 'leases';

/** "create pods", "patch statefulapps/status" … -> how many. */
export function tally(entries: readonly AuditEntry[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { verb, resource, subresource } of entries) {
    const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

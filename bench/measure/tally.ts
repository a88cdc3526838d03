// What one side asked of the API server, from the lines of its audit log: pure. Watches and renewals of Leases are no work on an
// app, so they are left out; Events are counted apart, since they may be dropped; so are dry runs, which change nothing.

export interface AuditEntry {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly isDryRun: boolean;
  readonly code: number;
  readonly atMs: number;
}

export interface Tally {
  /** Creates, updates, patches and deletes, whatever their outcome. */
  readonly writes: number;
  readonly reads: number;
  readonly lists: number;
  readonly dryRuns: number;
  readonly events: number;
  /** Writes that were answered 409. */
  readonly conflicts: number;
  /** "create pods", "patch statefulapps/status" … -> how many; Events and dry runs as well. */
  readonly by: Readonly<Record<string, number>>;
}

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const CONFLICT = 409;

interface RawEntry {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
}

/** Undefined for what is no answered request of one of these users. */
export function readEntry(line: string, users: readonly string[]): AuditEntry | undefined {
  if (!users.some((user) => line.includes(`"username":"${user}"`))) return undefined;
  const {
    stage,
    verb,
    requestURI,
    user,
    objectRef = {},
    responseStatus,
    requestReceivedTimestamp,
  }: RawEntry = JSON.parse(line);
  if (stage !== 'ResponseComplete' || !users.includes(user.username)) return undefined;
  return {
    user: user.username,
    verb,
    resource: objectRef.resource ?? '',
    subresource: objectRef.subresource ?? '',
    namespace: objectRef.namespace ?? '',
    name: objectRef.name ?? '',
    isDryRun: requestURI.includes('dryRun='),
    code: responseStatus?.code ?? 0,
    atMs: Date.parse(requestReceivedTimestamp),
  };
}

/** Whether it is work on objects: no watch, no leader election, no discovery. */
export function isWork({ verb, resource }: AuditEntry): boolean {
  return verb !== 'watch' && resource !== '' && resource !== 'leases';
}

export const isEvent = ({ resource }: AuditEntry): boolean => resource === 'events';
export const isWrite = (entry: AuditEntry): boolean =>
  WRITES.includes(entry.verb) && isWork(entry) && !isEvent(entry) && !entry.isDryRun;

export function tallyOf(entries: readonly AuditEntry[]): Tally {
  const work = entries.filter(isWork);
  const count = (test: (entry: AuditEntry) => boolean) => work.filter(test).length;
  const by: Record<string, number> = {};
  for (const { verb, resource, subresource, isDryRun } of work) {
    const what = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}${isDryRun ? ' (dry run)' : ''}`;
    by[what] = (by[what] ?? 0) + 1;
  }
  return {
    writes: count(isWrite),
    reads: count(({ verb }) => verb === 'get'),
    lists: count(({ verb }) => verb === 'list'),
    dryRuns: count(({ isDryRun }) => isDryRun),
    events: count(isEvent),
    conflicts: count((entry) => isWrite(entry) && entry.code === CONFLICT),
    by,
  };
}

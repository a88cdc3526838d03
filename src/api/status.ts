// The shape of a StatefulApp's status, what of it the API server is told, and how it is read: leniently. Status is written by this operator, an older or a
// newer one, or restored by a backup tool, so reading never fails: a mistyped part counts as absent, an unknown field
// is kept, unless it is nested so deep that it could not be written again (safety.md R4, R13). Lacks any judgement of
// what the ledger says.
import { z } from 'zod';
import { isTooDeep } from './depth.ts';
import { MAX_REPLICAS } from './names.ts';
import { type Fields, isFields } from './nulls.ts';
import { type DeepReadonly, natural } from './scalars.ts';

/**
 * One claim in the ledger; without `uid` it is yet to be made. `volume` is the PersistentVolume's name, absent until first
 * Bound, and `disk` a fingerprint of what is behind it (volumes/volume-view.ts), absent where volumes may not be read.
 * `accepted`: the UID in a request to accept its loss that has been carried out. `resize` tells of a growth that is under
 * way or refused. `unmounted`: no claim template of the app names it any more.
 */
const memberClaim = z.looseObject({
  name: z.string(),
  uid: z.string().optional(),
  volume: z.string().optional(),
  disk: z.string().optional(),
  accepted: z.string().optional(),
  resize: z.string().optional(),
  unmounted: z.boolean().optional(),
});

/**
 * One entry of the identity ledger, about 300 bytes. Times are RFC 3339. `graceSeconds` stands there when its pod may take
 * another time to stop than its revision's template says. `updateTo`: the hash of the revision for which its pod was taken
 * away, until the next one is there. `kept`: it is not wanted any more, and went under a policy that keeps its claims.
 */
const member = z.looseObject({
  ordinal: natural(),
  pod: z.string().optional(),
  podUID: z.string().optional(),
  node: z.string().optional(),
  graceSeconds: natural().optional(),
  revision: z.string().optional(),
  updateTo: z.string().optional(),
  state: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  since: z.string().optional(),
  restarts: z.int().optional(),
  failures: z.int().optional(),
  failedAt: z.string().optional(),
  complete: z.boolean().optional(),
  kept: z.boolean().optional(),
  claims: z.array(memberClaim).optional(),
});

/** As meta/v1 Condition; only `type` and `status` are required. */
const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  observedGeneration: z.int().optional(),
  lastTransitionTime: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

/** Unique by type, so that others can apply one of theirs beside ours; each is one field in metadata.managedFields. */
const BY_TYPE = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] };
const conditions = z.array(condition);

/** All members that an app may want, and as many that it wants no more; their size bounds them earlier (plan/room.ts). */
const MAX_ENTRIES = 2 * MAX_REPLICAS;

const members = z.array(member).max(MAX_ENTRIES);

export const statusSchema = z.looseObject({
  observedGeneration: z.int().optional(),
  replicas: z.int().optional(),
  readyReplicas: z.int().optional(),
  availableReplicas: z.int().optional(),
  currentReplicas: z.int().optional(),
  updatedReplicas: z.int().optional(),
  terminatingReplicas: z.int().optional(),
  currentRevision: z.string().optional(),
  updateRevision: z.string().optional(),
  updateRevisionSince: z.string().optional(),
  failedRevision: z.string().optional(),
  collisionCount: z.int().optional(),
  selector: z.string().optional(),
  appUID: z.string().optional(),
  conditions: conditions.optional(),
  members: members.optional(),
});

/**
 * What the CRD says of it. Only conditions, since server-side apply goes by their types: each field that is declared makes each
 * write of the status dearer for the API server, and reading trusts none of it anyway (docs/adr/0015). Lists of what is
 * not declared are atomic there: for a map by ordinal metadata.managedFields would name every field of every member, 190 bytes
 * each (seen), and etcd takes 1.5 MiB an object.
 */
export const declaredStatus = z
  .looseObject({
    conditions: z
      .array(z.looseObject({ type: z.string() }).meta({ 'x-kubernetes-map-type': 'atomic' }))
      .meta(BY_TYPE)
      .optional()
      .describe('Ready, Reconciling and Stalled as kstatus reads them, Available, Progressing, AsSpecified.'),
  })
  .describe(
    'What the operator sees and does: conditions; counts (replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas, ' +
      'terminatingReplicas); currentRevision, updateRevision, failedRevision; and members, the ledger, with for each ordinal: pod, node, ' +
      'revision, state, what it waits for (reason, message), since when, restarts, and its claims with their volumes.',
  );

export type MemberClaim = DeepReadonly<z.output<typeof memberClaim>>;
export type Member = DeepReadonly<z.output<typeof member>>;
export type Condition = DeepReadonly<z.output<typeof condition>>;
export type StatefulAppStatus = DeepReadonly<z.output<typeof statusSchema>>;

/** Lists inside status: what one item is, and which field names it (of two members of one ordinal the first stays). */
const LISTS: { readonly [field: string]: { readonly item: z.ZodObject; readonly key: string } } = {
  members: { item: member, key: 'ordinal' },
  conditions: { item: condition, key: 'type' },
  claims: { item: memberClaim, key: 'name' },
};

function readList(value: unknown, field: string): readonly Fields[] | undefined {
  const list = Object.hasOwn(LISTS, field) ? LISTS[field] : undefined;
  if (!list || !Array.isArray(value)) return undefined;
  const items = value.flatMap((one): Fields[] => {
    const whole = list.item.safeParse(one).success && !isTooDeep(one);
    const item = whole ? (one as Fields) : readFields(one, list.item);
    return item ? [item] : [];
  });
  const seen = new Set<unknown>();
  return items.filter((item) => !seen.has(item[list.key]) && seen.add(item[list.key])).slice(0, MAX_ENTRIES);
}

/** Keeps what is well typed or unknown to us; undefined when a required field is missing or mistyped. */
function readFields(value: unknown, schema: z.ZodObject): Fields | undefined {
  if (!isFields(value)) return undefined;
  const kept = Object.entries(value).flatMap(([name, given]): [string, unknown][] => {
    const field = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
    if (!field) return isTooDeep(given) ? [] : [[name, given]];
    if (Object.hasOwn(LISTS, name)) {
      const list = readList(given, name);
      return list ? [[name, list]] : [];
    }
    return z.safeParse(field, given).success ? [[name, given]] : [];
  });
  const fields = Object.fromEntries(kept);
  const required = Object.keys(schema.shape).filter((name) => !schema.shape[name]?.safeParse(undefined).success);
  return required.every((name) => Object.hasOwn(fields, name)) ? fields : undefined;
}

/**
 * Reads a status; never throws. Mistyped parts are dropped, list items without their key too, unknown fields of the
 * status, its members, claims and conditions are carried through untouched. A ledger whose `appUID` is another app's
 * must be treated as lost by the caller.
 */
export function parseStatus(value: unknown): StatefulAppStatus {
  return (readFields(value, statusSchema) ?? {}) as StatefulAppStatus;
}

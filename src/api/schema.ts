// The one place where a StatefulApp's shape is put together, and how the operator reads one: parseApp. The shapes are
// in spec.ts and status.ts, the types are inferred from them. Reading never throws, since the API server may hold
// objects stored before a rule existed or by a newer operator. Lacks the CRD (crd.ts).
import { z } from 'zod';
import * as rules from './app-rules.ts';
import { isTooDeep, MAX_LEVELS } from './depth.ts';
import { API_VERSION, KIND, LABEL } from './names.ts';
import { type Fields, isFields, withoutNulls } from './nulls.ts';
import { problemsOf } from './problems.ts';
import { ruled } from './rule.ts';
import type { DeepReadonly } from './scalars.ts';
import { type StatefulAppSpec, specSchema, type WrittenSpec } from './spec.ts';
import { declaredStatus, parseStatus, type StatefulAppStatus } from './status.ts';

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.int().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const shape = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata,
  spec: specSchema,
});
const RULES = [rules.nameIsLabel, rules.podNamesFit, rules.ledgerFits, rules.serviceNameUsable, rules.ownLabelIsName];
const FIXED = [rules.serviceNameFixed, rules.selectorFixed];

/** What parseApp reads; status is read on its own, leniently. */
const readSchema = ruled(shape, RULES);

/** The whole object as users write it: what the CRD is generated from. */
export const appSchema = ruled(shape.extend({ status: declaredStatus.optional() }), RULES, FIXED);

export type ObjectMeta = DeepReadonly<z.output<typeof metadata>>;

/** A StatefulApp that this operator understands: every default filled in, status read leniently. */
export interface StatefulApp {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: ObjectMeta;
  readonly spec: StatefulAppSpec;
  readonly status?: StatefulAppStatus;
}

/** `problems` are "path: sentence", at least one. */
type Parsed<App> =
  | { readonly ok: true; readonly app: App }
  | { readonly ok: false; readonly problems: readonly string[] };
export type ParsedApp = Parsed<StatefulApp>;
export type ParsedSpec = Parsed<Omit<StatefulApp, 'status'>>;

type WrittenApp = { readonly metadata: ObjectMeta; readonly spec: WrittenSpec };

/**
 * A template as written: zod copies and drops keys named `__proto__`. Nulls go only where code reads (labels and
 * annotations), so that a field declared some day changes no template's hash (safety.md R13).
 */
function asWritten(template: Fields, cleaned: Fields): Fields {
  return template['metadata'] === cleaned['metadata'] ? template : { ...cleaned, spec: template['spec'] };
}

function complete(app: WrittenApp, raw: Fields, cleaned: Fields): StatefulAppSpec {
  const { name } = app.metadata;
  const claims = (raw['volumeClaimTemplates'] ?? []) as readonly Fields[];
  const cleanedClaims = (cleaned['volumeClaimTemplates'] ?? []) as readonly Fields[];
  return {
    ...app.spec,
    selector: app.spec.selector ?? { matchLabels: { [LABEL.app]: name } },
    serviceName: app.spec.serviceName || name,
    template: asWritten(raw['template'] as Fields, cleaned['template'] as Fields) as StatefulAppSpec['template'],
    volumeClaimTemplates: claims.map((claim, index) =>
      asWritten(claim, cleanedClaims[index] ?? claim),
    ) as unknown as StatefulAppSpec['volumeClaimTemplates'],
  };
}

const TOO_DEEP = `spec: nested more than ${MAX_LEVELS} levels deep, which no pod or claim needs; most likely a generator went wrong: remove what is nested so deep`;

/**
 * Reads what the API server holds; never throws. A value or a field of the spec that this operator does not know (it
 * may be newer) is a problem, and the app must then be left untouched (safety.md R13). Unknown fields inside the
 * templates are carried through as written. Costs no copy of the templates.
 */
export function parseApp(object: unknown): ParsedApp {
  const parsed = parseSpec(object);
  if (!parsed.ok || !isFields(object) || !('status' in object)) return parsed;
  return { ok: true, app: { ...parsed.app, status: parseStatus(object['status']) } };
}

/** The same for all but the status: most events of an app are its status alone. */
export function parseSpec(object: unknown): ParsedSpec {
  if (!isFields(object)) return { ok: false, problems: ['object: expected a StatefulApp object'] };
  if (isTooDeep(object['spec'])) return { ok: false, problems: [TOO_DEEP] };
  const written = withoutNulls(object, readSchema) as Fields;
  const parsed = readSchema.safeParse(written, { reportInput: true });
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { apiVersion, kind } = parsed.data;
  const spec = complete(parsed.data, object['spec'] as Fields, written['spec'] as Fields);
  return { ok: true, app: { apiVersion, kind, metadata: written['metadata'] as ObjectMeta, spec } };
}

/**
 * What the API server says to an update that changes what cannot change: "path: sentence" each, none when it is fine.
 * Both objects as parseApp gave them.
 */
export function updateProblems(now: StatefulApp, before: StatefulApp): readonly string[] {
  const broken = FIXED.filter(({ holds }) => !holds(now, before));
  return broken.map(({ at, message }) => `${(at ?? []).join('.')}: ${message}`);
}

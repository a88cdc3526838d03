// The one place where a StatefulApp's shape is put together, and how the operator reads one: parseApp. The shapes are
// in spec.ts and status.ts, the types are inferred from them. Reading never throws, since the API server may hold
// objects stored before a rule existed or by a newer operator. Lacks the CRD (crd.ts).
import { z } from 'zod';
import { API_VERSION, KIND, LABEL } from './names.ts';
import { problemsOf } from './problems.ts';
import type { DeepReadonly } from './scalars.ts';
import { type StatefulAppSpec, specSchema, type WrittenSpec } from './spec.ts';
import { parseStatus, type StatefulAppStatus, statusSchema } from './status.ts';

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

/** The whole object as users write it: what the CRD is generated from. */
export const appSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata,
  spec: specSchema,
  status: statusSchema.optional(),
});

const readSchema = appSchema.omit({ status: true });

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
export type ParsedApp =
  | { readonly ok: true; readonly app: StatefulApp }
  | { readonly ok: false; readonly problems: readonly string[] };

type Fields = { readonly [name: string]: unknown };

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unwrap = (schema: z.core.$ZodType): z.core.$ZodType => {
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return innerType ? unwrap(innerType) : schema;
};

function shapeOf(schema: z.core.$ZodType, name: string): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
  return schema instanceof z.ZodRecord ? schema.def.valueType : undefined;
}

/**
 * Takes nulls out of the fields that the schema declares, as the API server does (apiextensions-apiserver,
 * schema/defaulting/prunenulls.go); unknown fields keep theirs. Returns the same reference when there were none.
 */
function withoutNulls(value: unknown, wrapped: z.core.$ZodType): unknown {
  const schema = unwrap(wrapped);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const items = value.map((item) => withoutNulls(item, schema.element));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isFields(value)) return value;
  let changed = false;
  const kept = Object.entries(value).flatMap(([name, given]): [string, unknown][] => {
    const field = shapeOf(schema, name);
    if (!field) return [[name, given]];
    const next = given === null ? undefined : withoutNulls(given, field);
    changed ||= next !== given;
    return given === null ? [] : [[name, next]];
  });
  return changed ? Object.fromEntries(kept) : value;
}

function complete(name: string, spec: WrittenSpec, written: Fields): StatefulAppSpec {
  return {
    ...spec,
    selector: spec.selector ?? { matchLabels: { [LABEL.app]: name } },
    serviceName: spec.serviceName || name,
    // As written: zod copies, and drops keys named __proto__.
    template: written['template'] as StatefulAppSpec['template'],
    volumeClaimTemplates: (written['volumeClaimTemplates'] ?? []) as StatefulAppSpec['volumeClaimTemplates'],
  };
}

/**
 * Reads what the API server holds; never throws. A value or a field of the spec that this operator does not know (it
 * may be newer) is a problem, and the app must then be left untouched (safety.md R13). Unknown fields inside the
 * templates are carried through as written. Costs no copy of the templates.
 */
export function parseApp(object: unknown): ParsedApp {
  if (!isFields(object)) return { ok: false, problems: ['object: expected a StatefulApp object'] };
  const written = withoutNulls(object, readSchema) as Fields;
  const parsed = readSchema.safeParse(written, { reportInput: true });
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { apiVersion, kind, metadata: meta } = parsed.data;
  const spec = complete(meta.name, parsed.data.spec, written['spec'] as Fields);
  const app = { apiVersion, kind, metadata: written['metadata'] as ObjectMeta, spec };
  return { ok: true, app: 'status' in object ? { ...app, status: parseStatus(object['status']) } : app };
}

// Null means absent in the fields that the schema declares, as for the built-in types. Lacks nulls inside the opaque parts
// of templates: those are carried as written.
import { z } from 'zod';

export type Fields = { readonly [name: string]: unknown };

export const isFields = (value: unknown): value is Fields =>
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
export function withoutNulls(value: unknown, wrapped: z.core.$ZodType): unknown {
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

// zod schema -> structural OpenAPI v3 schema, as apiextensions accepts it. Throws on what a CRD cannot express, so that
// a shape is never silently weaker there than here. Lacks the CRD around it (crd.ts).
import { z } from 'zod';
import { MAX_INT32 } from './scalars.ts';

export type Json = { readonly [field: string]: unknown };

const UNSUPPORTED = ['anyOf', 'oneOf', 'allOf', 'not', '$ref', 'propertyNames', 'const', 'readOnly', 'nullable'];
const LOOK_AROUND = /\(\?[=!<]/;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `anyOf: [{integer}, {string}]` is the one union a CRD has; what bounds the string stands beside it. */
function intOrString(node: Json): Json {
  const { anyOf, ...rest } = node;
  const [, text] = anyOf as readonly [Json, Json];
  const { type: _, ...bounds } = text;
  return { ...rest, ...bounds, anyOf: [{ type: 'integer' }, { type: 'string' }] };
}

/** int32 bounds become the format, whose range the API server does not check: other bounds stay. */
function integer({ minimum, maximum, ...rest }: Json): Json {
  const is32 = maximum === MAX_INT32;
  const low = typeof minimum === 'number' && minimum > -MAX_INT32 - 1 ? { minimum } : {};
  const high = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? { maximum } : {};
  return { ...rest, format: is32 ? 'int32' : 'int64', ...low, ...high };
}

/**
 * A null field means an absent one, as for the built-in types: manifests have them (an empty template of a chart,
 * `kubectl get -o yaml`), and server-side apply refuses them in fields that are not nullable. Defaults replace them.
 */
const nullable = (field: Json): Json => ('default' in field ? field : { ...field, nullable: true });

function object({ properties, additionalProperties, required, ...rest }: Json): Json {
  const needed = (required ?? []) as readonly string[];
  const declared = Object.entries((properties ?? {}) as Json).map(([name, field]): [string, Json] => {
    const made = structural(field, name);
    return [name, needed.includes(name) ? made : nullable(made)];
  });
  const open = isJson(additionalProperties) && Object.keys(additionalProperties).length === 0;
  return {
    ...rest,
    ...(declared.length > 0 ? { properties: Object.fromEntries(declared) } : {}),
    ...(required ? { required } : {}),
    ...(open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...(isJson(additionalProperties) && !open
      ? { additionalProperties: nullable(structural(additionalProperties, 'additionalProperties')) }
      : {}),
  };
}

function structural(node: unknown, at: string): Json {
  if (!isJson(node)) throw new Error(`${at}: no schema`);
  if (node['x-kubernetes-int-or-string'] === true) return intOrString(node);
  const unsupported = UNSUPPORTED.find((keyword) => keyword in node);
  if (unsupported) throw new Error(`${at}: a CRD has no ${unsupported}`);
  if (typeof node['pattern'] === 'string' && LOOK_AROUND.test(node['pattern'])) throw new Error(`${at}: look-around`);
  if (node['type'] === 'object') return object(node);
  if (node['type'] === 'integer') return integer(node);
  if (node['type'] === 'array') return { ...node, items: structural(node['items'], `${at}[]`) };
  if (node['type'] === 'string' || node['type'] === 'boolean') return node;
  throw new Error(`${at}: a CRD needs one type, not ${String(node['type'])}`);
}

/** The schema as a CRD carries it; rules and list types come from `.meta()`. */
export function toStructural(schema: z.ZodType): Json {
  const options = { target: 'openapi-3.0', io: 'input', reused: 'inline', cycles: 'throw' } as const;
  return structural(z.toJSONSchema(schema, options), 'object');
}

// StatefulApps as the API server stores them: defaults and pruning by the CRD's own schema, refusals by the operator's
// own reading of it (src/api). Lacks the words of CEL's refusals: only that there is one.
import { customResourceDefinition } from '../../../src/api/crd.ts';
import { GROUP, KIND, PLURAL, VERSION } from '../../../src/api/names.ts';
import { parseApp, updateProblems } from '../../../src/api/schema.ts';
import { type Cause, fault } from './failures.ts';
import { isObject, same } from './json.ts';
import type { Kind } from './kinds.ts';
import type { Raw, Stored } from './types.ts';

const schema = readSchema();

function readSchema(): Raw {
  const definition = customResourceDefinition() as {
    spec: { versions: readonly { schema: { openAPIV3Schema: Raw } }[] };
  };
  return definition.spec.versions[0]?.schema.openAPIV3Schema ?? {};
}

/** Fills in defaults and drops what the schema does not know (apiextensions-apiserver pkg/apiserver/schema). */
function conform(schema: Raw, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!isObject(items)) return value;
    const made = value.map((item) => conform(items, item));
    return made.every((item, index) => item === value[index]) ? value : made;
  }
  if (!isObject(value)) return value;
  const result = conformFields(schema, value);
  return same(result, value) ? value : result;
}

function conformFields(schema: Raw, value: Raw): Raw {
  const { properties, additionalProperties } = schema;
  const keep = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const known = isObject(properties) ? properties : {};
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const of = Object.hasOwn(known, key) ? known[key] : additionalProperties;
    if (isObject(of)) result[key] = conform(of, item);
    else if (keep || of === true) result[key] = item;
  }
  for (const [key, of] of Object.entries(known)) {
    if (!isObject(of) || of['default'] === undefined) continue;
    // A null gives way to the default, unless null is allowed.
    if (result[key] === undefined || (result[key] === null && of['nullable'] !== true))
      result[key] = conform(of, of['default']);
  }
  return result;
}

function conformApp(object: Stored): Stored {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { properties } = schema;
  const { metadata: _metadata, ...own } = isObject(properties) ? properties : {};
  const made = conform({ ...schema, properties: own }, rest) as Raw;
  return made === rest ? object : { apiVersion, kind, metadata, ...made };
}

const causeOf = (problem: string): Cause => {
  const [field = '', ...words] = problem.split(': ');
  return fault(field, `Invalid value: ${words.join(': ')}`);
};

function problems(object: Stored): readonly Cause[] {
  const parsed = parseApp(object);
  return parsed.ok ? [] : parsed.problems.map(causeOf);
}

function changeProblems(object: Stored, before: Stored): readonly Cause[] {
  if (object['spec'] === before['spec']) return [];
  const [now, was] = [parseApp(object), parseApp(before)];
  if (!now.ok || !was.ok) return [];
  return updateProblems(now.app, was.app).map(causeOf);
}

export const appKind: Kind = {
  group: GROUP,
  version: VERSION,
  kind: KIND,
  plural: PLURAL,
  namespaced: true,
  status: true,
  generation: true,
  custom: true,
  unconditional: false,
  answersDeleted: false,
  fields: [],
  defaults: conformApp,
  problems,
  updateProblems: changeProblems,
};

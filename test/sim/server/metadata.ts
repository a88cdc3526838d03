// Metadata of what is written: what a writer may say, what the server says itself, and what it refuses. Matches
// Kubernetes apiserver pkg/registry/rest (BeforeCreate, BeforeUpdate) and apimachinery pkg/api/validation/objectmeta.go.
import { type Cause, fault } from './failures.ts';
import { isObject, same } from './json.ts';
import type { Meta, Owner, Raw } from './types.ts';

const MAPS = ['labels', 'annotations'] as const;
const LISTS = ['ownerReferences', 'finalizers'] as const;
const OURS = ['managedFields', 'selfLink'] as const;

/** As Go would write it: nothing empty, no nulls; managedFields are kept elsewhere (apply.ts). */
export function tidy(metadata: Raw): Raw {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (value === null || value === undefined || value === '' || OURS.some((one) => one === key)) continue;
    if (MAPS.some((one) => one === key) && isObject(value) && Object.keys(value).length === 0) continue;
    if (LISTS.some((one) => one === key) && Array.isArray(value) && value.length === 0) continue;
    result[key] = value;
  }
  return result;
}

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function nameProblems(plural: string, name: string): readonly Cause[] {
  if (name === '')
    return [fault('metadata.name', 'Required value: name or generateName is required', 'FieldValueRequired')];
  const isLabel = plural === 'services' || plural === 'namespaces';
  const good = NAME.test(name) && name.length <= (isLabel ? 63 : 253) && !(isLabel && name.includes('.'));
  return good
    ? []
    : [
        fault(
          'metadata.name',
          `Invalid value: "${name}": it is no ${isLabel ? 'RFC 1123 label' : 'lowercase RFC 1123 subdomain'}`,
        ),
      ];
}

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

export function metadataProblems(metadata: Meta): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (!LABEL_KEY.test(key)) causes.push(fault('metadata.labels', `Invalid value: "${key}": no qualified name`));
    if (!LABEL_VALUE.test(value)) causes.push(fault('metadata.labels', `Invalid value: "${value}": no label value`));
  }
  for (const key of Object.keys(metadata.annotations ?? {})) {
    if (!LABEL_KEY.test(key.toLowerCase()))
      causes.push(fault('metadata.annotations', `Invalid value: "${key}": no qualified name`));
  }
  return [...causes, ...ownerProblems(metadata.ownerReferences ?? [])];
}

function ownerProblems(owners: readonly Owner[]): readonly Cause[] {
  const missing = owners.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((key) => !owner[key])
      .map((key) => fault(`metadata.ownerReferences[${index}].${key}`, `Invalid value: "": must not be empty`)),
  );
  if (owners.filter(({ controller }) => controller === true).length < 2) return missing;
  const message = 'Invalid value: [...]: Only one reference can have Controller set to true';
  return [...missing, fault('metadata.ownerReferences', message)];
}

const FIXED = ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** ValidateObjectMetaAccessorUpdate. */
export function metadataUpdateProblems(now: Meta, before: Meta): readonly Cause[] {
  const causes = FIXED.filter((key) => now[key] !== before[key]).map((key) =>
    fault(`metadata.${key}`, `Invalid value: ${JSON.stringify(now[key])}: field is immutable`),
  );
  const added = (now.finalizers ?? []).filter((finalizer) => !(before.finalizers ?? []).includes(finalizer));
  if (before.deletionTimestamp === undefined || added.length === 0) return causes;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers [${added.map((one) => JSON.stringify(one)).join(', ')}]`;
  return [...causes, fault('metadata.finalizers', message, 'FieldValueForbidden')];
}

/** What an update cannot change is taken from what there is (BeforeUpdate). */
export function keepMetadata(given: Raw, before: Meta): Meta {
  const { generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, resourceVersion } = before;
  const kept: Record<string, unknown> = {
    ...tidy(given),
    name: before.name,
    uid: before.uid,
    creationTimestamp,
    resourceVersion,
  };
  if (before.namespace !== undefined) kept['namespace'] = before.namespace;
  if (generation !== undefined) kept['generation'] = generation;
  else delete kept['generation'];
  if (deletionTimestamp !== undefined) kept['deletionTimestamp'] = deletionTimestamp;
  if (deletionGracePeriodSeconds !== undefined) kept['deletionGracePeriodSeconds'] ??= deletionGracePeriodSeconds;
  return kept as unknown as Meta;
}

export const sameFinalizers = (a: readonly string[] = [], b: readonly string[] = []) =>
  same([...new Set(a)].sort(), [...new Set(b)].sort());

/**
 * Kubernetes objects as they came over the wire: raw JSON with typed metadata, never a model that drops fields.
 *
 * Promise: every object that leaves this folder has a name and a uid, a resourceVersion unless it is a dry run's, and no
 * managedFields.
 * Lacks on purpose: validation of anything but metadata, freezing (the cache does that), and int64: JSON numbers beyond
 * 2^53 lose digits in JavaScript, so such a field must not be written back.
 */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** What a caller sends: a KubeObject whose server-set metadata may be absent. */
export interface KubeObjectInput {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name?: string; readonly generateName?: string } & Partial<ObjectMeta>;
  readonly [field: string]: unknown;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The object without managedFields (half of a typical pod's bytes, and never read here), or undefined when the value is
 * no stored object. Copies by rest and spread, which define own properties: a `__proto__` key stays data, as
 * JSON.parse made it. `typeMeta` fills what the items of a built-in list lack, like client-go's dynamic client does.
 */
export function toKubeObject(value: unknown, typeMeta?: { apiVersion: string; kind: string }): KubeObject | undefined {
  if (!isRecord(value) || !isRecord(value['metadata'])) return undefined;
  const { managedFields: _dropped, ...metadata } = value['metadata'];
  if (!isStored(metadata)) return undefined;
  return typeMeta === undefined ? { ...value, metadata } : { ...typeMeta, ...value, metadata };
}

function isStored(metadata: unknown): metadata is ObjectMeta {
  return isRecord(metadata) && typeof metadata['name'] === 'string' && typeof metadata['uid'] === 'string';
}

/** Names an object among those of its kind. `/` cannot occur in either part. */
export function objectKey(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

const DIGITS = /^[0-9]+$/;

export function isResourceVersion(text: unknown): text is string {
  return typeof text === 'string' && DIGITS.test(text);
}

/**
 * Negative when `a` is older than `b`, 0 when equal, positive when newer. Meaningful only within one resource of one
 * cluster. Compares decimal text, so no digits are lost beyond 2^53. Throws a RangeError for anything but digits, as
 * apimachinery's pkg/util/resourceversion CompareResourceVersion refuses it.
 */
export function compareResourceVersions(a: string, b: string): number {
  const [x, y] = [significantDigits(a), significantDigits(b)];
  if (x.length !== y.length) return x.length - y.length;
  return x === y ? 0 : x < y ? -1 : 1;
}

function significantDigits(text: string): string {
  if (!DIGITS.test(text)) throw new RangeError(`not a resourceVersion: ${JSON.stringify(text)}`);
  return text.replace(/^0+(?=.)/, '');
}

// What of a claim that exists does not say what its template says now, and the patch that mends it: a larger request, labels,
// annotations, the class of volume attributes. What no claim can change (storage class, access modes) holds for new ones only.
// Matches what the API server allows: ValidatePersistentVolumeClaimUpdate of Kubernetes pkg/apis/core/validation/validation.go.
// Lacks the decision whose claims follow (plan/growth.ts).

import { ANNOTATION, LABEL } from '../api/names.ts';
import { listAt, objectAt, sameJson, stringAt } from '../identity/json.ts';
import { type ClaimDraft, templateKeysOf } from './claim-build.ts';
import { BINDER, type ClaimView } from './claim-view.ts';
import { amount } from './quantity.ts';

type Texts = Readonly<Record<string, string>>;

export interface Wanted {
  /** All that a claim made now would carry. */
  readonly metadata: { readonly labels: Texts; readonly annotations: Texts };
  readonly spec: object;
}

/** A merge patch, but for the identity of the claim that it is for. */
export interface ClaimChange {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly spec?: object;
  /** What changes, in words: "storage 10Gi to 20Gi". */
  readonly what: readonly string[];
}

/** Null when nothing is to be changed. */
export function claimChange(view: ClaimView, wanted: Wanted): ClaimChange | null {
  const { labels: kept, annotations: noted } = templateKeysOf(view.annotations[ANNOTATION.templateKeys]);
  const labels = following(view.labels, wanted.metadata.labels, kept);
  const annotations = following(view.annotations, wanted.metadata.annotations, noted);
  if (!(ANNOTATION.templateKeys in wanted.metadata.annotations) && ANNOTATION.templateKeys in view.annotations)
    annotations[ANNOTATION.templateKeys] = null;
  const size = sizeChange(view, wanted.spec);
  const attributes = attributesChange(view, wanted.spec);
  const what = [
    ...(size === null ? [] : [`storage ${view.request} to ${size}`]),
    ...(attributes === null ? [] : [`volumeAttributesClassName ${view.attributesClass ?? 'none'} to ${attributes}`]),
    ...(Object.keys(labels).length > 0 ? [`labels ${Object.keys(labels).join(', ')}`] : []),
    ...(Object.keys(annotations).length > 0 ? [`annotations ${Object.keys(annotations).join(', ')}`] : []),
  ];
  if (what.length === 0) return null;
  const spec = {
    ...(size === null ? {} : { resources: { requests: { storage: size } } }),
    ...(attributes === null ? {} : { volumeAttributesClassName: attributes }),
  };
  return { metadata: { labels, annotations }, ...(Object.keys(spec).length > 0 ? { spec } : {}), what };
}

/** What is to be set, and what came from the template once and is in it no longer; what others have set stays. */
function following(now: Texts, wanted: Texts, former: readonly string[]): Record<string, string | null> {
  const set = Object.entries(wanted).filter(([key, value]) => now[key] !== value);
  const has = (texts: Texts, key: string) => Object.hasOwn(texts, key);
  const gone = former.filter((key) => has(now, key) && !has(wanted, key) && key !== LABEL.app);
  return Object.fromEntries([...set, ...gone.map((key) => [key, null] as const)]);
}

/**
 * Whether it says word for word what a claim made now would: what most claims do most of the time, told without making
 * anything. `isComplete` as for wantedClaim.
 */
export function isInLine(view: ClaimView, { metadata, siblings, asks }: ClaimDraft, isComplete: boolean): boolean {
  const { labels, annotations } = metadata;
  for (const key in labels) if (view.labels[key] !== labels[key]) return false;
  for (const key in annotations) {
    if (key === ANNOTATION.ordinal || key === ANNOTATION.siblings || BINDER.has(key)) continue;
    if (view.annotations[key] !== annotations[key]) return false;
  }
  if (isComplete && view.annotations[ANNOTATION.siblings] !== siblings) return false;
  if (view.annotations[ANNOTATION.templateKeys] !== annotations[ANNOTATION.templateKeys]) return false;
  const { storage, storageClass, attributesClass, accessModes } = asks;
  const isSame = storage === view.request && (storageClass === null || storageClass === view.storageClass);
  return (
    isSame && (attributesClass === null || attributesClass === view.attributesClass) && hasModes(view, accessModes)
  );
}

function hasModes({ accessModes }: ClaimView, modes: readonly unknown[]): boolean {
  return (
    modes.length === 0 || (modes.length === accessModes.length && modes.every((mode, at) => mode === accessModes[at]))
  );
}

/** The size as the template writes it; null for none, and for what is no size. */
export function templateSize(spec: object): string | null {
  const written = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  const size = typeof written === 'number' ? String(written) : written;
  if (typeof size !== 'string') return null;
  const bytes = amount(size);
  return bytes !== null && bytes > 0n ? size : null;
}

/**
 * Only bound claims are resized. A smaller request is taken back only as far as it stays above what the volume has: that is
 * how a failed expansion is recovered from (KEP-1790).
 */
function sizeChange({ phase, request, capacity }: ClaimView, spec: object): string | null {
  const size = templateSize(spec);
  if (size === null || phase !== 'Bound' || request === null) return null;
  const [want, has, real] = [amount(size), amount(request), amount(capacity ?? '')];
  if (want === null || has === null || want === has) return null;
  if (want > has) return size;
  return real !== null && want > real ? size : null;
}

function attributesChange({ phase, attributesClass }: ClaimView, spec: object): string | null {
  const name = stringAt(spec, 'volumeAttributesClassName');
  return name && phase === 'Bound' && name !== attributesClass ? name : null;
}

/** Why a claim stays other than its template, as clauses; empty when it does not. */
export function lasting(view: ClaimView, spec: object): readonly string[] {
  const size = templateSize(spec);
  const [want, has] = [amount(size ?? ''), amount(view.request ?? '')];
  const isSmaller = want !== null && has !== null && want < has && sizeChange(view, spec) === null;
  const storageClass = stringAt(spec, 'storageClassName');
  const modes = listAt(spec, 'accessModes');
  const written = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  return [
    ...(isSmaller ? [`it asks for ${view.request} where the template says ${size}, and a volume cannot shrink`] : []),
    ...(size === null && written !== undefined ? [`the template's size ${JSON.stringify(written)} is none`] : []),
    ...(storageClass !== undefined && view.storageClass !== null && storageClass !== view.storageClass
      ? [`it is of storage class ${view.storageClass} where the template says ${storageClass}`]
      : []),
    ...(modes.length > 0 && !sameJson([...modes].sort(), [...view.accessModes].sort())
      ? [`its access modes are ${view.accessModes.join(', ')} where the template says ${modes.join(', ')}`]
      : []),
  ];
}

// A member's claim as we create it, and the stamp that marks a claim as this member's. Matches getPersistentVolumeClaims
// of Kubernetes pkg/controller/statefulset/stateful_set_utils.go for labels; the stamps are ours.

import { ANNOTATION, LABEL } from '../api/names.ts';
import { isObject, listAt, objectAt, stringAt, stringMap } from '../identity/json.ts';
import { claimName } from '../identity/member-names.ts';
import { type AppRef, controllerRef } from '../identity/owner.ts';
import { type ClaimView, withoutBinder } from './claim-view.ts';

export interface ClaimSource {
  readonly template: string;
  /** The claim template as the user wrote it. */
  readonly content: unknown;
  /** Names of all claim templates of the member, with commas between them: together they are one unit. */
  readonly siblings: string;
  readonly selector: unknown;
  /** Whether it is to end with the app. */
  readonly ownedByApp: boolean;
}

/** What all claims of one template have in common: an app may have 8000 claims, and no more than 16 templates. */
export interface ClaimDraft {
  readonly template: string;
  readonly siblings: string;
  readonly app: string;
  readonly metadata: {
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly spec: object;
  /** Of the spec, as written. */
  readonly asks: {
    readonly storage: string | null;
    readonly storageClass: string | null;
    readonly attributesClass: string | null;
    readonly accessModes: readonly unknown[];
  };
}

/** Whose claim it is. In a draft the ordinal is left empty. */
function stamps(app: AppRef, { ordinal, siblings }: Place) {
  return {
    labels: { [LABEL.app]: app.name },
    annotations: {
      [ANNOTATION.appUid]: app.uid,
      [ANNOTATION.ordinal]: String(ordinal),
      [ANNOTATION.siblings]: siblings,
    },
  };
}

type Place = { readonly ordinal: number | ''; readonly siblings: string };

export function draftClaim(
  app: AppRef,
  { template, content, siblings, selector, ownedByApp }: ClaimSource,
): ClaimDraft {
  const metadata = objectAt(content, 'metadata');
  const spec = objectAt(content, 'spec');
  const stamp = stamps(app, { ordinal: '', siblings });
  const labels = stringMap(metadata['labels']);
  const { [ANNOTATION.templateKeys]: _ours, ...annotations } = stringMap(metadata['annotations']);
  const keys = templateKeys(labels, annotations);
  const selected = isObject(selector) ? stringMap(selector['matchLabels']) : {};
  return {
    template,
    siblings,
    app: app.name,
    metadata: {
      namespace: app.namespace,
      labels: { ...labels, ...selected, ...stamp.labels },
      annotations: {
        ...annotations,
        ...(keys === '' ? {} : { [ANNOTATION.templateKeys]: keys }),
        ...stamp.annotations,
      },
      ...(ownedByApp ? { ownerReferences: [controllerRef(app)] } : {}),
    },
    spec,
    asks: {
      storage: stringAt(objectAt(objectAt(spec, 'resources'), 'requests'), 'storage') ?? null,
      storageClass: stringAt(spec, 'storageClassName') ?? null,
      attributesClass: stringAt(spec, 'volumeAttributesClassName') || null,
      accessModes: listAt(spec, 'accessModes'),
    },
  };
}

export function buildClaim({ app, template, metadata, spec }: ClaimDraft, ordinal: number) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(template, app, ordinal),
      ...metadata,
      annotations: { ...metadata.annotations, [ANNOTATION.ordinal]: String(ordinal) },
    },
    spec,
  };
}

const LABELS = 'label:';
const ANNOTATIONS = 'annotation:';

/** Which labels and annotations come from the template: should one be taken out of it, it is taken off the claims too. */
function templateKeys(labels: object, annotations: object): string {
  const of = (prefix: string, map: object) =>
    Object.keys(map)
      .sort()
      .map((key) => prefix + key);
  return [...of(LABELS, labels), ...of(ANNOTATIONS, annotations)].join(' ');
}

/** The same read back from a claim. */
export function templateKeysOf(stamp = ''): {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
} {
  const words = stamp.split(' ');
  const of = (prefix: string) =>
    words.filter((word) => word.startsWith(prefix)).map((word) => word.slice(prefix.length));
  return { labels: of(LABELS), annotations: of(ANNOTATIONS) };
}

/**
 * What an existing claim of ours is to carry and to ask for. Its siblings are what they are only once all of them are there:
 * until then the stamp says what was.
 */
export function wantedClaim({ metadata, spec, siblings }: ClaimDraft, view: ClaimView, isComplete: boolean) {
  const stamped = view.annotations[ANNOTATION.siblings];
  const own = {
    [ANNOTATION.ordinal]: view.ordinal ?? '',
    [ANNOTATION.siblings]: isComplete ? siblings : (stamped ?? siblings),
  };
  return {
    metadata: { labels: metadata.labels, annotations: { ...withoutBinder(metadata.annotations), ...own } },
    spec,
  };
}

/** A merge patch that marks an existing claim as this member's, if it is still the object that was looked at. */
export function stampPatch(app: AppRef, place: Place, view: ClaimView) {
  const stamp = stamps(app, place);
  return { metadata: { uid: view.uid, resourceVersion: view.resourceVersion, ...stamp } };
}

// A member's claim as we create it, and the stamp that marks a claim as this member's. Matches getPersistentVolumeClaims
// of Kubernetes pkg/controller/statefulset/stateful_set_utils.go for labels; the stamps are ours.

import { ANNOTATION, LABEL } from '../api/names.ts';
import { isObject, objectAt, stringMap } from '../identity/json.ts';
import { claimName } from '../identity/member-names.ts';
import { type AppRef, controllerRef } from '../identity/owner.ts';
import type { ClaimView } from './claim-view.ts';

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
  const stamp = stamps(app, { ordinal: '', siblings });
  const selected = isObject(selector) ? stringMap(selector['matchLabels']) : {};
  return {
    template,
    siblings,
    app: app.name,
    metadata: {
      namespace: app.namespace,
      labels: { ...stringMap(metadata['labels']), ...selected, ...stamp.labels },
      annotations: { ...stringMap(metadata['annotations']), ...stamp.annotations },
      ...(ownedByApp ? { ownerReferences: [controllerRef(app)] } : {}),
    },
    spec: objectAt(content, 'spec'),
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

/** A merge patch that marks an existing claim as this member's, if it is still the object that was looked at. */
export function stampPatch(app: AppRef, place: Place, view: ClaimView) {
  const stamp = stamps(app, place);
  return { metadata: { uid: view.uid, resourceVersion: view.resourceVersion, ...stamp } };
}

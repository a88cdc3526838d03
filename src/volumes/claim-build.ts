// A member's claim as we create it, and the stamp that marks a claim as this member's. Matches getPersistentVolumeClaims
// of Kubernetes pkg/controller/statefulset/stateful_set_utils.go for labels; the stamps are ours.

import { ANNOTATION, LABEL } from '../api/names.ts';
import { isObject, objectAt, stringMap } from '../identity/json.ts';
import { claimName } from '../identity/member-names.ts';
import type { AppRef } from '../identity/owner.ts';
import type { ClaimView } from './claim-view.ts';

export interface ClaimSpec {
  readonly ordinal: number;
  readonly template: string;
  /** The claim template as the user wrote it. */
  readonly content: unknown;
  /** Names of all claim templates of the member, with commas between them: together they are one unit. */
  readonly siblings: string;
  readonly selector: unknown;
}

function stamps(app: AppRef, { ordinal, siblings }: Pick<ClaimSpec, 'ordinal' | 'siblings'>) {
  return {
    labels: { [LABEL.app]: app.name },
    annotations: {
      [ANNOTATION.appUid]: app.uid,
      [ANNOTATION.ordinal]: String(ordinal),
      [ANNOTATION.siblings]: siblings,
    },
  };
}

export function buildClaim(app: AppRef, claim: ClaimSpec) {
  const metadata = objectAt(claim.content, 'metadata');
  const stamp = stamps(app, claim);
  const selected = isObject(claim.selector) ? stringMap(claim.selector['matchLabels']) : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(claim.template, app.name, claim.ordinal),
      namespace: app.namespace,
      labels: { ...stringMap(metadata['labels']), ...selected, ...stamp.labels },
      annotations: { ...stringMap(metadata['annotations']), ...stamp.annotations },
    },
    spec: objectAt(claim.content, 'spec'),
  };
}

/** A merge patch that marks an existing claim as this member's, if it is still the object that was looked at. */
export function stampPatch(app: AppRef, claim: Pick<ClaimSpec, 'ordinal' | 'siblings'>, view: ClaimView) {
  const stamp = stamps(app, claim);
  return { metadata: { uid: view.uid, resourceVersion: view.resourceVersion, ...stamp } };
}

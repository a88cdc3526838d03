// Raw objects as the planner's views, by kind. Lacks state: that is the cache's.

import { KIND, LABEL } from '../api/names.ts';
import { sameJson } from '../identity/json.ts';
import { readPod } from '../identity/pod-view.ts';
import type { WatchEvent } from '../kube/known-objects.ts';
import type { KubeObject } from '../kube/objects.ts';
import { type AppBefore, readRevision, readService } from '../plan/observe.ts';
import type { ObservedApp, Stray, StrayKind } from '../plan/types.ts';
import { readClaim } from '../volumes/claim-view.ts';

export type Kind = 'StatefulApp' | StrayKind;

export interface View {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export function appKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Whose object it is: its controlling StatefulApp's, or else the one that our label names. */
export function ownerKey(object: KubeObject): string | null {
  const { namespace, labels, ownerReferences } = object.metadata;
  const owner = ownerReferences?.find((reference) => reference.controller === true && reference.kind === KIND);
  const app = owner?.name ?? labels?.[LABEL.app];
  return app === undefined || namespace === undefined ? null : appKey(namespace, app);
}

export function strayKey(kind: StrayKind, name: string): string {
  return `${kind}/${name}`;
}

export function readView(kind: StrayKind, object: KubeObject): Stray['view'] {
  switch (kind) {
    case 'Pod':
      return readPod(object);
    case 'PersistentVolumeClaim':
      return readClaim(object);
    case 'Service':
      return readService(object);
    case 'ControllerRevision':
      return readRevision(object);
    default:
      return kind satisfies never;
  }
}

/** Equal but for the resourceVersion: a heartbeat, or a field that no decision rests on. */
export function sameForDecisions(a: View, b: View): boolean {
  return sameJson(decisive(a), decisive(b));
}

/** Without a revision's content, which its digest stands for: one revision's content never changes at an API server. */
function decisive(view: View): object {
  return { ...view, resourceVersion: '', content: null };
}

/** What was read of the app that this event replaces. */
export function formerOf(event: WatchEvent, app: ObservedApp | null): AppBefore | undefined {
  if (event.type !== 'modified' || app?.resourceVersion !== event.previous.metadata.resourceVersion) return undefined;
  return { raw: event.previous, app };
}

// Revisions: one version of an app's template, stored as an apps/v1 ControllerRevision `<app>-<hash>`. The hash covers the
// template as written and the names of the claim templates: growing a disk rolls nothing. Matches Kubernetes
// pkg/controller/history (NewControllerRevision, EqualRevision); different on purpose: the label is the hash alone.
// Other ways to write the same, which the API server's defaults make equal, are its aliases.

import { isTooDeep } from '../api/depth.ts';
import { ANNOTATION, LABEL } from '../api/names.ts';
import { digest } from './digest.ts';
import { canonicalJson, type Json, listAt, objectAt, stringAt } from './json.ts';
import { type AppRef, controllerRef } from './owner.ts';
import type { Blueprint } from './pod.ts';

export interface RevisionContent {
  readonly template: Json;
  readonly claimTemplates: readonly Json[];
}

/** A stored revision. */
export interface RevisionView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ownerUid: string | null;
  /** Carries our label: without it no watch of ours shows it. */
  readonly labelled: boolean;
  readonly hash: string;
  /** Its place in the history: the highest is the newest. */
  readonly number: number;
  readonly content: RevisionContent;
  /** Of the content, made once when it is read: a template may be 1.4 MB long. */
  readonly digest: string;
  /** Digests of contents that mean the same. */
  readonly aliases: readonly string[];
}

/** What a revision of this spec holds. */
export function contentOf(spec: {
  readonly template: unknown;
  readonly volumeClaimTemplates: unknown;
}): RevisionContent {
  const { template, volumeClaimTemplates } = spec;
  return { template: template as Json, claimTemplates: volumeClaimTemplates as readonly Json[] };
}

/** Whether the content of this digest is this revision's, as far as rollouts are concerned. */
export function isEqual(view: RevisionView, digest: string): boolean {
  return view.digest === digest || view.aliases.includes(digest);
}

/** Somebody who applies two forms in turn makes two of them; what is dropped makes a new revision again. */
const MAX_ALIASES = 16;

/** The annotation that says so, with one alias more: newest last. */
export function withAlias(view: RevisionView, digest: string): Readonly<Record<string, string>> {
  return { [ANNOTATION.aliases]: [...view.aliases, digest].slice(-MAX_ALIASES).join(',') };
}

export function readAliases(annotations: Readonly<Record<string, string>>): readonly string[] {
  return (annotations[ANNOTATION.aliases] ?? '').split(',').filter((digest) => DIGEST.test(digest));
}

const DIGEST = /^[0-9a-f]{64}$/;

const HASH_LENGTH = 10;

export function claimTemplateName(template: unknown): string {
  return stringAt(objectAt(template, 'metadata'), 'name') ?? '';
}

/** Ten hex digits. `collisions` goes in once two different contents have met under one hash (status.collisionCount). */
export function revisionHash(content: RevisionContent, collisions: number): string {
  return digestOf(content, collisions > 0 ? { collisions } : {}).slice(0, HASH_LENGTH);
}

/** Equal for the purpose of rollouts are those of one digest: it covers what the hash covers, whole. */
export function revisionDigest(content: RevisionContent): string {
  return digestOf(content, {});
}

/** What `revisionHash` gives for the content of this digest, as long as there was no collision. */
export function hashOfDigest(digest: string): string {
  return digest.slice(0, HASH_LENGTH);
}

function digestOf({ template, claimTemplates }: RevisionContent, more: object): string {
  const text = canonicalJson({ template, claims: claimTemplates.map(claimTemplateName), ...more });
  return digest(text);
}

export function blueprintOf(revision: { readonly hash: string; readonly content: RevisionContent }): Blueprint {
  const { template, claimTemplates } = revision.content;
  return { hash: revision.hash, template, claims: claimTemplates.map(claimTemplateName) };
}

export function revisionName(app: string, hash: string): string {
  return `${app}-${hash}`;
}

export function buildRevision(
  app: AppRef,
  revision: { readonly hash: string; readonly number: number; readonly content: RevisionContent },
) {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: revisionName(app.name, revision.hash),
      namespace: app.namespace,
      labels: { [LABEL.app]: app.name, [LABEL.revision]: revision.hash },
      ownerReferences: [controllerRef(app)],
    },
    revision: revision.number,
    data: { spec: { template: revision.content.template, volumeClaimTemplates: revision.content.claimTemplates } },
  };
}

/** What a stored revision's `data` holds; a hand-edited one yields whatever can still be read of it. */
export function readContent(data: unknown): RevisionContent {
  const stored = objectAt(data, 'spec');
  const spec = isTooDeep(stored) ? {} : stored;
  return {
    template: objectAt(spec, 'template') as Json,
    claimTemplates: listAt(spec, 'volumeClaimTemplates') as readonly Json[],
  };
}

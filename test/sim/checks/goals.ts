// Which revision a spec asks for, by comparing what is stored with what is written: how the operator hashes a template is
// not used here. And what is wrong with a pod that only another template ends, read once more from the raw object.

import { ANNOTATION } from '../../../src/api/names.ts';
import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import type { Stored } from '../server/types.ts';
import { fieldOf } from './facts.ts';
import { shortened } from './meaning.ts';
import { textOf } from './text.ts';

export const REVISION = 'controller-revision-hash';

export const revisionOf = (pod: Stored): string | undefined => pod.metadata.labels?.[REVISION];

interface Templates {
  readonly template: unknown;
  readonly volumeClaimTemplates: unknown;
}

/** Growing a disk rolls nothing: of claim templates only the names count. */
const contentOf = ({ template, volumeClaimTemplates }: Templates) =>
  `${textOf(template)} ${listOf(volumeClaimTemplates)
    .map((claim) => String(fieldOf(claim, 'metadata', 'name')))
    .join(' ')}`;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const storedIn = (revision: Stored): Templates => {
  const data = objectAt(objectAt(revision, 'data'), 'spec');
  return { template: data['template'], volumeClaimTemplates: data['volumeClaimTemplates'] };
};

/** Names of its claim templates. */
export const claimTemplatesIn = (revision: Stored): readonly string[] =>
  listOf(storedIn(revision).volumeClaimTemplates).map((claim) => String(fieldOf(claim, 'metadata', 'name')));

/** Whether a stored ControllerRevision holds the templates of this spec, as they are written. */
export const holds = (revision: Stored, spec: Templates): boolean => contentOf(storedIn(revision)) === contentOf(spec);

/** Whether it holds another way to write them. */
export function holdsAlias(revision: Stored, spec: Templates): boolean {
  const stored = storedIn(revision);
  return (
    !holds(revision, spec) &&
    contentOf({ ...stored, template: shortened(stored.template) }) ===
      contentOf({ ...spec, template: shortened(spec.template) })
  );
}

/** It is said to stand for other ways to write it, too. */
export const hasAliases = ({ metadata }: Stored): boolean => metadata.annotations?.[ANNOTATION.aliases] !== undefined;

/** The hash in `<app>-<hash>`. */
export const hashIn = (app: string, revision: string): string | undefined =>
  revision.startsWith(`${app}-`) ? revision.slice(app.length + 1) : undefined;

const BROKEN = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
  'CreateContainerConfigError',
  'CreateContainerError',
];
const UNSCHEDULABLE_MS = 30_000;
const CRASHES = 3;

/** What only another template ends: a closed set (semantics.md). */
export function isBroken(pod: Stored, nowMs: number): boolean {
  const { status } = pod as { readonly status?: unknown };
  const containers = [...listAt(status, 'initContainerStatuses'), ...listAt(status, 'containerStatuses')];
  const isBad = (container: unknown) => {
    const reason = String(fieldOf(container, 'state', 'waiting', 'reason'));
    return (
      BROKEN.includes(reason) ||
      (reason === 'CrashLoopBackOff' && Number(fieldOf(container, 'restartCount')) >= CRASHES)
    );
  };
  if (containers.some(isBad)) return true;
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (stringAt(scheduled, 'status') !== 'False' || stringAt(scheduled, 'reason') !== 'Unschedulable') return false;
  return Date.parse(stringAt(scheduled, 'lastTransitionTime') ?? '') + UNSCHEDULABLE_MS <= nowMs;
}

/** Since when it has not been Ready. */
export function unreadySinceMs(pod: Stored): number {
  const lost = stringAt(conditionOf(pod, 'Ready'), 'lastTransitionTime');
  return Date.parse(lost ?? pod.metadata.creationTimestamp ?? '');
}

function conditionOf(pod: Stored, type: string): unknown {
  return listAt(objectAt(pod, 'status'), 'conditions').find((condition) => stringAt(condition, 'type') === type);
}

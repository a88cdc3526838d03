// Which revision a spec asks for, by comparing what is stored with what is written: how the operator hashes a template is
// not used here. And what is wrong with a pod that only another template ends, read once more from the raw object.

import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import type { Stored } from '../server/types.ts';
import { fieldOf } from './facts.ts';

export const REVISION = 'controller-revision-hash';

export const revisionOf = (pod: Stored): string | undefined => pod.metadata.labels?.[REVISION];

interface Templates {
  readonly template: unknown;
  readonly volumeClaimTemplates: unknown;
}

const texts = new WeakMap<object, string>();

/** One text for all ways to order the fields. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const before = texts.get(value);
  if (before !== undefined) return before;
  const text = Array.isArray(value)
    ? `[${value.map(textOf).join(',')}]`
    : `{${Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${JSON.stringify(key)}:${textOf(item)}`)
        .join(',')}}`;
  texts.set(value, text);
  return text;
}

/** Growing a disk rolls nothing: of claim templates only the names count. */
const contentOf = ({ template, volumeClaimTemplates }: Templates) =>
  `${textOf(template)} ${listOf(volumeClaimTemplates)
    .map((claim) => String(fieldOf(claim, 'metadata', 'name')))
    .join(' ')}`;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Whether a stored ControllerRevision holds the templates of this spec. */
export function holds(revision: Stored, spec: Templates): boolean {
  const data = objectAt(objectAt(revision, 'data'), 'spec');
  return (
    contentOf({ template: data['template'], volumeClaimTemplates: data['volumeClaimTemplates'] }) === contentOf(spec)
  );
}

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

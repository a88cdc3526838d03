// Trials before an act that could leave an app worse off: a new template before anything rests on it, and the successor
// of a pod before that pod is given up. Both are dry runs. Only an answer that says no stops the act; one that says
// nothing (a server that is ill, a webhook that takes no dry runs) does not, and is told.

import { canonicalJson, objectAt } from '../identity/json.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject, KubeObjectInput } from '../kube/objects.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import { isQuota } from '../plan/refusals.ts';
import type { TemplateRival, TemplateTrial } from '../plan/types.ts';
import { asksMore } from '../volumes/quota.ts';
import type { Hands, Job } from './hands.ts';

/**
 * Returns the revision that the new template is only another way to write, or undefined when it is a new one. Rejects with
 * the API server's words when the template is not valid.
 */
export async function tryTemplate(hands: Hands, job: Job, trial: TemplateTrial): Promise<TemplateRival | undefined> {
  // What it may equal cannot be told later: then members would be replaced by their like.
  const isNo = (error: KubeError) => isInvalid(error) || UNREACHED.includes(error.code);
  const tried = (object: object) => dryRun(hands, job, { resource: RESOURCES.podtemplates, object, isNo });
  const made = await tried(trial.object);
  if (made === undefined) return undefined;
  for (const rival of trial.rivals) {
    const other = await tried(rival.object).catch(asNone);
    if (other !== undefined && templateText(other) === templateText(made)) return rival;
  }
  return undefined;
}

/** A revision that is not taken any more, or never was (simulator, seed 69 of volumes), is not another way to write one that is. */
function asNone(error: unknown): undefined {
  if (!(error instanceof KubeError) || !isInvalid(error)) throw error;
}

const templateText = (object: KubeObject) => canonicalJson(objectAt(object, 'template'));

/**
 * Rejects with the API server's words when it would not take the successor of this pod. That the name is taken is said only
 * after validation, Pod Security and quota have passed (seen on 1.36.3).
 */
export async function trySuccessor(
  hands: Hands,
  job: Job,
  { looked, successor }: { readonly looked: Promise<KubeObject>; readonly successor: object },
): Promise<void> {
  // A dry run counts beside the pod that is still there.
  const isNo = async (error: KubeError) => {
    const words = error.serverMessage ?? '';
    return isRefusal(error) && !(isQuota(words) && !asksMore(words, await looked));
  };
  await dryRun(hands, job, { resource: RESOURCES.pods, object: successor, isNo });
}

const UNREADABLE = ['strict decoding error', 'unable to decode', 'cannot be handled as'];

/** What is wrong with a template itself: a quota on PodTemplates, or a webhook for them, says nothing about pods. */
function isInvalid({ code, serverMessage = '' }: KubeError): boolean {
  return code === 'Invalid' || (code === 'BadRequest' && UNREADABLE.some((words) => serverMessage.includes(words)));
}

function isRefusal({ code, serverMessage = '' }: KubeError): boolean {
  if (serverMessage.includes('does not support dry run')) return false;
  return code === 'Invalid' || code === 'BadRequest' || code === 'Forbidden' || code === 'NotFound';
}

const UNREACHED: readonly KubeError['code'][] = ['Unavailable', 'Timeout', 'Network'];
const ASK_AGAIN: readonly KubeError['code'][] = ['TooManyRequests', 'Unauthorized', 'Aborted'];

interface Trial {
  readonly resource: ApiResource;
  readonly object: object;
  /** Whether to stop at this answer. */
  readonly isNo: (error: KubeError) => boolean | Promise<boolean>;
}

/** What would be stored, as far as that is known. */
async function dryRun(hands: Hands, job: Job, { resource, object, isNo }: Trial): Promise<KubeObject | undefined> {
  const options = { dryRun: true, fieldValidation: 'Strict' } as const;
  try {
    return await hands.client.create(resource, object as KubeObjectInput, options);
  } catch (error) {
    if (!(error instanceof KubeError) || ASK_AGAIN.includes(error.code) || (await isNo(error))) throw error;
    if (error.code !== 'AlreadyExists') tellUnknown(hands, job, error);
    return undefined;
  }
}

function tellUnknown({ events, log }: Hands, { key, observed }: Job, error: KubeError): void {
  const message = `cannot tell beforehand whether the API server takes ${error.object.kind} ${error.object.name}, and goes on: ${error.serverMessage ?? error.why}`;
  log.warn({ app: key }, message);
  events.tell(observed.app, { type: 'Warning', reason: 'TrialUnknown', message });
}

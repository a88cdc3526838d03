// Writes that the API server refused (quota, Pod Security, a webhook, a name that is taken): not tried again before they
// are due, with what depends on them held back too, and told in the API server's words. Others go on: a scale-down is
// not stopped by a refused scale-up (kubernetes/kubernetes#140858).

import { formatTime } from '../identity/time.ts';
import { actionKey, subjectOf } from './describe.ts';
import type { Action, Observed, Refusal, Wait } from './types.ts';

export interface Allowed {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
}

const BUILDING = ['createClaim', 'createPod'];
/** Of claims that follow their templates. */
const FOLLOWING = ['changeClaim', 'labelClaim'];

/** In the words of the quota admission plugin (apiserver pkg/admission/plugin/resourcequota/controller.go). */
export const isQuota = (message: string) => message.includes('exceeded quota');

export function withoutRefused(actions: readonly Action[], { refusals, nowMs }: Observed): Allowed {
  if (refusals.length === 0) return { actions, waits: [] };
  const byKey = new Map(refusals.map((refusal) => [refusal.key, refusal]));
  // Thousands are refused at one moment, and due at one.
  const times = new Map<number, string>();
  for (const { retryAtMs } of refusals) if (!times.has(retryAtMs)) times.set(retryAtMs, formatTime(retryAtMs));
  const waits: Wait[] = [];
  const held = new Set<Action>();
  const ordinals = new Set<number>();
  for (const action of actions) {
    const refusal = byKey.get(actionKey(action));
    if (refusal === undefined) continue;
    // A claim that stays as it is holds nothing up: it is told in AsSpecified (growth.ts).
    if (!FOLLOWING.includes(action.type)) waits.push(refusalWait(action, refusal, times.get(refusal.retryAtMs) ?? ''));
    if (refusal.retryAtMs <= nowMs) continue;
    held.add(action);
    if ('ordinal' in action && !FOLLOWING.includes(action.type)) ordinals.add(action.ordinal);
  }
  const baseless = [...held].some(({ type }) => type === 'createService');
  const revisions = [...held].flatMap((action) => (action.type === 'createRevision' ? [action.trial.hash] : []));
  const without = new Set(
    actions.flatMap((action) =>
      action.type === 'createPod' && revisions.includes(action.revision) ? [action.ordinal] : [],
    ),
  );
  const allowed = actions.filter((action) => {
    if (held.has(action)) return false;
    if (BUILDING.includes(action.type) && 'ordinal' in action && (baseless || without.has(action.ordinal)))
      return false;
    return action.type !== 'createPod' || !ordinals.has(action.ordinal);
  });
  return { actions: allowed, waits };
}

export function withoutBuilding(actions: readonly Action[]): readonly Action[] {
  return actions.filter(({ type }) => !BUILDING.includes(type));
}

function refusalWait(action: Action, refusal: Refusal, due: string): Wait {
  const verb = action.type.startsWith('create') ? 'created' : action.type.startsWith('delete') ? 'deleted' : 'changed';
  const what = refusal.what ?? `${subjectOf(action)} cannot be ${verb}`;
  const message = `${what}: ${refusal.message}. It is tried again at ${due}.`;
  const ordinal = 'ordinal' in action ? { ordinal: action.ordinal } : {};
  return { reason: 'Refused', ...ordinal, message, untilMs: refusal.retryAtMs };
}

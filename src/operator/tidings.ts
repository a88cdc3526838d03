// What a pass did, as Events: what one member got in it, its claims and its pod, is one of them. Each would otherwise cost the API
// server as much as the act that it tells of. Lacks refusals, which are told as they come (execute.ts).

import { actionKey, describeTogether } from '../plan/describe.ts';
import type { Action, ObservedApp } from '../plan/types.ts';
import type { Events } from './events.ts';

const REASONS: Readonly<Partial<Record<Action['type'], string>>> = {
  createService: 'SuccessfulCreate',
  createClaim: 'SuccessfulCreate',
  createPod: 'SuccessfulCreate',
  changeClaim: 'ClaimChanged',
  labelClaim: 'ClaimChanged',
  deleteClaim: 'SuccessfulDelete',
  adoptPod: 'Adopted',
  releasePod: 'Released',
  stampClaim: 'Adopted',
  adoptService: 'Adopted',
  releaseService: 'Released',
  createRevision: 'NewRevision',
  renumberRevision: 'NewRevision',
  deleteRevision: 'SuccessfulDelete',
  deletePod: 'SuccessfulDelete',
};

/** `done` in the order in which it was done. */
export function tellDone(events: Events, app: ObservedApp, done: readonly Action[]): void {
  const told = new Map<string, { readonly reason: string; readonly actions: Action[] }>();
  for (const action of done) {
    const reason = REASONS[action.type];
    if (reason === undefined) continue;
    const about = 'ordinal' in action ? action.ordinal : actionKey(action);
    const key = `${about} ${reason}`;
    const together = told.get(key) ?? { reason, actions: [] };
    together.actions.push(action);
    told.set(key, together);
  }
  for (const { reason, actions } of told.values())
    events.tell(app, { type: 'Normal', reason, message: describeTogether(actions) });
}

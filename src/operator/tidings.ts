// What a pass did, as Events: what one member got in it, its claims and its pod, is one of them, and what all members stand on is told
// with the first. Each would otherwise cost the API server as much as the act that it tells of. Lacks refusals, which are told as
// they come (execute.ts).

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

const isForMember = ({ type }: Action) => type === 'createClaim' || type === 'createPod';
const isForAll = ({ type }: Action) => type === 'createService' || type === 'createRevision';

/** `done` in the order in which it was done. */
export function tellDone(events: Events, app: ObservedApp, done: readonly Action[]): void {
  const told = new Map<string, { readonly reason: string; readonly actions: Action[] }>();
  const first = done.find(isForMember);
  for (const action of done) {
    // What all members stand on is told with the first of them.
    const about = first !== undefined && isForAll(action) ? first : action;
    const reason = REASONS[about.type];
    if (reason === undefined) continue;
    const key = 'ordinal' in about ? `${about.ordinal} ${reason}` : actionKey(about);
    const together = told.get(key) ?? { reason, actions: [] };
    together.actions.push(action);
    told.set(key, together);
  }
  for (const { reason, actions } of told.values())
    events.tell(app, { type: 'Normal', reason, message: describeTogether(actions) });
}

// What a pass did, as Events: what one member got in it, its claims and its pod, is one of them, and what all members stand on is told
// with the first. They come at the pace at which progress is told in the status. Lacks refusals, which are told as they come (execute.ts).

import { actionKey, describeTogether } from '../plan/describe.ts';
import type { Action, ObservedApp } from '../plan/types.ts';
import type { Events } from './events.ts';
import { progressMs } from './status-pace.ts';

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

export interface Tidings {
  readonly app: ObservedApp;
  /** In the order in which it was done. */
  readonly done: readonly Action[];
  /** How long the app had to wait for this pass. */
  readonly waitedMs: number;
}

export function tellDone(events: Events, { app, done, waitedMs }: Tidings): void {
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
    events.tell(app, { type: 'Normal', reason, message: describeTogether(actions) }, progressMs(waitedMs));
}

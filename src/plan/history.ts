// Revisions that nobody needs any more: all but the newest `revisionHistoryLimit` of those that no member runs or comes
// to. Matches truncateHistory of Kubernetes pkg/controller/statefulset/stateful_set_control.go.

import type { RevisionView } from '../identity/revision.ts';
import { ledgerOf, type Scene } from './scene.ts';
import type { Action } from './types.ts';

export function planHistory(scene: Scene): readonly Action[] {
  const { observed, spec, revisions } = scene;
  const live = new Set([revisions.update, revisions.current, revisions.goal, ...inUse(scene)]);
  const unused = observed.revisions
    .filter((view) => isOwn(scene, view) && !live.has(view.hash))
    .sort((a, b) => b.number - a.number);
  return unused.slice(spec.revisionHistoryLimit).map(({ name, uid, resourceVersion }) => ({
    type: 'deleteRevision',
    name,
    uid,
    resourceVersion,
    reason: `no member runs it, and revisionHistoryLimit ${spec.revisionHistoryLimit} newer ones are kept`,
  }));
}

const isOwn = ({ observed }: Scene, { ownerUid, labelled }: RevisionView) => ownerUid === observed.app.uid && labelled;

/**
 * By pods that are there, whoever wants them, and by what the ledger says, also of those that nobody wants any more: until
 * the ledger has forgotten them, they may be wanted again, and would come back as they were (simulator, seed 15).
 */
function inUse({ observed }: Scene): readonly string[] {
  const pods = observed.pods.map(({ revision }) => revision);
  const entries = [...ledgerOf(observed).values()].flatMap(({ revision, updateTo }) => [revision, updateTo]);
  return [...pods, ...entries].filter((hash) => typeof hash === 'string');
}

// Revisions that nobody needs any more: all but the newest `revisionHistoryLimit` of those that no member runs or comes
// to. Matches truncateHistory of Kubernetes pkg/controller/statefulset/stateful_set_control.go.

import type { RevisionView } from '../identity/revision.ts';
import type { Scene } from './scene.ts';
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

/** By pods that are there, whoever wants them, and by what the ledger says of those that are not. */
function inUse({ observed, wanted, condemned, vanished }: Scene): readonly string[] {
  const pods = observed.pods.map(({ revision }) => revision);
  const entries = [...wanted, ...condemned, ...vanished].flatMap(({ ledger }) => [ledger?.revision, ledger?.updateTo]);
  return [...pods, ...entries].filter((hash) => typeof hash === 'string');
}

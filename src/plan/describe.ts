// One English sentence per action, for Events, logs and tests; and the key under which a refused action is remembered.

import type { Action, ActionType } from './types.ts';

const VERBS: Readonly<Record<ActionType, string>> = {
  survey: 'look for a StatefulSet of this name and for pods that match the selector',
  look: 'read',
  readVolume: 'read PersistentVolume',
  readNode: 'read Node',
  createService: 'create Service',
  applyService: 'mend Service',
  releaseService: 'release Service',
  adoptService: 'adopt Service',
  createRevision: 'record ControllerRevision',
  renumberRevision: 'make newest ControllerRevision',
  adoptRevision: 'adopt ControllerRevision',
  deleteRevision: 'delete ControllerRevision',
  createClaim: 'create PersistentVolumeClaim',
  stampClaim: 'take over PersistentVolumeClaim',
  changeClaim: 'change PersistentVolumeClaim',
  labelClaim: 'label PersistentVolumeClaim',
  keepClaim: 'set the owner of PersistentVolumeClaim',
  deleteClaim: 'delete PersistentVolumeClaim',
  createPod: 'create Pod',
  adoptPod: 'adopt Pod',
  releasePod: 'release Pod',
  deletePod: 'delete Pod',
};

/** The name of the object that the action is about; empty for a survey. */
export function subjectOf(action: Action): string {
  if (action.type === 'survey') return '';
  return 'object' in action ? action.object.metadata.name : action.name;
}

export function actionKey(action: Action): string {
  return keyOf(action.type, subjectOf(action));
}

/** The key of an action of this type on the object of this name. */
export function keyOf(type: ActionType, subject: string): string {
  return `${type}/${subject}`;
}

/** Reads change nothing at the API server; all other actions are writes. */
export function isRead({ type }: Action): boolean {
  return type === 'survey' || type === 'look' || type === 'readVolume' || type === 'readNode';
}

/** "create Pod web-1: web-1 is wanted and does not exist" */
export function describe(action: Action): string {
  return `${deedOf(action)}: ${action.reason}`;
}

/** The same of what was done one after the other; why, the last one says: "create PersistentVolumeClaim data-web-1, create Pod web-1: …" */
export function describeTogether(actions: readonly Action[]): string {
  return `${actions.map(deedOf).join(', ')}: ${actions.at(-1)?.reason ?? ''}`;
}

function deedOf(action: Action): string {
  const kind = action.type === 'look' ? ` ${action.kind}` : '';
  return [VERBS[action.type] + kind, subjectOf(action)].filter(Boolean).join(' ');
}

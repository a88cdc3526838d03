// Who owns an object. Ownership is by UID, never by name or label alone (R3).

import { API_VERSION, KIND } from '../api/names.ts';
import { isObject, listAt, stringAt } from './json.ts';

export interface AppRef {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

export interface Controller {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** The owner reference that makes us the controller. blockOwnerDeletion is left out: it needs a grant we do without. */
export function controllerRef(app: AppRef): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
} {
  return { apiVersion: API_VERSION, kind: KIND, name: app.name, uid: app.uid, controller: true };
}

/** The owner reference with `controller: true`, if there is one. */
export function controllerOf(metadata: unknown): Controller | null {
  const found = listAt(metadata, 'ownerReferences').find((ref) => isObject(ref) && ref['controller'] === true);
  if (found === undefined) return null;
  const [kind, name, uid] = ['kind', 'name', 'uid'].map((field) => stringAt(found, field) ?? '');
  return { kind: kind ?? '', name: name ?? '', uid: uid ?? '' };
}

/** An owner reference, with what else it holds: whoever replaces the list has to keep it. */
export interface OwnerView extends Controller {
  readonly controller: boolean;
  readonly raw: object;
}

export function ownersIn(metadata: unknown): readonly OwnerView[] {
  return listAt(metadata, 'ownerReferences')
    .filter(isObject)
    .map((raw) => {
      const [kind = '', name = '', uid = ''] = ['kind', 'name', 'uid'].map((field) => stringAt(raw, field));
      return { kind, name, uid, controller: raw['controller'] === true, raw };
    });
}

// Label selectors: the app's own, and whether a pod matches. Matches apimachinery's labels.Selector semantics
// (pkg/labels/selector.go, Requirement.Matches). Lacks parsing of selector strings: only we write those.

import { LABEL } from '../api/names.ts';
import { isObject, listAt, objectAt, stringAt, stringMap } from './json.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** The selector as written, or the default one, which every pod of ours matches. */
export function selectorOf(app: string, selector: unknown): unknown {
  return isObject(selector) ? selector : { matchLabels: { [LABEL.app]: app } };
}

function requirements(selector: unknown): readonly Requirement[] {
  const equal = Object.entries(stringMap(objectAt(selector, 'matchLabels')));
  const expressions = listAt(selector, 'matchExpressions').map((expression) => ({
    key: stringAt(expression, 'key') ?? '',
    operator: stringAt(expression, 'operator') ?? '',
    values: listAt(expression, 'values').filter((value) => typeof value === 'string'),
  }));
  return [...equal.map(([key, value]) => ({ key, operator: 'In', values: [value] })), ...expressions];
}

function meets(labels: Readonly<Record<string, string>>, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false; // an operator that we do not know selects nothing
  }
}

export function matches(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  return requirements(selector).every((requirement) => meets(labels, requirement));
}

/** The selector in its string form, for `status.selector` (the scale subresource) and for list calls. */
export function selectorText(selector: unknown): string {
  return requirements(selector)
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
        case 'NotIn':
          return `${key} notin (${values.join(',')})`;
        case 'DoesNotExist':
          return `!${key}`;
        default:
          return key;
      }
    })
    .join(',');
}

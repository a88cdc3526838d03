// Label and field selectors: text to a predicate, parsed once. Matches Kubernetes apimachinery pkg/labels/selector.go and
// pkg/fields. Lacks the operators `gt` and `lt`, which the API server takes for labels too and nobody here uses.
import { isObject } from './json.ts';
import type { Kind } from './kinds.ts';
import type { Stored } from './types.ts';

export type Predicate = (object: Stored) => boolean;
/** A text is why it was refused. */
export type Parsed = Predicate | string;

const everything: Predicate = () => true;
const parsed = new Map<string, Parsed>();
const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export function labelSelector(text: string | undefined): Parsed {
  if (text === undefined || text.trim() === '') return everything;
  let predicate = parsed.get(text);
  if (predicate === undefined) {
    predicate = conjunction(splitTerms(text).map(labelTerm), text);
    parsed.set(text, predicate);
  }
  return predicate;
}

function conjunction(terms: readonly (Predicate | undefined)[], text: string): Parsed {
  const good = terms.filter((term) => term !== undefined);
  if (good.length < terms.length) return `unable to parse requirement: ${text}`;
  return good.length === 1 && good[0] !== undefined ? good[0] : (object) => good.every((term) => term(object));
}

/** At commas, save those inside parentheses. */
function splitTerms(text: string): readonly string[] {
  return text.split(/,(?![^(]*\))/).map((term) => term.trim());
}

function labelTerm(term: string): Predicate | undefined {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    const within = (value: string | undefined) => value !== undefined && values.has(value);
    return labelTest(key, operator === 'in' ? within : (value) => !within(value));
  }
  const equation = /^([^=!\s]+)\s*(==|=|!=)\s*(.*)$/.exec(term);
  if (equation !== null) {
    const [, key = '', operator, wanted] = equation;
    return labelTest(key, operator === '!=' ? (value) => value !== wanted : (value) => value === wanted);
  }
  if (term.startsWith('!')) return labelTest(term.slice(1).trim(), (value) => value === undefined);
  return labelTest(term, (value) => value !== undefined);
}

function labelTest(key: string, test: (value: string | undefined) => boolean): Predicate | undefined {
  if (!KEY.test(key)) return undefined;
  return ({ metadata: { labels } }) =>
    test(labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined);
}

export function fieldSelector(kind: Kind, text: string | undefined): Parsed {
  if (text === undefined || text.trim() === '') return everything;
  const id = `${kind.plural}?${text}`;
  let predicate = parsed.get(id);
  if (predicate === undefined) {
    predicate = parseFields(kind, text);
    parsed.set(id, predicate);
  }
  return predicate;
}

function parseFields(kind: Kind, text: string): Parsed {
  const terms: Predicate[] = [];
  for (const term of text.split(',')) {
    const equation = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
    if (equation === null) return `invalid field selector: ${term}`;
    const [, path = '', operator, wanted = ''] = equation;
    if (!['metadata.name', 'metadata.namespace', ...kind.fields].includes(path)) {
      return `field label not supported: ${path}`;
    }
    const keys = path.split('.');
    terms.push((object) => (fieldOf(object, keys) === wanted) === (operator !== '!='));
  }
  return (object) => terms.every((term) => term(object));
}

/** An absent field is the empty text (registry/core/pod/strategy.go, ToSelectableFields). */
function fieldOf(object: Stored, keys: readonly string[]): string {
  let value: unknown = object;
  for (const key of keys) value = isObject(value) ? value[key] : undefined;
  return value === undefined || value === null ? '' : String(value);
}

/** Both selectors of a query as one predicate; a text is why it was refused. */
export function selection(kind: Kind, query: Readonly<Record<string, string>>): Parsed {
  const labels = labelSelector(query['labelSelector']);
  if (typeof labels === 'string') return labels;
  const fields = fieldSelector(kind, query['fieldSelector']);
  if (typeof fields === 'string' || fields === everything) return typeof fields === 'string' ? fields : labels;
  return labels === everything ? fields : (object) => labels(object) && fields(object);
}

export const selectsAll = (predicate: Predicate) => predicate === everything;

// Turns zod's issues into sentences for users: "path: what is wrong, and what to do". Lacks the rules' own messages,
// which are sentences already (rules.ts).
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text.replace(/^\./, '') || 'object';
}

const NEWER = 'may be newer than this operator: upgrade the operator, or';
const quoted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join(', ');

/** What a bound counts: characters of a string, items of a list, or the value of a number itself. */
const unitOf = (origin: string): string => ({ string: ' characters', array: ' items' })[origin] ?? '';

function sentence(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has unknown fields: ${quoted(issue.keys)} ${NEWER} remove them`;
    case 'invalid_value':
      return `is ${quoted([issue.input])}, but must be one of ${quoted(issue.values)}; it ${NEWER} change it`;
    case 'invalid_type':
      return issue.input === undefined ? 'is required, and missing' : `must be of type ${issue.expected}; correct it`;
    case 'invalid_union':
      return 'must be an integer or a string of at most 16 characters; correct it';
    case 'too_small':
      return `must be at least ${issue.minimum}${unitOf(issue.origin)}; correct it`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}; correct it`;
    default:
      return issue.message;
  }
}

/** One line per issue, in zod's order. */
export function problemsOf(error: z.ZodError): readonly string[] {
  return error.issues.map((issue) => `${pathOf(issue.path)}: ${sentence(issue)}`);
}

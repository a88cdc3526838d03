// Turns zod's issues into sentences for users: "path: what is wrong, and what to do". Lacks the rules' own messages,
// which are sentences already (rules.ts).
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text.replace(/^\./, '') || 'object';
}

const NEWER = 'it may be newer than this operator: upgrade the operator, or';

function sentence(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `this operator does not know ${issue.keys.map((key) => `"${key}"`).join(', ')}; ${NEWER} remove it`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}; another value is not known here: ${NEWER} change it`;
    case 'invalid_type':
      return issue.input === undefined ? `is required (${issue.expected})` : `must be of type ${issue.expected}`;
    default:
      return issue.message;
  }
}

/** One line per issue, in zod's order. */
export function problemsOf(error: z.ZodError): readonly string[] {
  return error.issues.map((issue) => `${pathOf(issue.path)}: ${sentence(issue)}`);
}

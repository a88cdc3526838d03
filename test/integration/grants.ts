// What the operator is allowed to do (the chart's files of rules) and what it did (the audit log), in the same words:
// "patch statefulapp.dev/statefulapps/status".

import { readFileSync } from 'node:fs';
import { OPERATOR_USER, type Rule, rules } from '../../e2e/operator/install.ts';

export function grants(): readonly string[] {
  return granted([...rules('namespaced'), ...rules('cluster'), ...rules('lease')]);
}

/** Each right of these rules once, sorted. */
export function granted(all: readonly Rule[]): readonly string[] {
  const words = all.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );
  return [...new Set(words)].sort();
}

interface Entry {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly apiGroup?: string; readonly resource?: string; readonly subresource?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What this user asked for and was allowed, and what it asked for and was not: by RBAC, not by admission. */
export function usage(
  auditLog: string | undefined,
  operator = OPERATOR_USER,
): {
  readonly used: readonly string[];
  readonly denied: readonly string[];
} {
  const used = new Set<string>();
  const denied = new Set<string>();
  for (const line of readFileSync(auditLog ?? '', 'utf8').split('\n')) {
    if (!line.includes(operator) || !line.endsWith('}')) continue;
    const { verb, user, objectRef, annotations }: Entry = JSON.parse(line);
    if (user.username !== operator) continue;
    const { apiGroup = '', resource = '?', subresource } = objectRef ?? {};
    const what = `${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    (annotations?.['authorization.k8s.io/decision'] === 'allow' ? used : denied).add(what);
  }
  return { used: [...used].sort(), denied: [...denied].sort() };
}

// What the operator is allowed to do (the chart's files of rules) and what it did (the audit log), in the same words:
// "patch statefulapp.dev/statefulapps/status".

import { readFileSync } from 'node:fs';
import { OPERATOR_USER, rules } from '../../e2e/operator/install.ts';

export function grants(): readonly string[] {
  const all = [...rules('namespaced'), ...rules('cluster'), ...rules('lease')].flatMap(
    ({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
  );
  return [...new Set(all)].sort();
}

interface Entry {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly apiGroup?: string; readonly resource?: string; readonly subresource?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What was asked for and allowed, and what was asked for and not: by RBAC, not by admission. Of users whose names begin so. */
export function usage(
  auditLog: string | undefined,
  users = OPERATOR_USER,
): {
  readonly used: readonly string[];
  readonly denied: readonly string[];
} {
  const used = new Set<string>();
  const denied = new Set<string>();
  for (const line of readFileSync(auditLog ?? '', 'utf8').split('\n')) {
    if (!line.includes(users) || !line.endsWith('}')) continue;
    const { verb, user, objectRef, annotations }: Entry = JSON.parse(line);
    if (!user.username.startsWith(users)) continue;
    const { apiGroup = '', resource = '?', subresource } = objectRef ?? {};
    const what = `${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    (annotations?.['authorization.k8s.io/decision'] === 'allow' ? used : denied).add(what);
  }
  return { used: [...used].sort(), denied: [...denied].sort() };
}

// What the operator is allowed to do (e2e/operator/rbac.yaml) and what it did (the audit log), in the same words:
// "patch statefulapp.dev/statefulapps/status".

import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { OPERATOR_USER } from '../../e2e/operator/install.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export function grants(): readonly string[] {
  const text = readFileSync(new URL('../../e2e/operator/rbac.yaml', import.meta.url), 'utf8');
  const documents = parseAllDocuments(text).map((document) => document.toJS() as { readonly rules?: readonly Rule[] });
  const rules = documents.flatMap(({ rules = [] }) => rules);
  const all = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );
  return [...new Set(all)].sort();
}

interface Entry {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly apiGroup?: string; readonly resource?: string; readonly subresource?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What was asked for and allowed, and what was asked for and not: by RBAC, not by admission. */
export function usage(auditLog: string | undefined): {
  readonly used: readonly string[];
  readonly denied: readonly string[];
} {
  const used = new Set<string>();
  const denied = new Set<string>();
  for (const line of readFileSync(auditLog ?? '', 'utf8').split('\n')) {
    if (!line.includes(OPERATOR_USER) || !line.endsWith('}')) continue;
    const { verb, user, objectRef, annotations }: Entry = JSON.parse(line);
    if (!user.username.startsWith(OPERATOR_USER)) continue;
    const { apiGroup = '', resource = '?', subresource } = objectRef ?? {};
    const what = `${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    (annotations?.['authorization.k8s.io/decision'] === 'allow' ? used : denied).add(what);
  }
  return { used: [...used].sort(), denied: [...denied].sort() };
}

// Every rule on the spec that its shape cannot express (rule.ts says how a rule is written; app-rules.ts has those that
// need the app's name). What they match in
// StatefulSet is cited from Kubernetes 1.36. Lacks what only the cluster knows: quotas, storage classes, other objects.
import { LABEL, MAX_EXCLUDED, MAX_REPLICAS } from './names.ts';
import type { Rule } from './rule.ts';
import { DNS_LABEL, MAX_DNS_LABEL, MAX_INT32, PERCENT } from './scalars.ts';

export type Labels = { readonly [name: string]: string };
interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[] | undefined;
}
export interface Selector {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?: readonly Expression[] | undefined;
}
interface Ordinals {
  readonly start: number;
  readonly excluded: readonly number[];
}
export interface Spec {
  readonly replicas: number;
  readonly ordinals: Ordinals;
  readonly selector?: Selector | undefined;
  readonly serviceName?: string | undefined;
  readonly volumeClaimTemplates?: readonly unknown[] | undefined;
  readonly template: { readonly metadata?: { readonly labels?: Labels | undefined } | undefined };
}

const pattern = (regex: RegExp) => `'${regex.source}'`;
const isLabel = (text: string) => text.length <= MAX_DNS_LABEL && DNS_LABEL.test(text);

export const replicasBounded: Rule<number> = {
  cel: `self <= ${MAX_REPLICAS}`,
  message: `an app has at most ${MAX_REPLICAS} members, since its status records each and must fit into one object; use several apps`,
  holds: (replicas) => replicas <= MAX_REPLICAS,
};

/** IsValidPercent, ValidatePositiveIntOrPercent, IsNotMoreThan100Percent; 0 is refused as in StatefulSet. */
export const maxUnavailableValid: Rule<number | string> = {
  cel: `type(self) == int ? self >= 1 : self.matches(${pattern(PERCENT)})`,
  message:
    'must be a number of members from 1 or a percentage from 1% to 100%; to hold updates back set paused or partition',
  holds: (value) => (typeof value === 'number' ? value >= 1 : PERCENT.test(value)),
};

/** ValidateStatefulSetSpec: serviceName is an RFC 1123 label, or empty. */
export const serviceNameValid: Rule<string> = {
  cel: `self == '' || self.matches(${pattern(DNS_LABEL)})`,
  message:
    'must be the name of a Service, since members are found under it in DNS: lower case letters, digits and "-", first and last no "-"; correct it or leave it out to get a Service named like the app',
  holds: (name) => name === '' || isLabel(name),
};

/** A claim template's name is also the name of a volume of the pod, which must be an RFC 1123 label. */
export const claimNameValid: Rule<string> = {
  cel: `self.matches(${pattern(DNS_LABEL)})`,
  message:
    'must be lower case letters, digits and "-", first and last no "-", since the pod\'s volume has this name; rename it, here and in volumeMounts',
  holds: isLabel,
};

export const claimNamesUnique: Rule<readonly { readonly metadata: { readonly name: string } }[]> = {
  cel: 'self.all(one, self.exists_one(other, other.metadata.name == one.metadata.name))',
  message: 'two claim templates have the same name, and so would their claims; rename one of them',
  holds: (claims) => new Set(claims.map(({ metadata }) => metadata.name)).size === claims.length,
};

/** ValidateStatefulSetSpec: "empty selector is invalid for statefulset". */
export const selectorNotEmpty: Rule<Selector> = {
  cel: 'self.?matchLabels.orValue({}).size() > 0 || self.?matchExpressions.orValue([]).size() > 0',
  message:
    'an empty selector selects every pod of the namespace; leave selector out to get the default, or select labels of the template',
  holds: ({ matchLabels, matchExpressions }) =>
    Object.keys(matchLabels ?? {}).length > 0 || (matchExpressions ?? []).length > 0,
};

/** unversioned ValidateLabelSelectorRequirement. */
export const expressionValid: Rule<Expression> = {
  cel: "(self.operator in ['In', 'NotIn']) == (self.?values.orValue([]).size() > 0)",
  message:
    'operators In and NotIn compare with values and need at least one, Exists and DoesNotExist take none; correct values or operator',
  holds: ({ operator, values }) => (operator === 'In' || operator === 'NotIn') === (values ?? []).length > 0,
};

/** ValidateStatefulSetSpec: restartPolicy Always only, activeDeadlineSeconds forbidden. */
export const restartsAlways: Rule<{ readonly spec: { readonly restartPolicy?: string | undefined } }> = {
  cel: "self.spec.?restartPolicy.orValue('Always') == 'Always'",
  message: 'members run for ever, so only Always is possible; remove restartPolicy, or use a Job for work that ends',
  at: ['spec', 'restartPolicy'],
  holds: ({ spec }) => (spec.restartPolicy ?? 'Always') === 'Always',
};
export const noDeadline: Rule<{ readonly spec: { readonly activeDeadlineSeconds?: number | undefined } }> = {
  cel: '!has(self.spec.activeDeadlineSeconds)',
  message:
    'members run for ever, so a deadline is not possible; remove activeDeadlineSeconds, or use a Job for work that ends',
  at: ['spec', 'activeDeadlineSeconds'],
  holds: ({ spec }) => spec.activeDeadlineSeconds === undefined,
};

/** Above every ordinal that the spec can want: exact but for excluded ordinals beyond the last member. */
export const end = ({ replicas, ordinals }: Spec) => ordinals.start + replicas + ordinals.excluded.length;
export const celEnd = (spec: string) => `${spec}.ordinals.start + ${spec}.replicas + ${spec}.ordinals.excluded.size()`;

export const ordinalsFit: Rule<Spec> = {
  mostly: `self.ordinals.start <= ${MAX_INT32 - MAX_REPLICAS - MAX_EXCLUDED} && self.replicas <= ${MAX_REPLICAS}`,
  cel: `${celEnd('self')} <= ${MAX_INT32}`,
  message: `ordinals are numbers below 2^31, and start + replicas + the number of excluded ones is beyond; choose a lower start`,
  at: ['ordinals', 'start'],
  holds: (spec) => end(spec) <= MAX_INT32,
};

const labelsOf = ({ template }: Spec): Labels => template.metadata?.labels ?? {};
const own = (labels: Labels, key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
// CEL estimates a rule's cost by the bounds of the fields it names, and knows none behind orValue(): hence has().
const LABELS = 'self.template.metadata.labels';
const labelled = (key: string) => `has(self.template.metadata) && has(${LABELS}) && ${key} in ${LABELS}`;

/** ValidatePodTemplateSpecForStatefulSet. Our own label need not stand in the template, as the operator adds it. */
export const selectorMatches: Rule<Spec> = {
  cel: `!has(self.selector) || !has(self.selector.matchLabels) || self.selector.matchLabels.all(key, key == '${LABEL.app}' || ${labelled('key')} && ${LABELS}[key] == self.selector.matchLabels[key])`,
  message:
    'the selector must match the labels of the template, or the app could not find its own pods; give template.metadata.labels every label of matchLabels',
  at: ['selector', 'matchLabels'],
  holds: (spec) =>
    Object.entries(spec.selector?.matchLabels ?? {}).every(
      ([key, value]) => key === LABEL.app || own(labelsOf(spec), key) === value,
    ),
};

const fits = ({ key, operator, values = [] }: Expression, labels: Labels): boolean => {
  const value = own(labels, key);
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  return (value !== undefined && values.includes(value)) === (operator === 'In');
};
export const expressionsMatch: Rule<Spec> = {
  cel:
    '!has(self.selector) || !has(self.selector.matchExpressions) || self.selector.matchExpressions.all(one, ' +
    `one.operator == 'Exists' ? ${labelled('one.key')} : one.operator == 'DoesNotExist' ? !(${labelled('one.key')}) : ` +
    `(${labelled('one.key')} && has(one.values) && ${LABELS}[one.key] in one.values) == (one.operator == 'In'))`,
  message:
    'the selector must match the labels of the template, or the app could not find its own pods; change template.metadata.labels or matchExpressions',
  at: ['selector', 'matchExpressions'],
  holds: (spec) => (spec.selector?.matchExpressions ?? []).every((one) => fits(one, labelsOf(spec))),
};

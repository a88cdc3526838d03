// Rules on the whole object: those that need the app's name. They never block an update that does not concern them
// (status writes, finalizers, scaling down), also on objects stored before the rule existed: see Rule.unless.
// Lacks a limit on claim names: claim template (63) + app (63) + ordinal (10) stay far below a claim's 253 characters.
import { LABEL, LEDGER, MAX_CLAIM_TEMPLATES } from './names.ts';
import type { Immutable, Rule } from './rule.ts';
import { celEnd, end, type Labels, type Selector, type Spec } from './rules.ts';
import { DNS_LABEL, MAX_DNS_LABEL, MAX_INT32 } from './scalars.ts';

interface App {
  readonly metadata: { readonly name: string };
  readonly spec: Spec;
}

/** A name never changes, so these judge it at creation only, as ValidateStatefulSetUpdate does. */
const ON_CREATE = 'true';

/** ValidateStatefulSetName: an RFC 1123 label. */
export const nameIsLabel: Rule<App> = {
  cel: `self.metadata.name.matches('${DNS_LABEL.source}')`,
  message:
    'the name of the app begins the host names of its members, so it has only lower case letters, digits and "-", first and last no "-"; choose another name',
  at: ['metadata', 'name'],
  unless: ON_CREATE,
  holds: ({ metadata }) => DNS_LABEL.test(metadata.name),
};

const podNameLength = ({ metadata, spec }: App) => metadata.name.length + `-${end(spec) - 1}`.length;
const LAST = `(${celEnd('self.spec')} - 1)`;

/** `<app>-<ordinal>` is a pod name, its host name and the value of the label pod-name: 63 characters. */
export const podNamesFit: Rule<App> = {
  mostly: `self.metadata.name.size() <= ${MAX_DNS_LABEL - `-${MAX_INT32}`.length}`,
  cel: `self.metadata.name.size() + 1 + string(${LAST}).size() <= ${MAX_DNS_LABEL}`,
  message: `the name of the app, "-" and the highest ordinal are the host name of the last member, which has at most ${MAX_DNS_LABEL} characters; choose a shorter name, or fewer replicas or a lower ordinals.start`,
  at: ['metadata', 'name'],
  unless: `${celEnd('self.spec')} <= ${celEnd('oldSelf.value().spec')}`,
  holds: (app) => podNameLength(app) <= MAX_DNS_LABEL,
};

const claimsOf = ({ spec }: App) => spec.volumeClaimTemplates?.length ?? 0;
const celLedger = (app: string) =>
  `${app}.spec.replicas * (${LEDGER.perMember} + ${LEDGER.perClaim} * (has(${app}.spec.volumeClaimTemplates) ? ${app}.spec.volumeClaimTemplates.size() : 0))`;

/** status.members[] names every member and claim, and one object has a limited size in etcd. */
export const ledgerFits: Rule<App> = {
  mostly: `self.spec.replicas <= ${Math.floor(LEDGER.bytes / (LEDGER.perMember + LEDGER.perClaim * MAX_CLAIM_TEMPLATES))}`,
  cel: `${celLedger('self')} <= ${LEDGER.bytes}`,
  message:
    'the status records every member and its claims and must fit into one object: so many replicas with so many claims each do not; use fewer replicas or claims, or several apps',
  at: ['spec', 'replicas'],
  unless: `${celLedger('self')} <= ${celLedger('oldSelf.value()')}`,
  holds: (app) => app.spec.replicas * (LEDGER.perMember + LEDGER.perClaim * claimsOf(app)) <= LEDGER.bytes,
};

/** Names of Services begin with a letter (RFC 1035) where RelaxedServiceNameValidation, on from 1.36, is off. */
export const serviceNameUsable: Rule<App> = {
  cel: `self.spec.?serviceName.orValue('') != '' || self.metadata.name.matches('^[a-z]')`,
  message:
    'without serviceName the Service is named like the app, and names of Services begin with a letter on many clusters; set serviceName, or choose a name that begins with a letter',
  at: ['spec', 'serviceName'],
  unless: ON_CREATE,
  holds: ({ metadata, spec }) => (spec.serviceName ?? '') !== '' || /^[a-z]/.test(metadata.name),
};

const KEY = `'${LABEL.app}'`;
const claims = (labels: Labels | undefined, name: string) =>
  labels === undefined || !Object.hasOwn(labels, LABEL.app) || labels[LABEL.app] === name;

const celOwn = (app: string) =>
  `[${app}.spec.?selector.?matchLabels[?${KEY}].orValue(''), ${app}.spec.template.?metadata.?labels[?${KEY}].orValue('')]`;

/** Our own label has one value: the app's name. */
export const ownLabelIsName: Rule<App> = {
  mostly: `!self.spec.?selector.?matchLabels[?${KEY}].hasValue() && !self.spec.template.?metadata.?labels[?${KEY}].hasValue()`,
  cel: `self.spec.?selector.?matchLabels[?${KEY}].orValue(self.metadata.name) == self.metadata.name && self.spec.template.?metadata.?labels[?${KEY}].orValue(self.metadata.name) == self.metadata.name`,
  message: `the operator labels every pod with ${LABEL.app}, and its value is the name of the app; correct or remove this label in selector and template`,
  at: ['spec'],
  unless: `${celOwn('self')} == ${celOwn('oldSelf.value()')}`,
  holds: ({ metadata, spec }) =>
    claims(spec.selector?.matchLabels, metadata.name) && claims(spec.template.metadata?.labels, metadata.name),
};

const service = ({ metadata, spec }: App) => spec.serviceName || metadata.name;
const celService = (app: string) =>
  `(${app}.spec.?serviceName.orValue('') == '' ? ${app}.metadata.name : ${app}.spec.serviceName)`;

export const serviceNameFixed: Immutable<App> = {
  cel: `${celService('self')} == ${celService('oldSelf')}`,
  message:
    'serviceName is part of the DNS name of every member and cannot change; set it back, or delete the app with --cascade=orphan and create it again',
  at: ['spec', 'serviceName'],
  holds: (self, before) => service(self) === service(before),
};

const sorted = (labels: Labels) => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
const expressions = (selector: Selector | undefined) =>
  JSON.stringify(
    (selector?.matchExpressions ?? []).map(({ key, operator, values }) => [key, operator, values ?? null]),
  );
const labels = ({ metadata, spec }: App) =>
  sorted(spec.selector ? (spec.selector.matchLabels ?? {}) : { [LABEL.app]: metadata.name });
const celField = (app: string, field: string, absent: string) =>
  `(has(${app}.spec.selector) ? (has(${app}.spec.selector.${field}) ? ${app}.spec.selector.${field} : ${absent[0]}${absent.at(-1)}) : ${absent})`;
const celLabels = (app: string) => celField(app, 'matchLabels', `{${KEY}: ${app}.metadata.name}`);
const celExpressions = (app: string) => celField(app, 'matchExpressions', '[]');

/** As in every workload of apps/v1. Writing the default out, or removing it, is no change. */
export const selectorFixed: Immutable<App> = {
  mostly:
    '(has(self.spec.selector) ? has(oldSelf.spec.selector) && self.spec.selector == oldSelf.spec.selector : !has(oldSelf.spec.selector))',
  cel: `${celLabels('self')} == ${celLabels('oldSelf')} && ${celExpressions('self')} == ${celExpressions('oldSelf')}`,
  message:
    'selector is how the app, its Service and disruption budgets know the pods, and cannot change; set it back, or delete the app with --cascade=orphan and create it again',
  at: ['spec', 'selector'],
  holds: (self, before) =>
    labels(self) === labels(before) && expressions(self.spec.selector) === expressions(before.spec.selector),
};

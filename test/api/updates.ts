// Rows for what cannot change: the unit tests try them on updateProblems, the integration test on a real API server.
import { selectorFixed, serviceNameFixed } from '../../src/api/app-rules.ts';
import { type AppObject, app, type Fields, template } from './apps.ts';

export interface UpdateRow {
  readonly title: string;
  readonly before: AppObject;
  readonly now: AppObject;
  /** Its message, when refused. */
  readonly refused?: string;
}

const LABELS = { app: 'web', tier: 'db', 'statefulapp.dev/name': 'web' };
const of = (spec: Fields) => app({ template: template(LABELS), ...spec });
const row = (title: string, before: Fields, now: Fields): UpdateRow => ({ title, before: of(before), now: of(now) });
const refused = (rule: { readonly message: string }, made: UpdateRow): UpdateRow => ({
  ...made,
  refused: rule.message,
});

const DEFAULT = { matchLabels: { 'statefulapp.dev/name': 'web' } };
const OWN = { matchLabels: { app: 'web' } };
const TIER = { key: 'tier', operator: 'In', values: ['db'] };

export const UPDATES: readonly UpdateRow[] = [
  row(
    'everything else',
    {},
    { replicas: 2, podManagementPolicy: 'Parallel', minReadySeconds: 3, revisionHistoryLimit: 2 },
  ),
  row('claim templates', {}, { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] }),
  row('ordinals', { replicas: 3 }, { replicas: 2, ordinals: { start: 0, excluded: [1] } }),
  row('the default selector is written out', {}, { selector: DEFAULT }),
  row('the default selector is removed', { selector: DEFAULT }, {}),
  row('empty expressions are added', { selector: OWN }, { selector: { ...OWN, matchExpressions: [] } }),
  row(
    'empty labels are removed',
    { selector: { matchLabels: {}, matchExpressions: [TIER] } },
    { selector: { matchExpressions: [TIER] } },
  ),
  row('the default serviceName is written out', {}, { serviceName: 'web' }),
  row('the default serviceName is removed', { serviceName: 'web' }, {}),
  row('an empty serviceName is removed', { serviceName: '' }, {}),
  refused(selectorFixed, row('the selector changes', { selector: OWN }, { selector: { matchLabels: { tier: 'db' } } })),
  refused(
    selectorFixed,
    row('the selector is narrowed', { selector: OWN }, { selector: { matchLabels: { app: 'web', tier: 'db' } } }),
  ),
  refused(selectorFixed, row('another selector replaces the default', {}, { selector: OWN })),
  refused(selectorFixed, row('the selector is removed', { selector: OWN }, {})),
  refused(
    selectorFixed,
    row('an expression joins the default', {}, { selector: { ...DEFAULT, matchExpressions: [TIER] } }),
  ),
  refused(
    selectorFixed,
    row(
      'the values of an expression change',
      { selector: { matchExpressions: [TIER] } },
      { selector: { matchExpressions: [{ ...TIER, values: ['db', 'x'] }] } },
    ),
  ),
  refused(serviceNameFixed, row('serviceName changes', { serviceName: 'a' }, { serviceName: 'b' })),
  refused(serviceNameFixed, row('serviceName is removed', { serviceName: 'a' }, {})),
  refused(serviceNameFixed, row('another serviceName replaces the default', {}, { serviceName: 'b' })),
];

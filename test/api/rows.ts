// Rows for the rules of a single object (those of its shape are in shape-rows.ts): the unit tests try them on the operator's parseApp, the integration test on a
// real API server.
import * as onApp from '../../src/api/app-rules.ts';
import * as rules from '../../src/api/rules.ts';
import { type AppObject, app, claim, template } from './apps.ts';

/** Part of the message of each side. */
export interface Refusal {
  readonly operator: string;
  readonly server: string;
}
export interface Row {
  readonly title: string;
  readonly app: AppObject;
  readonly refused?: Refusal;
}

const fine = (title: string, object: AppObject): Row => ({ title, app: object });
const byRule = (title: string, { message }: { readonly message: string }, object: AppObject): Row => ({
  title,
  app: object,
  refused: { operator: message, server: message },
});
const named = (length: number, spec = {}) => app(spec, 'n'.repeat(length));
const OWN = 'statefulapp.dev/name';
const rolling = (rollingUpdate: object) => app({ updateStrategy: { rollingUpdate } });
const selecting = (selector: object, labels?: object) =>
  app({ selector, template: template(labels as Record<string, string> | undefined) });
const expression = (operator: string, values?: readonly string[], key = 'tier') =>
  selecting({ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }, { tier: 'db', app: 'web' });
export const claims = (...names: readonly string[]) => app({ volumeClaimTemplates: names.map(claim) });
export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

export const ACCEPTED: readonly Row[] = [
  fine('the least one can write', app()),
  fine('a pod name of 63 characters', named(61, { replicas: 10 })),
  fine('a name that begins with a digit, with a serviceName', app({ serviceName: 'three' }, '3scale')),
  fine('no members', app({ replicas: 0 })),
  fine('most members', app({ replicas: 4000 })),
  fine('most members with one claim each', app({ replicas: 2790, volumeClaimTemplates: [claim('data')] })),
  fine('the highest ordinal', app({ replicas: 1, ordinals: { start: 2147483646 } })),
  fine('excluded ordinals', app({ ordinals: { excluded: [1, 0, 7] } })),
  fine('most excluded ordinals', app({ ordinals: { excluded: numbers(1000) } })),
  fine('no Service named', app({ serviceName: '' })),
  fine('a Service whose name begins with a digit', app({ serviceName: '0' })),
  fine('the default selector written out', selecting({ matchLabels: { [OWN]: 'web' } })),
  fine('our own label in the template', app({ template: template({ [OWN]: 'web' }) })),
  fine('a selector that matches', selecting({ matchLabels: { a: 'b' } }, { a: 'b', c: 'd' })),
  fine('an empty label that matches', selecting({ matchLabels: { a: '' } }, { a: '' })),
  fine('an expression In', expression('In', ['cache', 'db'])),
  fine('an expression NotIn', expression('NotIn', ['cache'])),
  fine('an expression NotIn on a label that is not there', expression('NotIn', ['cache'], 'zone')),
  fine('an expression Exists', expression('Exists')),
  fine('an expression DoesNotExist', expression('DoesNotExist', undefined, 'zone')),
  fine('most claims', claims(...numbers(16).map((index) => `claim-${index}`))),
  fine('a claim name of 63 characters', claims('c'.repeat(63))),
  fine('maxUnavailable as a number beyond replicas', rolling({ maxUnavailable: 7 })),
  fine('maxUnavailable 100%', rolling({ maxUnavailable: '100%' })),
  fine('maxUnavailable 007%', rolling({ maxUnavailable: '007%' })),
  fine('a partition beyond replicas', rolling({ partition: 9 })),
  fine('restartPolicy Always', app({ template: template({}, { restartPolicy: 'Always' }) })),
  fine('null in every optional field', {
    ...app(NULLS()),
    status: { replicas: 0, conditions: null, members: null },
  }),
];

function NULLS() {
  const fields = ['replicas', 'selector', 'serviceName', 'volumeClaimTemplates', 'podManagementPolicy', 'paused'];
  const more = ['podRecoveryPolicy', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds', 'ordinals'];
  const objects = ['persistentVolumeClaimRetentionPolicy', 'volumeLossPolicy', 'nodeFailurePolicy'];
  return {
    ...Object.fromEntries([...fields, ...more, ...objects].map((field) => [field, null])),
    updateStrategy: { type: null, rollingUpdate: { partition: null, maxUnavailable: null, paused: null } },
    template: {
      metadata: { labels: null, annotations: { empty: null }, creationTimestamp: null },
      spec: {
        containers: [{ name: 'main', env: null }],
        restartPolicy: null,
        activeDeadlineSeconds: null,
        volumes: null,
      },
    },
  };
}

export const REFUSED_BY_RULE: readonly Row[] = [
  byRule('a name with a dot', onApp.nameIsLabel, app({}, 'web.prod')),
  byRule('a pod name of 64 characters', onApp.podNamesFit, named(62, { replicas: 1 + 1 + 9 })),
  byRule('a pod name of 64 characters through its start', onApp.podNamesFit, named(61, { ordinals: { start: 10 } })),
  byRule(
    'a pod name of 64 characters through exclusion',
    onApp.podNamesFit,
    named(61, { replicas: 10, ordinals: { excluded: [3] } }),
  ),
  byRule('a Service name that begins with a digit', onApp.serviceNameUsable, app({}, '3scale')),
  byRule(
    'our own label with another value in the selector',
    onApp.ownLabelIsName,
    selecting({ matchLabels: { [OWN]: 'db' } }),
  ),
  byRule(
    'our own label with another value in the template',
    onApp.ownLabelIsName,
    app({ template: template({ [OWN]: 'db' }) }),
  ),
  byRule('too many members', rules.replicasBounded, app({ replicas: 4001 })),
  byRule(
    'more members than their claims let fit',
    onApp.ledgerFits,
    app({ replicas: 2927, volumeClaimTemplates: [claim('data')] }),
  ),
  byRule('ordinals beyond 2^31', rules.ordinalsFit, app({ replicas: 2, ordinals: { start: 2147483646 } })),
  byRule(
    'ordinals beyond 2^31 through exclusion',
    rules.ordinalsFit,
    app({ ordinals: { start: 2147483646, excluded: [1] } }),
  ),
  byRule('an empty selector', rules.selectorNotEmpty, selecting({}, { a: 'b' })),
  byRule(
    'a selector with empty parts',
    rules.selectorNotEmpty,
    selecting({ matchLabels: {}, matchExpressions: [] }, { a: 'b' }),
  ),
  byRule('a selector of another value', rules.selectorMatches, selecting({ matchLabels: { a: 'b' } }, { a: 'c' })),
  byRule('a selector of another key', rules.selectorMatches, selecting({ matchLabels: { a: 'b' } }, { b: 'b' })),
  byRule('a selector, and no labels', rules.selectorMatches, selecting({ matchLabels: { a: 'b' } })),
  byRule(
    'a selector of a key that objects have',
    rules.selectorMatches,
    selecting({ matchLabels: { constructor: 'b' } }, { a: 'b' }),
  ),
  byRule('In of other values', rules.expressionsMatch, expression('In', ['cache'])),
  byRule('In of a label that is not there', rules.expressionsMatch, expression('In', ['db'], 'zone')),
  byRule('NotIn of its value', rules.expressionsMatch, expression('NotIn', ['db'])),
  byRule('Exists of a label that is not there', rules.expressionsMatch, expression('Exists', undefined, 'zone')),
  byRule('DoesNotExist of a label that is there', rules.expressionsMatch, expression('DoesNotExist')),
  byRule('In without values', rules.expressionValid, expression('In')),
  byRule('NotIn of no values', rules.expressionValid, expression('NotIn', [])),
  byRule('Exists with values', rules.expressionValid, expression('Exists', ['db'])),
  byRule('a Service name with a dot', rules.serviceNameValid, app({ serviceName: 'web.prod' })),
  byRule('a Service name with capitals', rules.serviceNameValid, app({ serviceName: 'Web' })),
  byRule('a Service name that ends in "-"', rules.serviceNameValid, app({ serviceName: 'web-' })),
  byRule('a claim name with a dot', rules.claimNameValid, claims('data.v1')),
  byRule('an empty claim name', rules.claimNameValid, claims('')),
  byRule('two claims of one name', rules.claimNamesUnique, claims('data', 'wal', 'data')),
  byRule('maxUnavailable 0', rules.maxUnavailableValid, rolling({ maxUnavailable: 0 })),
  byRule('maxUnavailable -1', rules.maxUnavailableValid, rolling({ maxUnavailable: -1 })),
  byRule('maxUnavailable 0%', rules.maxUnavailableValid, rolling({ maxUnavailable: '0%' })),
  byRule('maxUnavailable 101%', rules.maxUnavailableValid, rolling({ maxUnavailable: '101%' })),
  byRule('maxUnavailable "5"', rules.maxUnavailableValid, rolling({ maxUnavailable: '5' })),
  byRule('restartPolicy Never', rules.restartsAlways, app({ template: template({}, { restartPolicy: 'Never' }) })),
  byRule('a deadline', rules.noDeadline, app({ template: template({}, { activeDeadlineSeconds: 60 }) })),
];

// The chart's files agree with each other and with the sources that they speak of, as far as that can be seen without Helm.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { rules } from '../../e2e/operator/install.ts';
import { valuesSchema } from '../../scripts/chart/values.ts';
import { generated } from '../../scripts/generate.ts';
import { ANNOTATION, GROUP, PLURAL } from '../../src/api/names.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const chart = (path: string) => read(`charts/statefulapp-operator/${path}`);

describe('what is generated', () => {
  test.each(Object.entries(generated()))('%s is current: run `npm run generate` when this fails', (path, text) => {
    expect(read(path)).toBe(text);
  });
});

describe('values', () => {
  test('the defaults fit the schema, and every value of the schema has a default', () => {
    const defaults = valuesSchema.parse(parse(chart('values.yaml')));
    const named = Object.keys(valuesSchema.shape).filter((name) => name !== 'global');
    expect(Object.keys(defaults).sort()).toEqual(named.sort());
  });

  test('every line of values.yaml that begins a value is read by a template', () => {
    const templates = [
      '_helpers.tpl',
      'deployment.yaml',
      'guard.yaml',
      'networkpolicy.yaml',
      'poddisruptionbudget.yaml',
      'serviceaccount.yaml',
      'crd.yaml',
      'rbac/operator.yaml',
      'rbac/users.yaml',
      'cluster/admissionpolicy.yaml',
      'cluster/flowschema.yaml',
      'monitoring/dashboard.yaml',
      'monitoring/prometheusrule.yaml',
      'monitoring/service.yaml',
      'monitoring/servicemonitor.yaml',
    ].map((file) => chart(`templates/${file}`));
    const unread = leaves(parse(chart('values.yaml'))).filter(
      (path) => !templates.some((text) => mentions(text, path)),
    );
    expect(unread).toEqual([]);
  });
});

/** Paths of values that templates have to read: maps and lists that are passed on as a whole count as one. */
function leaves(values: object, prefix = ''): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isPassedOn = ['resources', 'metrics.dashboard.labels'].includes(path);
    const isEmpty = typeof value !== 'object' || Array.isArray(value) || Object.keys(value).length === 0;
    return isPassedOn || isEmpty ? [path] : leaves(value, path);
  });
}

/** `.Values.image.tag`, or `.tag` below a `with .Values.image`. */
function mentions(text: string, path: string): boolean {
  const [first = '', ...rest] = path.split('.');
  const escaped = (part: string) => part.replaceAll('.', '\\.');
  const whole = new RegExp(`\\.Values\\.${escaped(path)}\\b`);
  const within = new RegExp(`with \\.Values\\.${first} [^]*\\.${escaped(rest.join('.'))}\\b`);
  return whole.test(text) || (rest.length > 0 && within.test(text));
}

test('Chart.yaml has the version of the package, with which the image is tagged', () => {
  const { version, appVersion } = parse(chart('Chart.yaml'));
  const ours = JSON.parse(read('package.json')).version;
  expect({ version, appVersion }).toEqual({ version: ours, appVersion: ours });
});

test('the admission policy is about our kind, and looks at every request to the operator that an app can carry', () => {
  const policy = chart('templates/cluster/admissionpolicy.yaml');
  const requests = [ANNOTATION.acceptVolumeLoss, ANNOTATION.ignoreStatefulSet, ANNOTATION.rebuild];
  const condition = policy.slice(policy.indexOf('matchConditions'), policy.indexOf('variables:'));
  expect(condition.match(/'statefulapp\.dev\/[a-z-]+'/g)?.map((name) => name.slice(1, -1))).toEqual(requests);
  expect(policy).toContain(`apiGroups: [${GROUP}]`);
  expect(policy).toContain(`resources: [${PLURAL}]`);
  // Those that are read from an app: a new one has to be added to the policy, or to this list with a reason.
  const onOthers = ['appUid', 'ordinal', 'siblings', 'templateKeys', 'aliases', 'confirmedDead', 'safeToEvict'];
  expect(
    Object.keys(ANNOTATION)
      .filter((name) => !onOthers.includes(name))
      .sort(),
  ).toEqual(['acceptVolumeLoss', 'ignoreStatefulSet', 'rebuild']);
});

test('the rights have no wildcard, nothing secret, no way to more rights, and write nothing outside of namespaces', () => {
  const namespaced = [...rules('namespaced'), ...rules('lease')];
  const all = [...namespaced, ...rules('cluster')];
  const words = new Set(all.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]));
  const never = ['*', 'secrets', 'configmaps', 'pods/exec', 'impersonate', 'escalate', 'bind', 'deletecollection'];
  expect(never.filter((word) => words.has(word))).toEqual([]);
  expect([...words].filter((word) => /role|serviceaccount|webhook|ephemeralcontainers|finalizers/.test(word))).toEqual(
    [],
  );
  const reading = ['get', 'list', 'watch'];
  expect(rules('cluster').flatMap(({ verbs }) => verbs.filter((verb) => !reading.includes(verb)))).toEqual([]);
  expect(
    namespaced.flatMap(({ resources }) => resources).filter((one) => /^(nodes|persistentvolumes)$/.test(one)),
  ).toEqual([]);
});

test.each(['files/alerts.yaml', 'files/dashboard.json'])(
  '%s: every metric in it is one that the operator has',
  async (file) => {
    const metrics = await new Telemetry(1).registry.getMetricsAsJSON();
    const known = new Set(
      metrics.flatMap(({ name, type }) =>
        String(type) === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
      ),
    );
    const named = [...chart(file).matchAll(/\b([a-z]+(?:_[a-z]+)+)\{/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  },
);

// Random request traces: from a seed to a list of steps. Lacks any idea of what a server will answer.
import { PLURAL } from '../../src/api/names.ts';
import { type Plural, SELECTORS, STATUSES, typeOf } from './trace-content.ts';
import { Draw } from './trace-draw.ts';

export interface Step {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly plural: Plural;
  readonly name?: string;
  readonly subresource?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: unknown;
  /** PUT: the object as it was last answered, with `body` merged into it. */
  readonly onLast?: boolean;
  /** Lists: go on where the last list stopped. */
  readonly goOn?: boolean;
}

const TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

export interface Trace {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** Read at the end: everything of these kinds from the version that `from` had first. */
  readonly watches: readonly { readonly plural: Plural; readonly from: string; readonly selector?: string }[];
}

export function makeTrace(seed: number): Trace {
  const draw = new Draw(seed);
  const steps = Array.from({ length: 22 }, () => nextStep(draw));
  const watches = [draw.plural(), draw.plural()].map((plural) => ({
    plural,
    from: `${plural}/${draw.name()}`,
    ...(draw.chance(0.6) ? { selector: draw.pick(SELECTORS) } : {}),
  }));
  return { seed, steps, watches };
}

function nextStep(draw: Draw): Step {
  const plural = draw.plural();
  const roll = draw.roll();
  if (roll < 0.28) return create(draw, plural);
  if (roll < 0.46) return patch(draw, plural);
  if (roll < 0.56) return put(draw, plural);
  if (roll < 0.64) return writeStatus(draw, plural);
  if (roll < 0.8) return remove(draw, plural);
  if (roll < 0.86) return { method: 'GET', plural, name: draw.name(), ...maybeStatus(draw, plural) };
  if (roll < 0.95) return list(draw, plural);
  return special(draw, plural);
}

function maybeStatus(draw: Draw, plural: Plural): { readonly subresource?: string } {
  return draw.chance(0.2) && plural !== 'controllerrevisions' ? { subresource: 'status' } : {};
}

function create(draw: Draw, plural: Plural): Step {
  const { query, contentType: _type } = draw.dry();
  const name = draw.chance(0.04) ? draw.pick(['Bad_Name', 'a.b', '9x', `${'x'.repeat(64)}`]) : draw.name();
  const metadata = {
    name,
    ...draw.metadata(plural, 0.4),
    ...(draw.chance(0.05) ? { uid: 'mine', generation: 7 } : {}),
  };
  return { method: 'POST', plural, body: { ...typeOf(plural), metadata, ...draw.content(plural) }, ...query };
}

function patch(draw: Draw, plural: Plural): Step {
  const name = draw.name();
  const { query } = draw.dry();
  if (draw.chance(0.2))
    return { method: 'PATCH', plural, name, contentType: TYPES.json, body: operations(draw), ...query };
  const metadata = { ...draw.identity(plural, name), ...draw.metadata(plural, 0.5) };
  const body = { metadata, ...(draw.chance(0.4) ? draw.change(plural) : {}) };
  return { method: 'PATCH', plural, name, contentType: TYPES.merge, body, ...query };
}

function operations(draw: Draw): readonly unknown[] {
  return draw.pick([
    [{ op: 'add', path: '/metadata/labels', value: { app: 'json' } }],
    [{ op: 'replace', path: '/metadata/labels/app', value: 'db' }],
    [
      { op: 'test', path: '/metadata/labels/app', value: 'web' },
      { op: 'remove', path: '/metadata/labels/app' },
    ],
    [{ op: 'remove', path: '/metadata/finalizers/0' }],
    [{ op: 'remove', path: '/metadata/finalizers' }],
    [{ op: 'add', path: '/metadata/annotations/a~1b', value: 'x' }],
  ]);
}

function put(draw: Draw, plural: Plural): Step {
  const name = draw.name();
  const what = `${plural}/${name}`;
  const version = draw.pick([
    {},
    {},
    {},
    { resourceVersion: { $: 'first version', what } },
    { resourceVersion: null },
    { uid: { $: 'stranger', what } },
  ]);
  const body = {
    metadata: { ...draw.metadata(plural, 0.4), ...version },
    ...(draw.chance(0.4) ? draw.change(plural) : {}),
  };
  return { method: 'PUT', plural, name, onLast: true, body, ...draw.dry().query };
}

function writeStatus(draw: Draw, plural: Plural): Step {
  if (plural === 'controllerrevisions') return list(draw, plural);
  const name = draw.name();
  const status = draw.pick(STATUSES[plural]);
  const metadata = { ...draw.identity(plural, name), ...(draw.chance(0.15) ? draw.metadata(plural, 0.5) : {}) };
  const body = { metadata, status, ...(draw.chance(0.1) ? draw.change(plural) : {}) };
  const common = { plural, name, subresource: 'status', body, ...draw.dry().query } as const;
  return draw.chance(0.7)
    ? { ...common, method: 'PATCH', contentType: TYPES.merge }
    : { ...common, method: 'PUT', onLast: true };
}

function remove(draw: Draw, plural: Plural): Step {
  const name = draw.name();
  const what = `${plural}/${name}`;
  const preconditions = {
    ...(draw.chance(0.5) ? { uid: { $: draw.chance(0.85) ? 'uid' : 'stranger', what } } : {}),
    ...(draw.chance(0.3) ? { resourceVersion: { $: draw.chance(0.7) ? 'version' : 'first version', what } } : {}),
  };
  const grace = draw.chance(0.3) ? { gracePeriodSeconds: draw.pick([0, 1, 5, 100, -3]) } : {};
  const policy = draw.chance(0.35) ? { propagationPolicy: draw.pick(['Foreground', 'Background', 'Orphan']) } : {};
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, ...grace, ...policy };
  // With a body the query does not count: a dry run is said in the body then (delete.go, DeleteResource).
  const said = draw.chance(0.06) ? { query: { dryRun: 'All' } } : {};
  if (draw.chance(0.1)) return { method: 'DELETE', plural, name, ...said };
  return { method: 'DELETE', plural, name, body: draw.chance(0.06) ? { ...body, dryRun: ['All'] } : body, ...said };
}

function list(draw: Draw, plural: Plural): Step {
  const query = {
    ...(draw.chance(0.5) ? { labelSelector: draw.pick(SELECTORS) } : {}),
    ...(draw.chance(0.2)
      ? { fieldSelector: draw.pick(['metadata.name=a', 'metadata.name!=b', 'spec.nodeName=node-x']) }
      : {}),
  };
  if (draw.chance(0.4))
    return {
      method: 'GET',
      plural,
      query: { limit: draw.pick(['1', '2']) },
      ...(draw.chance(0.5) ? { goOn: true } : {}),
    };
  return { method: 'GET', plural, query };
}

/** What only one kind has. */
function special(draw: Draw, plural: Plural): Step {
  const name = draw.name();
  if (plural === PLURAL) {
    if (draw.chance(0.4)) return { method: 'GET', plural, name, subresource: 'scale' };
    const body = { metadata: draw.identity(plural, name), spec: { replicas: draw.pick([11, 12, 13]) } };
    return { method: 'PATCH', plural, name, subresource: 'scale', contentType: TYPES.merge, body };
  }
  if (plural === 'pods') {
    const body = {
      metadata: { name, ...(draw.chance(0.3) ? { uid: { $: 'uid', what: `pods/${name}` } } : {}) },
      target: { kind: 'Node', name: 'node-y' },
    };
    return { method: 'POST', plural, name, subresource: 'binding', body };
  }
  if (plural === 'services') return apply(draw, name);
  return { method: 'GET', plural, name: 'nobody' };
}

function apply(draw: Draw, name: string): Step {
  const body = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      ...draw.metadata('services', 0.3),
      ...(draw.chance(0.2) ? { uid: { $: 'uid', what: `services/${name}` } } : {}),
    },
    spec: {
      clusterIP: 'None',
      ...(draw.chance(0.6) ? { publishNotReadyAddresses: true } : {}),
      selector: { app: draw.pick(['web', 'db']) },
    },
  };
  const query = { fieldManager: draw.pick(['one', 'two']), ...(draw.chance(0.5) ? { force: 'true' } : {}) };
  return { method: 'PATCH', plural: 'services', name, contentType: TYPES.apply, body, query };
}

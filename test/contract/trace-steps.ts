// Random request traces: from a seed to a list of steps. A step may speak of what was answered before ("the uid of pod a",
// "the version it had at first"): trace-run.ts fills that in. Lacks any idea of what a server will answer.
import { API_VERSION, KIND, PLURAL } from '../../src/api/names.ts';
import { Random } from '../sim/random.ts';
import type { Json } from './wire-call.ts';

/** `what` is plural/name. */
export type Reference = { readonly $: 'uid' | 'version' | 'first version' | 'stranger'; readonly what: string };

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

export const PLURALS = ['pods', 'persistentvolumeclaims', 'services', 'controllerrevisions', PLURAL] as const;
export type Plural = (typeof PLURALS)[number];

export const ROOTS: Readonly<Record<Plural, string>> = {
  pods: '/api/v1',
  persistentvolumeclaims: '/api/v1',
  services: '/api/v1',
  controllerrevisions: '/apis/apps/v1',
  [PLURAL]: `/apis/${API_VERSION}`,
};

/** Labels of the object that ends a watch: each selector below selects it. */
export const MARKER = { app: 'web', rank: '1' };
const SELECTORS = ['app=web', 'app', 'rank in (1,2)', '!gone', 'app!=db', 'rank notin (3,4)', 'app==web,rank'];
const NAMES = ['a', 'b', 'c'] as const;
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
  const steps = Array.from({ length: 22 }, () => draw.step());
  const watches = [draw.plural(), draw.plural()].map((plural) => ({
    plural,
    from: `${plural}/${draw.name()}`,
    ...(draw.chance(0.6) ? { selector: draw.pick(SELECTORS) } : {}),
  }));
  return { seed, steps, watches };
}

class Draw {
  readonly #random: Random;
  /** A trace keeps to few kinds, so that its objects meet each other. */
  readonly #kinds: readonly Plural[];

  constructor(seed: number) {
    this.#random = new Random(seed, 'trace');
    this.#kinds = [this.pick(PLURALS), this.pick(PLURALS)];
  }

  chance(probability: number): boolean {
    return this.#random.chance(probability);
  }
  pick<Value>(values: readonly Value[]): Value {
    return this.#random.pick(values);
  }
  plural(): Plural {
    return this.pick(this.#kinds);
  }
  name(): string {
    return this.pick(NAMES);
  }

  step(): Step {
    const plural = this.plural();
    const roll = this.#random.next();
    if (roll < 0.28) return this.#create(plural);
    if (roll < 0.46) return this.#patch(plural);
    if (roll < 0.56) return this.#put(plural);
    if (roll < 0.64) return this.#writeStatus(plural);
    if (roll < 0.8) return this.#delete(plural);
    if (roll < 0.86) return { method: 'GET', plural, name: this.name(), ...this.#maybeStatus(plural) };
    if (roll < 0.95) return this.#list(plural);
    return this.#special(plural);
  }

  #maybeStatus(plural: Plural): { readonly subresource?: string } {
    return this.chance(0.2) && plural !== 'controllerrevisions' ? { subresource: 'status' } : {};
  }

  #create(plural: Plural): Step {
    const { query, contentType: _type } = this.#dry();
    const name = this.chance(0.04) ? this.pick(['Bad_Name', 'a.b', '', '9x', `${'x'.repeat(64)}`]) : this.name();
    const metadata = {
      name,
      ...this.#metadata(plural, 0.4),
      ...(this.chance(0.05) ? { uid: 'mine', generation: 7 } : {}),
    };
    return { method: 'POST', plural, body: { ...typeOf(plural), metadata, ...this.#content(plural) }, ...query };
  }

  #dry(): { readonly query: { readonly query?: Readonly<Record<string, string>> }; readonly contentType?: string } {
    return { query: this.chance(0.06) ? { query: { dryRun: 'All' } } : {} };
  }

  #metadata(plural: Plural, likely: number): Json {
    return {
      ...(this.chance(likely)
        ? {
            labels: this.pick([
              { app: 'web' },
              { app: 'db', rank: '2' },
              { rank: '1' },
              { app: 'web', rank: '3', gone: 'x' },
              {},
            ]),
          }
        : {}),
      ...(this.chance(likely / 2)
        ? { annotations: this.pick([{ note: 'x' }, { 'statefulapp.dev/ordinal': '1' }, null]) }
        : {}),
      ...(this.chance(likely / 2)
        ? { finalizers: this.pick([['example.com/a'], ['example.com/a', 'example.com/b'], [], ['orphan']]) }
        : {}),
      ...(this.chance(likely / 2) ? { ownerReferences: this.#owners(plural) } : {}),
    };
  }

  #owners(plural: Plural): readonly unknown[] {
    const owner = (name: string, controller?: boolean) => ({
      apiVersion: 'v1',
      kind: 'Thing',
      name,
      uid: { $: this.chance(0.5) ? 'uid' : 'stranger', what: `${plural}/${name}` },
      ...(controller === undefined ? {} : { controller }),
    });
    return this.pick([
      [owner('a', true)],
      [owner('b')],
      [owner('a', true), owner('b', false)],
      [owner('a', true), owner('b', true)],
      [],
    ]);
  }

  #content(plural: Plural): Json {
    const sent = this.chance(0.1) ? { status: { phase: 'Running', replicas: 3 } } : {};
    switch (plural) {
      case 'pods':
        return { spec: this.#podSpec(), ...sent };
      case 'persistentvolumeclaims':
        return { spec: claimSpec(this.pick(['1Gi', '2Gi']), this.chance(0.95)), ...sent };
      case 'services':
        return { spec: this.#serviceSpec(), ...sent };
      case 'controllerrevisions':
        return { revision: this.pick([1, 2]), data: { spec: { n: this.pick([1, 2]), none: null } } };
      default:
        return { spec: { ...this.#appSpec(), template: { spec: podSpec(this.pick(IMAGES)) } }, ...sent };
    }
  }

  #podSpec(): Json {
    const bound = this.chance(0.5) ? { nodeName: 'node-x' } : {};
    const grace = this.chance(0.4) ? { terminationGracePeriodSeconds: this.pick([0, 5, 60]) } : {};
    const more = this.chance(0.2) ? { hostname: 'host', subdomain: 'sub' } : {};
    return this.chance(0.04) ? { containers: [] } : { ...podSpec(this.pick(IMAGES)), ...bound, ...grace, ...more };
  }

  #serviceSpec(): Json {
    const ports = this.pick([
      [{ port: 80 }],
      [
        { name: 'http', port: 80 },
        { name: 'peer', port: 7000, protocol: 'TCP', targetPort: 'peer' },
      ],
    ]);
    return { ...(this.chance(0.7) ? { clusterIP: 'None' } : {}), selector: { app: this.pick(['web', 'db']) }, ports };
  }

  #appSpec(): Json {
    const replicas = this.chance(0.8) ? { replicas: this.pick([0, 1, 3, -1]) } : {};
    return {
      ...replicas,
      ...(this.chance(0.3) ? { minReadySeconds: 5, serviceName: this.pick(['web', 'other']) } : {}),
      ...(this.chance(0.1) ? { unknownField: 1 } : {}),
    };
  }

  /** Preconditions in metadata: right ones, old ones, none. */
  #identity(plural: Plural, name: string): Json {
    const what = `${plural}/${name}`;
    return {
      ...(this.chance(0.3) ? { uid: { $: this.chance(0.85) ? 'uid' : 'stranger', what } } : {}),
      ...(this.chance(0.3) ? { resourceVersion: { $: this.chance(0.75) ? 'version' : 'first version', what } } : {}),
    };
  }

  #patch(plural: Plural): Step {
    const name = this.name();
    const { query } = this.#dry();
    if (this.chance(0.2))
      return { method: 'PATCH', plural, name, contentType: TYPES.json, body: this.#operations(), ...query };
    const metadata = { ...this.#identity(plural, name), ...this.#metadata(plural, 0.5) };
    const body = { metadata, ...(this.chance(0.4) ? this.#change(plural) : {}) };
    return { method: 'PATCH', plural, name, contentType: TYPES.merge, body, ...query };
  }

  #operations(): readonly unknown[] {
    return this.pick([
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

  #change(plural: Plural): Json {
    const spec = this.pick(CHANGES[plural]);
    return plural === 'controllerrevisions' ? spec : { spec };
  }

  #put(plural: Plural): Step {
    const name = this.name();
    const what = `${plural}/${name}`;
    const version = this.pick([
      {},
      {},
      {},
      { resourceVersion: { $: 'first version', what } },
      { resourceVersion: null },
      { uid: { $: 'stranger', what } },
    ]);
    const body = {
      metadata: { ...this.#metadata(plural, 0.4), ...version },
      ...(this.chance(0.4) ? this.#change(plural) : {}),
    };
    return { method: 'PUT', plural, name, onLast: true, body, ...this.#dry().query };
  }

  #writeStatus(plural: Plural): Step {
    if (plural === 'controllerrevisions') return this.#list(plural);
    const name = this.name();
    const status = this.pick(STATUSES[plural]);
    const metadata = { ...this.#identity(plural, name), ...(this.chance(0.15) ? this.#metadata(plural, 0.5) : {}) };
    const body = { metadata, status, ...(this.chance(0.1) ? this.#change(plural) : {}) };
    const common = { plural, name, subresource: 'status', body, ...this.#dry().query } as const;
    return this.chance(0.7)
      ? { ...common, method: 'PATCH', contentType: TYPES.merge }
      : { ...common, method: 'PUT', onLast: true };
  }

  #delete(plural: Plural): Step {
    const name = this.name();
    const what = `${plural}/${name}`;
    const preconditions = {
      ...(this.chance(0.5) ? { uid: { $: this.chance(0.85) ? 'uid' : 'stranger', what } } : {}),
      ...(this.chance(0.3) ? { resourceVersion: { $: this.chance(0.7) ? 'version' : 'first version', what } } : {}),
    };
    const grace = this.chance(0.3) ? { gracePeriodSeconds: this.pick([0, 1, 5, 100, -3]) } : {};
    const policy = this.chance(0.35) ? { propagationPolicy: this.pick(['Foreground', 'Background', 'Orphan']) } : {};
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, ...grace, ...policy };
    // With a body the query does not count: a dry run is said in the body then (delete.go, DeleteResource).
    const said = this.chance(0.06) ? { query: { dryRun: 'All' } } : {};
    if (this.chance(0.1)) return { method: 'DELETE', plural, name, ...said };
    return { method: 'DELETE', plural, name, body: this.chance(0.06) ? { ...body, dryRun: ['All'] } : body, ...said };
  }

  #list(plural: Plural): Step {
    const query = {
      ...(this.chance(0.5) ? { labelSelector: this.pick(SELECTORS) } : {}),
      ...(this.chance(0.2)
        ? { fieldSelector: this.pick(['metadata.name=a', 'metadata.name!=b', 'spec.nodeName=node-x']) }
        : {}),
    };
    if (this.chance(0.4))
      return {
        method: 'GET',
        plural,
        query: { limit: this.pick(['1', '2']) },
        ...(this.chance(0.5) ? { goOn: true } : {}),
      };
    return { method: 'GET', plural, query };
  }

  /** What only one kind has. */
  #special(plural: Plural): Step {
    const name = this.name();
    if (plural === PLURAL) {
      if (this.chance(0.4)) return { method: 'GET', plural, name, subresource: 'scale' };
      const body = { metadata: this.#identity(plural, name), spec: { replicas: this.pick([11, 12, 13]) } };
      return { method: 'PATCH', plural, name, subresource: 'scale', contentType: TYPES.merge, body };
    }
    if (plural === 'pods') {
      const body = {
        metadata: { name, ...(this.chance(0.3) ? { uid: { $: 'uid', what: `pods/${name}` } } : {}) },
        target: { kind: 'Node', name: 'node-y' },
      };
      return { method: 'POST', plural, name, subresource: 'binding', body };
    }
    if (plural === 'services') return this.#apply(name);
    return { method: 'GET', plural, name: 'nobody' };
  }

  #apply(name: string): Step {
    const body = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name,
        ...this.#metadata('services', 0.3),
        ...(this.chance(0.2) ? { uid: { $: 'uid', what: `services/${name}` } } : {}),
      },
      spec: {
        clusterIP: 'None',
        ...(this.chance(0.6) ? { publishNotReadyAddresses: true } : {}),
        selector: { app: this.pick(['web', 'db']) },
      },
    };
    const query = { fieldManager: this.pick(['one', 'two']), ...(this.chance(0.5) ? { force: 'true' } : {}) };
    return { method: 'PATCH', plural: 'services', name, contentType: TYPES.apply, body, query };
  }
}

/** A custom resource is taken only with its type. */
const typeOf = (plural: Plural): Json => (plural === PLURAL ? { apiVersion: API_VERSION, kind: KIND } : {});

const IMAGES = ['registry/a:1', 'registry/b:2', 'plain'];
const podSpec = (image: string): Json => ({ containers: [{ name: 'main', image }] });
const claimSpec = (storage: string, withModes: boolean): Json => ({
  ...(withModes ? { accessModes: ['ReadWriteOnce'] } : {}),
  resources: { requests: { storage } },
});

const CHANGES: Readonly<Record<Plural, readonly Json[]>> = {
  pods: [
    { activeDeadlineSeconds: 100 },
    { nodeName: 'node-z' },
    { hostname: 'other' },
    { containers: [{ name: 'main', image: 'registry/new:1' }] },
    { tolerations: [] },
    { terminationGracePeriodSeconds: 7 },
  ],
  persistentvolumeclaims: [
    { volumeName: 'pv-1' },
    { accessModes: ['ReadOnlyMany'] },
    { resources: { requests: { storage: '5Gi' } } },
  ],
  services: [
    { clusterIP: 'None' },
    { selector: { app: 'new' } },
    { publishNotReadyAddresses: true },
    { clusterIP: '10.96.0.1' },
    { selector: null },
  ],
  controllerrevisions: [{ revision: 3 }, { data: { spec: { n: 9 } } }, { revision: -1 }],
  [PLURAL]: [
    { replicas: 2 },
    { replicas: -1 },
    { serviceName: 'new' },
    { minReadySeconds: 9 },
    { paused: true },
    { replicas: null },
    { nonsense: true },
  ],
};

const STATUSES: Readonly<Record<Exclude<Plural, 'controllerrevisions'>, readonly Json[]>> = {
  pods: [
    { phase: 'Running', podIP: '10.1.1.1' },
    { phase: 'Failed', reason: 'Evicted' },
    { phase: 'Succeeded' },
    { conditions: [{ type: 'Ready', status: 'True' }] },
  ],
  persistentvolumeclaims: [
    { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    { phase: 'Lost' },
  ],
  services: [{ loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }, { conditions: [] }],
  [PLURAL]: [
    { replicas: 2, selector: 'app=web', readyReplicas: 1 },
    { observedGeneration: 1 },
    { currentRevision: 'abc', unknown: 1 },
    {},
  ],
};

/** Ends a watch of this kind. */
export function markerOf(plural: Plural): Json {
  const metadata = { name: 'marker', labels: MARKER };
  switch (plural) {
    case 'pods':
      return { metadata, spec: podSpec('registry/a:1') };
    case 'persistentvolumeclaims':
      return { metadata, spec: claimSpec('1Gi', true) };
    case 'services':
      return { metadata, spec: { clusterIP: 'None', ports: [{ port: 1 }] } };
    case 'controllerrevisions':
      return { metadata, revision: 1, data: {} };
    default:
      return { ...typeOf(plural), metadata, spec: { template: { spec: podSpec('registry/a:1') } } };
  }
}

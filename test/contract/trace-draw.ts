// Draws the parts of random requests: names, metadata, contents, preconditions. A part may speak of what was answered before
// ("the uid of pod a", "the version it had at first"): trace-run.ts fills that in.
import { Random } from '../sim/random.ts';
import { CHANGES, claimSpec, IMAGES, PLURALS, type Plural, podSpec } from './trace-content.ts';
import type { Json } from './wire-call.ts';

/** `what` is plural/name. */
export type Reference = { readonly $: 'uid' | 'version' | 'first version' | 'stranger'; readonly what: string };

const NAMES = ['a', 'b', 'c'] as const;

export class Draw {
  readonly #random: Random;
  /** A trace keeps to few kinds, so that its objects meet each other. */
  readonly #kinds: readonly Plural[];

  constructor(seed: number) {
    this.#random = new Random(seed, 'trace');
    this.#kinds = [this.pick(PLURALS), this.pick(PLURALS)];
  }

  roll(): number {
    return this.#random.next();
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

  dry(): { readonly query: { readonly query?: Readonly<Record<string, string>> }; readonly contentType?: string } {
    return { query: this.chance(0.06) ? { query: { dryRun: 'All' } } : {} };
  }

  metadata(plural: Plural, likely: number): Json {
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

  content(plural: Plural): Json {
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
  identity(plural: Plural, name: string): Json {
    const what = `${plural}/${name}`;
    return {
      ...(this.chance(0.3) ? { uid: { $: this.chance(0.85) ? 'uid' : 'stranger', what } } : {}),
      ...(this.chance(0.3) ? { resourceVersion: { $: this.chance(0.75) ? 'version' : 'first version', what } } : {}),
    };
  }

  change(plural: Plural): Json {
    const spec = this.pick(CHANGES[plural]);
    return plural === 'controllerrevisions' ? spec : { spec };
  }
}

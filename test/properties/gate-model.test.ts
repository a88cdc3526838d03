// The gate against a model, with what test/operator/gate.test.ts leaves out: history that is set back (a restored etcd), an
// object's end that is told before or after its deletion is answered, and versions of very different lengths.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gate } from '../../src/operator/gate.ts';

const APPS = ['a', 'b'] as const;
const SCOPES = ['pods', 'services'] as const;
type App = (typeof APPS)[number];
type Scope = (typeof SCOPES)[number];

/** Versions far apart in length, near each other, and beyond 2^53. */
const versions = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(95n, 105n), fc.bigInt(9007199254740990n, 9007199254741000n));

const app = fc.constantFrom(...APPS);
const scope = fc.constantFrom(...SCOPES);
const uid = fc.constantFrom('u', 'v', 'w');
const step = fc.oneof(
  fc.record({ do: fc.constant('wrote' as const), app, scope, version: versions }),
  fc.record({ do: fc.constant('progress' as const), scope, version: versions }),
  fc.record({ do: fc.constantFrom('removed' as const, 'gone' as const), app, uid }),
  fc.record({ do: fc.constantFrom('enter' as const, 'forget' as const), app }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What is outstanding, and whom to tell. */
class Model {
  readonly opened: App[] = [];
  readonly #seen = new Map<Scope, bigint>();
  readonly #asked = new Set<App>();
  #owed: { readonly app: App; readonly scope?: Scope; readonly version?: bigint; readonly uid?: string }[] = [];

  isFree(one: App): boolean {
    return !this.#owed.some((debt) => debt.app === one);
  }

  take(one: Step): void {
    const before = APPS.filter((other) => !this.isFree(other));
    if (one.do === 'wrote') {
      if ((this.#seen.get(one.scope) ?? -1n) < one.version) this.#owed.push(one);
    } else if (one.do === 'progress') {
      const undone = (this.#seen.get(one.scope) ?? -1n) > one.version;
      this.#seen.set(one.scope, one.version);
      this.#owed = this.#owed.filter(
        (debt) => debt.scope !== one.scope || (!undone && (debt.version ?? 0n) > one.version),
      );
    } else if (one.do === 'removed') this.#owed.push(one);
    else if (one.do === 'gone') this.#owed = this.#owed.filter((debt) => debt.app !== one.app || debt.uid !== one.uid);
    else if (one.do === 'enter') {
      if (!this.isFree(one.app)) this.#asked.add(one.app);
    } else {
      this.#owed = this.#owed.filter((debt) => debt.app !== one.app);
      this.#asked.delete(one.app);
    }
    for (const other of before) if (this.isFree(other) && this.#asked.delete(other)) this.opened.push(other);
  }
}

function take(gate: Gate, one: Step): void {
  switch (one.do) {
    case 'wrote':
      gate.wrote(one.app, one.scope, String(one.version));
      return;
    case 'progress':
      gate.progress(one.scope, String(one.version));
      return;
    case 'removed':
    case 'gone':
      gate[one.do](one.app, one.uid);
      return;
    case 'enter':
    case 'forget':
      gate[one.do](one.app);
      return;
    default:
      one satisfies never;
  }
}

test('an app is held exactly while something of it is outstanding, also when history goes back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const opened: string[] = [];
      const gate = new Gate((key) => opened.push(key));
      const model = new Model();
      for (const one of steps) {
        model.take(one);
        if (one.do === 'enter') expect(gate.enter(one.app)).toBe(model.isFree(one.app));
        else take(gate, one);
        expect(gate.held).toBe(APPS.filter((other) => !model.isFree(other)).length);
        expect([...opened].sort()).toEqual([...model.opened].sort());
      }
    }),
    { numRuns: 2000 },
  );
});

test('when every watch has told all there is, and every end, nobody is held', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const gate = new Gate(() => {});
      for (const one of steps) take(gate, one);
      for (const one of SCOPES) gate.progress(one, '9007199254741001');
      for (const one of APPS) for (const end of ['u', 'v', 'w']) gate.gone(one, end);
      expect([gate.held, ...APPS.map((one) => gate.enter(one))]).toEqual([0, true, true]);
    }),
  );
});

// The whole contract: what an API server must do so that the operator, its tests and the simulated cluster mean the same.
// Run on the server in memory (simulator.test.ts) and on a real kube-apiserver (test/integration/contract.test.ts).
import { expect, test } from 'vitest';
import { APPLYING } from './applying.ts';
import { CHANGING } from './changing.ts';
import { CREATING } from './creating.ts';
import { DEFAULTS } from './defaults.ts';
import { DELETING } from './deleting.ts';
import { GRACE } from './grace.ts';
import { GROWING } from './growing.ts';
import { READING } from './reading.ts';
import { SCOPES } from './scopes.ts';
import { type Behaviour, type Ground, Stage } from './stage.ts';
import { WATCHING } from './watching.ts';
import { ask } from './wire-call.ts';

export const BEHAVIOURS: readonly Behaviour[] = [
  ...CREATING,
  ...DEFAULTS,
  ...CHANGING,
  ...SCOPES,
  ...APPLYING,
  ...DELETING,
  ...GRACE,
  ...GROWING,
  ...READING,
  ...WATCHING,
];

/** One test for each behaviour, each in a namespace of its own. */
export function describeBehaviours(ground: () => Ground): void {
  test('the contract is as long as it was', () => {
    expect(BEHAVIOURS.length).toBeGreaterThanOrEqual(130);
    expect(new Set(BEHAVIOURS.map(([name]) => name)).size).toBe(BEHAVIOURS.length);
  });
  test.for(BEHAVIOURS.map(([name, run], index) => ({ name, run, namespace: `behaviour-${index}` })))(
    '$name',
    async ({ run, namespace }) => {
      const { transport } = ground();
      await ask(transport, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
      await run(new Stage(ground(), namespace));
    },
  );
}

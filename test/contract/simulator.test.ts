// The contract and the recorded traces on the server in memory.
import { expect, test } from 'vitest';
import { describeBehaviours } from './behaviours.ts';
import { recorded } from './record.ts';
import { simulated } from './simulated.ts';
import { runTrace } from './trace-run.ts';
import { ask } from './wire-call.ts';

const ground = simulated();
describeBehaviours(() => ground);

const traces = recorded();

test('there are 200 recorded traces', () => {
  expect(traces.length).toBe(200);
});

test.for(traces)('trace $seed is answered as the real server answered it', async ({ seed, trace, answers }) => {
  const namespace = `trace-${seed}`;
  const { transport } = simulated();
  await ask(transport, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  expect(await runTrace(transport, trace, namespace)).toEqual(answers);
});

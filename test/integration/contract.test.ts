// The contract and the recorded traces on a real kube-apiserver: that the server in memory was made after it, and that a
// newer one still answers so.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeBehaviours } from '../contract/behaviours.ts';
import { type RealGround, real } from '../contract/real.ts';
import { recorded } from '../contract/record.ts';
import { runTrace } from '../contract/trace-run.ts';
import { ask } from '../contract/wire-call.ts';

let ground: RealGround;

beforeAll(async () => {
  ground = await real();
});

afterAll(async () => {
  await ground?.stop();
});

describeBehaviours(() => ground);

test.for(recorded())('trace $seed is answered as recorded', async ({ seed, trace, answers }) => {
  const namespace = `trace-${seed}`;
  await ask(ground.transport, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  expect(await runTrace(ground.transport, trace, namespace)).toEqual(answers);
});

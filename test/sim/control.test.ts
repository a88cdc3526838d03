// The actors of the simulated control plane, one behaviour at a time, on virtual time.
import { expect, test } from 'vitest';
import { Stage } from './control/stage.ts';

test('a pod with a claim is scheduled, bound, started and ready', () => {
  const stage = new Stage();
  stage.claim('data-0');
  stage.pod('web-0', { claims: ['data-0'] });
  stage.run(60_000);
  expect(stage.claimPhase('data-0')).toBe('Bound');
  expect(stage.summary('web-0')).toBe('Running ready');
});

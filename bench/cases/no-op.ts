// B5: what changes nothing must cost no write. An annotation that means nothing comes and goes on an app that is whole, and the
// controller is started anew beside it. That it has looked is shown by work that it did elsewhere afterwards.

import { isWrite, tallyOf } from '../measure/tally.ts';
import type { Run } from '../run.ts';
import { type Case, type Results, type Scale, sized } from './case.ts';

interface Size extends Scale {
  readonly replicas: number;
}

const TOUCHES = 5;

const NO_OP: Case<Size> = {
  name: 'no-op',
  sizes: {
    full: { replicas: 50, repeats: { ours: 5, unthrottled: 5 } },
    quick: { replicas: 10, repeats: { ours: 1, unthrottled: 1 } },
  },
  figures: ({ replicas }) => [
    {
      benchmark: 'B5',
      id: 'no-op.writes',
      what: `writes for ${TOUCHES} changes that mean nothing and a restart, ${replicas} members`,
      unit: '',
    },
  ],
  run: measure,
};

async function measure(run: Run, { replicas }: Size): Promise<Results> {
  const { site, scene } = run;
  await run.create({ name: 'web', replicas, isParallel: true });
  await run.allReady(replicas);
  const { user } = run.process;
  await site.audit.quiet([user]);
  const from = await site.audit.mark();
  for (let touch = 0; touch < TOUCHES; touch += 1)
    await run.patch('web', { metadata: { annotations: { 'bench/touched': String(touch) } } });
  await works(run, 'before');
  await run.process.end('SIGKILL');
  await run.start();
  await works(run, 'after');
  await site.audit.quiet([user]);
  const entries = await site.audit.between(from, await site.audit.mark(), [user]);
  const here = entries.filter((entry) => isWrite(entry) && entry.namespace === scene.namespace);
  run.say(JSON.stringify(tallyOf(here).by));
  return { 'no-op.writes': here.length };
}

async function works(run: Run, name: string): Promise<void> {
  const { spare } = run;
  await run.create({ name, replicas: 1 }, spare);
  await spare.until(`${name} to be Ready`, () => spare.readyOf(name) === 1);
}

export const noOp = sized(NO_OP);

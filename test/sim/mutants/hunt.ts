// Runs seeds one after the other in a process of its own, in the copy of the project where a bug is planted (or none is),
// and tells its parent of each. Lacks any judgement: what is told is what broke.

import { run } from '../run.ts';
import { BROKE_DOWN, type Told } from './told.ts';

const [from = 1, to = 1, steps = 1, goesOn = 0] = process.argv.slice(2).map(Number);
let seed = from;

function tell(told: Told): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) process.exit(2);
    process.send(told, () => resolve());
  });
}

/** Also what is thrown in a callback of the operator: a daemon would die of it. */
async function breakDown(error: unknown): Promise<void> {
  await tell({ seed, rule: BROKE_DOWN, what: error instanceof Error ? error.message : String(error) });
  process.exit(0);
}

async function hunt(): Promise<void> {
  for (; seed <= to; seed += 1) {
    const { violation } = await run({ seed, steps });
    await tell({ seed, rule: violation?.rule, what: violation?.what ?? '' });
    if (violation !== undefined && goesOn === 0) break;
  }
  process.exit(0);
}

process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => void breakDown(error));
process.on('unhandledRejection', (error) => void breakDown(error));
hunt().catch(breakDown);

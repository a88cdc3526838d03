// node test/contract/record-traces.ts
// Runs the traces on a real API server (a local cluster of its own, some seconds) and writes what it answered to
// traces.jsonl. To be run when the traces or the server's version change; a look at the difference in git shows what.
import { writeFileSync } from 'node:fs';
import { real } from './real.ts';
import { RECORD, recordText, SEEDS } from './record.ts';
import { runTrace } from './trace-run.ts';
import { makeTrace } from './trace-steps.ts';
import { ask, type Json } from './wire-call.ts';

const ground = await real();
try {
  const answers: (readonly Json[])[] = [];
  for (const seed of SEEDS) {
    const namespace = `trace-${seed}`;
    await ask(ground.transport, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: namespace } },
    });
    answers.push(await runTrace(ground.transport, makeTrace(seed), namespace));
  }
  const text = recordText(ground.version, answers);
  writeFileSync(RECORD, text);
  console.log(`${answers.length} traces of ${ground.version}, ${Math.round(text.length / 1024)} KiB`);
} finally {
  await ground.stop();
}

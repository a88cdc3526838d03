// `npm test`: everything that can be shown on this machine, in order of cost: types and style, unit tests, a thousand runs of the
// simulator, integration tests on a real API server, the chart and the image, the demo, a short benchmark. Ends with one line, "N passed, N failed".
// The end-to-end suites are a step of their own, run when asked for (`npm test e2e`): they need Linux and root.
// Without a real API server (nothing to find, download or build) those that need one are skipped loudly, unless
// STATEFULAPP_REQUIRE_CLUSTER is set: then that is a failure.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '../e2e/cluster/binaries.ts';
import type { BinaryName } from '../e2e/cluster/catalog.ts';

const STEPS = ['check', 'unit', 'sim', 'integration', 'chart', 'demo', 'bench', 'e2e'] as const;
type Step = (typeof STEPS)[number];

const NEEDED: readonly BinaryName[] = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'coredns',
];
/** Steps that run on a real API server, and what they need besides. */
const ON_CLUSTER: Partial<Readonly<Record<Step, readonly BinaryName[]>>> = {
  integration: [],
  chart: ['helm'],
  demo: [],
  bench: [],
};

/** Not run unless asked for. */
const ON_REQUEST: readonly Step[] = ['e2e'];

interface Tally {
  passed: number;
  failed: number;
}
const tally: Tally = { passed: 0, failed: 0 };

function run(command: string, args: readonly string[]): boolean {
  console.log(`\n> ${[command, ...args].join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

function count(passed: boolean): void {
  if (passed) tally.passed += 1;
  else tally.failed += 1;
}

function vitest(project: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'statefulapp-test-'));
  const file = join(folder, 'results.json');
  const passed = run('vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  try {
    const results = JSON.parse(readFileSync(file, 'utf8')) as { numPassedTests: number; numFailedTests: number };
    tally.passed += results.numPassedTests;
    // A file that does not load, or an error outside of tests, fails the run without a failed test.
    tally.failed += Math.max(results.numFailedTests, passed ? 0 : 1);
  } catch {
    tally.failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Null when everything for a cluster is at hand; else why not. */
async function missingCluster(asked: readonly Step[]): Promise<string | null> {
  const further = asked.flatMap((step) => ON_CLUSTER[step] ?? []);
  try {
    for (const name of [...NEEDED, ...further]) await findBinary(name, console.log);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const PERFORM: Readonly<Record<Step, () => void>> = {
  check: () => {
    count(run('tsc', []));
    count(run('biome', ['check', '.']));
  },
  unit: () => vitest('unit'),
  sim: () => count(run('node', ['test/sim/main.ts', '--seeds', '1..1000', '--steps', '2000'])),
  integration: () => vitest('integration'),
  chart: () => vitest('chart'),
  demo: () => count(run('node', ['e2e/demo/main.ts'])),
  // That it runs, no more: what it measures is no test.
  bench: () => count(run('node', ['bench/main.ts', '--quick', '--only', 'parallel,replacement'])),
  e2e: () => vitest('e2e'),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((step) => !STEPS.some((known) => known === step));
if (unknown.length > 0) {
  console.error(
    `There is no step ${unknown.join(', ')}. npm test takes any of: ${STEPS.join(', ')} (default: all but ${ON_REQUEST.join(', ')}).`,
  );
  process.exit(2);
}
const steps = STEPS.filter((step) => (asked.length === 0 ? !ON_REQUEST.includes(step) : asked.includes(step)));
const absent = steps.some((step) => step in ON_CLUSTER) ? await missingCluster(steps) : null;
for (const step of steps) {
  if (absent === null || !(step in ON_CLUSTER)) PERFORM[step]();
  else if (process.env['STATEFULAPP_REQUIRE_CLUSTER']) count(false);
  else console.log(`\n!!! SKIPPED: ${step} tests, for want of a real API server.`);
}
if (absent !== null) console.log(`\n!!! ${absent}`);
console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);

// Suites that need real nodes: run where they can be had, skipped with the reason where not, and an error there when
// STATEFULAPP_REQUIRE_REAL=1 says that they can be had.
import { describe } from 'vitest';
import { missingPackages, unfit } from '../cluster/real/requirements.ts';

const REQUIRED = process.env['STATEFULAPP_REQUIRE_REAL'] === '1';

/** describe, for tests on real nodes. */
export function describeReal(name: string, tests: () => void): void {
  const reason = unfit() ?? unprepared();
  if (reason !== undefined && REQUIRED) throw new Error(`${name}: STATEFULAPP_REQUIRE_REAL=1, but: ${reason}`);
  if (reason !== undefined) console.log(`!!! SKIPPED: ${name}. ${reason}`);
  describe.skipIf(reason !== undefined)(name, tests);
}

// Packages are installed at the start of a cluster; only where that is required, since it changes the machine.
function unprepared(): string | undefined {
  const packages = missingPackages();
  if (packages.length === 0 || REQUIRED) return undefined;
  return `This machine lacks ${packages.join(', ')}: install them, or set STATEFULAPP_REQUIRE_REAL=1 to have it done.`;
}

// Which cluster a suite runs on. STATEFULAPP_E2E_CLUSTER: real (the default: real nodes on this machine), kind, or current,
// the one of KUBECONFIG, whose nodes are left alone. Suites that cannot run are skipped with the reason; it is an error
// instead when STATEFULAPP_REQUIRE_REAL=1 says that there must be real nodes.
import { describe } from 'vitest';
import { existingCluster } from '../cluster/existing.ts';
import { type KindOptions, startKindCluster } from '../cluster/kind/cluster.ts';
import type { NodeCluster } from '../cluster/node-cluster.ts';
import { startRealCluster } from '../cluster/real/cluster.ts';
import { missingPackages, unfit } from '../cluster/real/requirements.ts';

const CHOSEN = process.env['STATEFULAPP_E2E_CLUSTER'] ?? 'real';
const REQUIRED = process.env['STATEFULAPP_REQUIRE_REAL'] === '1';

/** describe, for tests that need real nodes on this machine. */
export function describeReal(name: string, tests: () => void): void {
  describeUnless(CHOSEN === 'real' ? noRealNodes() : `It needs real nodes, not ${CHOSEN}.`, name, tests);
}

/** describe, for tests that make nodes fail. */
export function describeFailing(name: string, tests: () => void): void {
  const current =
    CHOSEN === 'current' ? 'It makes nodes fail, and those of the current cluster are left alone.' : undefined;
  describeUnless(CHOSEN === 'real' ? noRealNodes() : current, name, tests);
}

/** describe, for tests that any cluster can run. */
export function describeAnywhere(name: string, tests: () => void): void {
  describeUnless(CHOSEN === 'real' ? noRealNodes() : undefined, name, tests);
}

/** The chosen cluster; `stop` ends it if it was made for the suite. */
export function suiteCluster(options: KindOptions): Promise<NodeCluster> {
  switch (CHOSEN) {
    case 'real':
      return startRealCluster(options);
    case 'kind':
      return startKindCluster(options);
    case 'current':
      return existingCluster(process.env['KUBECONFIG'] ?? `${process.env['HOME']}/.kube/config`, options.progress);
    default:
      throw new Error(`STATEFULAPP_E2E_CLUSTER is '${CHOSEN}'. It can be real, kind or current.`);
  }
}

function describeUnless(reason: string | undefined, name: string, tests: () => void): void {
  if (reason !== undefined && REQUIRED) throw new Error(`${name}: STATEFULAPP_REQUIRE_REAL=1, but: ${reason}`);
  if (reason !== undefined) console.log(`!!! SKIPPED: ${name}. ${reason}`);
  describe.skipIf(reason !== undefined)(name, tests);
}

// Packages are installed at the start of a cluster; only where that is required, since it changes the machine.
function noRealNodes(): string | undefined {
  const packages = missingPackages();
  if (unfit() !== undefined || packages.length === 0 || REQUIRED) return unfit();
  return `This machine lacks ${packages.join(', ')}: install them, or set STATEFULAPP_REQUIRE_REAL=1 to have it done.`;
}

// In which order a plan's actions run: first what everything stands on (reads, Service, revision), then three lanes side by
// side. Up: each member's claims and then its pod, members in slow-start batches of 1, 2, 4 … as Kubernetes does
// (pkg/controller/controller_utils.go slowStartBatch), so that a refusal costs few requests. Down: removals, likewise.
// Aside: what no other waits for. A failure ends its lane, not another. Last comes what nothing waits for.

import type { Action } from '../plan/types.ts';

/** Resolves to false when what comes after in the same chain or lane must not run; a rejection does the same. */
type Run = (action: Action) => Promise<boolean>;

export async function inLanes(actions: readonly Action[], run: Run): Promise<void> {
  const base = actions.filter((action) => laneOf(action) === 'base');
  for (const action of base) if (!(await run(action))) return;
  const up = chains(actions.filter((action) => laneOf(action) === 'up'));
  const down = chains(actions.filter((action) => laneOf(action) === 'down'));
  const aside = chains(actions.filter((action) => laneOf(action) === 'aside'));
  const lanes = await Promise.allSettled([up, down, aside].map((lane) => slowStart(lane, run)));
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  for (const action of actions.filter((one) => laneOf(one) === 'last')) if (!(await run(action))) return;
}

function laneOf(action: Action): 'base' | 'up' | 'down' | 'aside' | 'last' {
  switch (action.type) {
    case 'createClaim':
    case 'stampClaim':
    case 'createPod':
    case 'adoptPod':
    case 'releasePod':
      return 'up';
    case 'readVolume':
    case 'changeClaim':
    case 'labelClaim':
      return 'aside';
    case 'keepClaim':
      return action.keeper === 'pod' ? 'down' : 'up';
    case 'deleteClaim':
      return 'down';
    case 'deletePod':
      // Replacing what has ended is part of building up; it has nothing to wait for from below.
      return action.because === 'ended' ? 'up' : 'down';
    case 'deleteRevision':
      return 'last';
    default:
      return 'base';
  }
}

/** One chain a member, in the plan's order. */
function chains(actions: readonly Action[]): readonly (readonly Action[])[] {
  const byOrdinal = new Map<number, Action[]>();
  for (const action of actions) {
    if (!('ordinal' in action)) continue;
    byOrdinal.set(action.ordinal, [...(byOrdinal.get(action.ordinal) ?? []), action]);
  }
  return [...byOrdinal.values()];
}

async function slowStart(all: readonly (readonly Action[])[], run: Run): Promise<void> {
  let left = all;
  for (let batch = 1; left.length > 0; batch *= 2) {
    const results = await Promise.allSettled(left.slice(0, batch).map((chain) => inOrder(chain, run)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    if (results.some((result) => result.status === 'fulfilled' && !result.value)) return;
    left = left.slice(batch);
  }
}

async function inOrder(chain: readonly Action[], run: Run): Promise<boolean> {
  for (const action of chain) if (!(await run(action))) return false;
  return true;
}

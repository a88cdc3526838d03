// The status: counts with StatefulSet's meaning, the ledger, conditions. Output only: nothing here is decided upon, but
// for the ledger (R4). Matches computeReplicaStatus and completeRollingUpdate of Kubernetes
// pkg/controller/statefulset/stateful_set_control.go; different on purpose: terminatingReplicas exists.

import type { StatefulAppStatus } from '../api/status.ts';
import { revisionName } from '../identity/revision.ts';
import { selectorText } from '../identity/selector.ts';
import { isOurPod } from '../identity/slot.ts';
import { nextConditions } from './conditions.ts';
import { nextLedger } from './ledger.ts';
import type { Rollout } from './rollout.ts';
import { runningRevision, type Scene } from './scene.ts';
import { updateSince } from './standing.ts';
import type { Note, Wait } from './types.ts';

interface Counts {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly currentReplicas: number;
  readonly updatedReplicas: number;
  readonly terminatingReplicas: number;
}

function countMembers({ wanted, condemned, revisions, judge, spec }: Scene): Counts {
  const pods = [...wanted, ...condemned].flatMap((member) =>
    isOurPod(member.slot) ? [{ ...member.slot, revision: runningRevision(member) }] : [],
  );
  const count = (test: (member: (typeof pods)[number]) => boolean) => pods.filter(test).length;
  const ready = ({ pod }: (typeof pods)[number]) => pod.phase === 'Running' && pod.readySinceMs !== null;
  const live = ({ state }: (typeof pods)[number]) => state !== 'Terminating';
  const availableFrom = judge.nowMs - spec.minReadySeconds * 1000;
  return {
    replicas: pods.length,
    readyReplicas: count(ready),
    availableReplicas: count(
      (member) => ready(member) && (member.pod.readySinceMs ?? Number.POSITIVE_INFINITY) <= availableFrom,
    ),
    currentReplicas: count((member) => live(member) && member.revision === revisions.current),
    updatedReplicas: count((member) => live(member) && member.revision === revisions.update),
    terminatingReplicas: count((member) => !live(member)),
  };
}

const READY: readonly string[] = ['Ready', 'Available'];

export interface Story {
  readonly waits: readonly Wait[];
  readonly notes: readonly Note[];
  readonly rollout: Pick<Rollout, 'turns' | 'failed'>;
}

export function nextStatus(scene: Scene, { waits, notes, rollout }: Story): StatefulAppStatus {
  const { app } = scene.observed;
  const counts = countMembers(scene);
  const { update } = scene.revisions;
  const rolledOut =
    !scene.revisions.onDelete &&
    counts.replicas === scene.spec.replicas &&
    scene.wanted.every((member) => READY.includes(member.slot.state) && runningRevision(member) === update);
  const current = rolledOut ? update : scene.revisions.current;
  const members = nextLedger(scene, { waits, turns: rollout.turns });
  const { failedRevision: _former, ...before } = app.status;
  // It never goes back (R11), but a status that came with a restored object speaks of another app's generations.
  const told = app.status.appUID === app.uid ? (app.status.observedGeneration ?? 0) : 0;
  const available = scene.wanted.filter(({ slot }) => slot.state === 'Available').length;
  return {
    ...before,
    observedGeneration: Math.max(app.generation, told),
    ...counts,
    ...(rolledOut ? { currentReplicas: counts.updatedReplicas } : {}),
    currentRevision: revisionName(app.name, current),
    updateRevision: revisionName(app.name, update),
    updateRevisionSince: updateSince(scene),
    ...(rollout.failed === null ? {} : { failedRevision: revisionName(app.name, rollout.failed) }),
    collisionCount: scene.revisions.collisions,
    selector: selectorText(scene.spec.selector),
    appUID: app.uid,
    members,
    conditions: nextConditions(scene.observed, { spec: scene.spec, available, waits, notes, members }),
  };
}

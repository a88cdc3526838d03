// What is not as the spec says, without holding anything up. "Not in effect yet" is said here, so that no field is
// silently without meaning; when a field comes into effect, its line goes.

import { stringAt } from '../identity/json.ts';
import { deletesUnheard } from '../identity/pod.ts';
import { isOurPod } from '../identity/slot.ts';
import { requestNotes } from './request-notes.ts';
import { leftInDoubt } from './retention.ts';
import { pausedRollout } from './rollout.ts';
import { runningRevision, type Scene } from './scene.ts';
import type { Note } from './types.ts';

export function planNotes(scene: Scene): readonly Note[] {
  return [
    ...grace(scene),
    ...paused(scene),
    ...lost(scene),
    ...shadowed(scene),
    ...keptInDoubt(scene),
    ...requestNotes(scene),
  ];
}

function grace({ spec }: Scene): readonly Note[] {
  if (!deletesUnheard(spec.template.spec)) return [];
  const message =
    'template.spec.terminationGracePeriodSeconds: 0 is taken as 1: with 0 an eviction from a lost node forgets the pod while ' +
    'it may still run there, and two copies of one member would run.';
  return [{ reason: 'FieldNotInEffect', message }];
}

function paused(scene: Scene): readonly Note[] {
  const message = pausedRollout(scene);
  return message === null ? [] : [{ reason: 'UpdatePaused', message }];
}

/** Members that run, could not be made again as they are, and that no update is to reach. */
function lost({ revisions, wanted }: Scene): readonly Note[] {
  if (revisions.onDelete) return [];
  const found = wanted.flatMap((member) => {
    const hash = isOurPod(member.slot) && (revisions.paused || !member.updates) ? runningRevision(member) : null;
    return hash === null || revisions.blueprints.has(hash) ? [] : [{ name: member.name, hash }];
  });
  const [first] = found;
  if (first === undefined) return [];
  const others = found.length > 1 ? ` (and ${found.length - 1} more)` : '';
  const message =
    `${first.name}${others} runs revision ${first.hash}, of which no ControllerRevision is left: it could not be made again ` +
    'as it is. Restore the ControllerRevision from a backup, or let the update reach this member ' +
    '(updateStrategy.rollingUpdate: paused, partition).';
  return [{ reason: 'RevisionLost', message }];
}

function keptInDoubt({ departed }: Scene): readonly Note[] {
  return departed.flatMap((member) =>
    leftInDoubt(member).map(({ name }) => ({
      reason: 'ClaimDiffers' as const,
      message:
        `Claim ${name} is kept, though ${member.name} is not wanted any more and whenScaled is Delete: another disk is behind it than the ` +
        'recorded one. Delete it by hand if nobody needs what is on it.',
    })),
  );
}

function shadowed({ spec }: Scene): readonly Note[] {
  const claims = spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
  const volumes: unknown = spec.template.spec['volumes'];
  const names = Array.isArray(volumes) ? volumes.map((volume) => stringAt(volume, 'name') ?? '') : [];
  return claims
    .filter((claim) => names.includes(claim))
    .map((claim) => ({
      reason: 'VolumeShadowed',
      message: `Volume ${claim} of the template is replaced by the claim template of the same name, as in a StatefulSet.`,
    }));
}

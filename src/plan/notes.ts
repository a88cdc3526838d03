// What is not as the spec says, without holding anything up. "Not in effect yet" is said here, so that no field is
// silently without meaning; when a field comes into effect, its line goes.

import { stringAt } from '../identity/json.ts';
import { deletesUnheard } from '../identity/pod.ts';
import { isOurPod } from '../identity/slot.ts';
import { sameQuantity } from '../volumes/quantity.ts';
import { pausedRollout } from './rollout.ts';
import { runningRevision, type Scene } from './scene.ts';
import type { Note } from './types.ts';

export function planNotes(scene: Scene): readonly Note[] {
  return [...grace(scene), ...paused(scene), ...lost(scene), ...shadowed(scene), ...differing(scene)];
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

/** The first member whose claim asks for another size than its template; growing volumes comes with a later version. */
function differing({ spec, wanted }: Scene): readonly Note[] {
  const claims = Map.groupBy(
    wanted.flatMap((member) => member.claims),
    ({ template }) => template,
  );
  return spec.volumeClaimTemplates.flatMap(({ metadata, spec: claim }): Note[] => {
    const size = stringAt(claim.resources?.requests, 'storage');
    if (size === undefined) return [];
    const own = claims.get(metadata.name) ?? [];
    const others = own.filter(({ view }) => view?.request && !sameQuantity(view.request, size));
    const first = others[0];
    if (first === undefined) return [];
    const rest = others.length > 1 ? ` and ${others.length - 1} more` : '';
    const message = `Claim ${first.name}${rest} asks for ${first.view?.request} where the template says ${size}; existing claims are not changed in this version.`;
    return [{ reason: 'ClaimDiffers', message }];
  });
}

// Which member an annotation on the app asks to rebuild, one at a time, and which of its claims are given up by that. Lacks
// what is done about it (rebuild.ts).

import { ANNOTATION } from '../api/names.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import { requestKey, requestKeys } from '../volumes/requests.ts';
import type { MemberView, Scene } from './scene.ts';

const NOT_OURS: readonly ClaimSlot['class'][] = ['Foreign', 'Doomed'];

/** The member whose turn it is: one whose claims are going already, or else the highest that is asked for. */
export function withRebuild(scene: Scene): Scene {
  const { observed, wanted } = scene;
  const text = observed.app.annotations[ANNOTATION.rebuild];
  if (text === undefined) return scene;
  const keys = requestKeys(text);
  const named = wanted
    .map((member) => ({ member, claims: usedBy(member).filter((claim) => isNamed(claim, keys)) }))
    .filter(({ claims }) => claims.length > 0)
    .reverse();
  const next = named.find(({ claims }) => claims.some(({ view }) => view?.deleting)) ?? named[0];
  if (next === undefined) return scene;
  const blocker = wanted.find((member) => member !== next.member && member.slot.state !== 'Available') ?? null;
  return { ...scene, rebuild: { ...next, blocker, obstacle: null } };
}

const usedBy = ({ claims, mounted }: MemberView): readonly ClaimSlot[] => [...new Set([...claims, ...mounted])];

function isNamed({ name, view, class: found }: ClaimSlot, keys: ReadonlySet<string>): boolean {
  return view !== null && !NOT_OURS.includes(found) && keys.has(requestKey({ claim: name, uid: view.uid }));
}

/** Nothing holds the rebuild up: its member's claims go now. */
export function isUnderWay({ spec, rebuild }: Scene): boolean {
  return !spec.paused && rebuild !== null && rebuild.blocker === null && rebuild.obstacle === null;
}

/**
 * Its claims are on their way out, and its pod alone keeps them, until everyone else is available: whoever that is waited for.
 * Nobody else takes that pod meanwhile (simulator, seed 568).
 */
export function heldMidway({ rebuild }: Scene, { ordinal }: MemberView): MemberView | null {
  if (rebuild === null || rebuild.member.ordinal !== ordinal) return null;
  return rebuild.claims.some(({ view }) => view?.deleting) ? rebuild.blocker : null;
}

/** From the moment on that nothing holds the rebuild up, and for one that has begun also while something does. */
export function isGivenUp(scene: Scene, { ordinal }: MemberView, { name, view }: ClaimSlot): boolean {
  const { rebuild } = scene;
  if (rebuild === null || rebuild.member.ordinal !== ordinal) return false;
  if (!isUnderWay(scene) && view?.deleting !== true) return false;
  return rebuild.claims.some((claim) => claim.name === name);
}

// What each claim of a member allows, written anew from the design (safety.md R5 and R12, api.md "ledger", issue 6): the states
// of claims and records, what people ask for, and one verdict for each claim. For small-scope-trespasses.ts, which holds plans
// against it. Lacks the owners of claims (retention.test.ts), and changes of a claim that stays (growth.test.ts).

import type { StatefulAppSpec } from '../../src/api/spec.ts';
import type { Raw } from './objects.ts';
import type { Place } from './small-scope.ts';
import { diskOf } from './world.ts';

/** States of objects.ts. */
export const CLAIMS = [
  ...['-', 'Bound', 'Pending', 'Plain', 'Replaced', 'Lost', 'Terminating', 'Unbound', 'Foreign', 'Owned', 'Restored'],
];
/** A claim in one of those states, of whose volume something else was read than is recorded. */
const READINGS: Readonly<Record<string, readonly [state: string, disk: string | null]>> = {
  Swapped: ['Bound', 'another'],
  'Volume gone': ['Bound', ''],
  Unread: ['Bound', 'unread'],
  'Restored, another disk': ['Restored', 'another'],
  'Restored, unread': ['Restored', 'unread'],
  'Restored, unreadable': ['Restored', null],
};
/** What the ledger says: nothing, that it was seen, that it was bound, and to which disk. */
export const RECORDS = ['none', 'seen', 'bound', 'disk'] as const;
export type Recorded = (typeof RECORDS)[number];

export interface Claim {
  readonly claim: string;
  readonly recorded: Recorded;
}
export interface Member {
  readonly state: string;
  /** By volume. */
  readonly claims: Readonly<Record<string, Claim>>;
}

/** Each claim with each record; what was read of a volume, with all records of a volume. */
export const HOLDINGS: readonly Claim[] = [
  ...CLAIMS.flatMap((claim) => (['none', 'seen', 'disk'] as const).map((recorded) => ({ claim, recorded }))),
  ...Object.keys(READINGS).map((claim) => ({ claim, recorded: 'disk' as const })),
  ...['-', 'Bound', 'Restored', 'Swapped', 'Restored, another disk', 'Replaced'].map((claim) => ({
    claim,
    recorded: 'bound' as const,
  })),
];

/** Those that differ for a sibling, or for which a sibling makes a difference. */
export const FEW_HOLDINGS: readonly Claim[] = HOLDINGS.filter(
  ({ claim, recorded }) =>
    recorded === 'disk' ||
    (claim === '-' && recorded === 'seen') ||
    (recorded === 'none' && !['Restored', 'Replaced', 'Unbound'].includes(claim)),
);

/** Nothing of the member's is there. */
const FREE = ['-', 'Stopped'];
const NOT_OURS = ['Foreign', 'Owned'];
const GOING = ['Terminating', 'Unbound'];

const stateOf = (claim: string) => READINGS[claim]?.[0] ?? claim;
const uidOf = ({ claim }: Claim, name: string) =>
  ['Replaced', 'Restored'].includes(stateOf(claim)) ? `${name}-other-uid` : `${name}-uid`;

function recordOf(name: string, recorded: Recorded): readonly Raw[] {
  if (recorded === 'none') return [];
  const volume = `pv-${name}`;
  const bound = recorded === 'seen' ? {} : { volume };
  return [{ name, uid: `${name}-uid`, ...bound, ...(recorded === 'disk' ? { disk: diskOf(volume) } : {}) }];
}

export function placeOf({ state, claims }: Member, ordinal: number): Place {
  const entries = Object.entries(claims).map(([volume, one]) => ({ volume, name: `${volume}-web-${ordinal}`, ...one }));
  return {
    state,
    claims: Object.fromEntries(entries.map(({ volume, claim }) => [volume, stateOf(claim)])),
    disks: Object.fromEntries(
      entries.flatMap(({ name, claim }) => {
        const [, disk] = READINGS[claim] ?? [];
        return disk === undefined ? [] : [[`pv-${name}`, disk]];
      }),
    ),
    ledger: { claims: entries.flatMap(({ name, recorded }) => recordOf(name, recorded)) },
  };
}

/** What the app says of all claims. */
export interface Asked {
  /** `<claim>=<uid>` */
  readonly accepts?: readonly string[];
  readonly rebuilds?: readonly string[];
}

/** One claim and what matters beside it. */
interface Situation {
  readonly policy: StatefulAppSpec['volumeLossPolicy'];
  readonly hasPod: boolean;
  readonly accepted: boolean;
  readonly rebuilt: boolean;
  /** A claim that is there was made with this one. */
  readonly isMissed: boolean;
}

/**
 * `ok`: a pod may use it, or it may be made. `wait`: ends by itself. `ask`: needs somebody. `risk`: and holds data.
 * `unread`: nobody knows yet. `given`: it is to be deleted, on request.
 */
export type Verdict = 'ok' | 'wait' | 'ask' | 'risk' | 'unread' | 'given';

function allows(one: Claim, situation: Situation): Verdict {
  const { policy, accepted, rebuilt } = situation;
  if (rebuilt) return 'given';
  const verdict = strictly(one, situation);
  const isGivenUp = policy === 'Recreate' || accepted;
  if (!isGivenUp || (verdict !== 'risk' && verdict !== 'unread')) return verdict;
  if (GOING.includes(one.claim)) return 'wait';
  return one.claim === '-' && policy === 'Require' ? 'risk' : 'ok';
}

function strictly({ claim, recorded }: Claim, { policy, hasPod, isMissed }: Situation): Verdict {
  const isKnown = recorded === 'bound' || recorded === 'disk';
  switch (claim) {
    case '-':
      // Of one that was seen and never bound, it is known that it was still being made.
      if (isKnown || (isMissed && recorded === 'none')) return 'risk';
      return policy === 'Require' ? 'ask' : 'ok';
    case 'Foreign':
    case 'Owned':
      return 'ask';
    case 'Replaced':
      return isKnown ? 'risk' : 'ok';
    case 'Swapped':
    case 'Volume gone':
    case 'Restored, another disk':
      // Without a recorded disk, the volume's name is all that tells.
      return recorded === 'disk' ? 'risk' : 'ok';
    case 'Restored, unread':
    case 'Restored, unreadable':
      return recorded === 'disk' ? 'unread' : 'ok';
    case 'Lost':
      return 'risk';
    case 'Terminating':
      return hasPod || isKnown ? 'risk' : 'wait';
    case 'Unbound':
      return isKnown ? 'risk' : 'wait';
    default:
      return 'ok';
  }
}

/** Bound, stamped as this member's, and not on its way out. */
const isWitness = ({ claim }: Claim) => !['-', 'Pending', 'Plain', 'Foreign', ...GOING].includes(claim);

export interface Judged extends Claim {
  readonly name: string;
  readonly uid: string;
  readonly verdict: Verdict;
}

const isRebuilt = (asked: Asked, one: Claim, name: string) =>
  one.claim !== '-' &&
  !NOT_OURS.includes(one.claim) &&
  asked.rebuilds?.includes(`${name}=${uidOf(one, name)}`) === true;

/** Whose claims are given up: those of the highest that is asked for, or of one that has begun, while all others are available. */
export function turnOf(members: readonly Member[], asked: Asked): (ordinal: number, one: Claim) => boolean {
  const named = members.flatMap(({ claims }, ordinal) => {
    const mine = Object.entries(claims).filter(([volume, one]) => isRebuilt(asked, one, `${volume}-web-${ordinal}`));
    return mine.length > 0 ? [{ ordinal, going: mine.some(([, { claim }]) => GOING.includes(claim)) }] : [];
  });
  const next = named.findLast(({ going }) => going) ?? named.at(-1);
  const isHeld = members.some(
    ({ state }, ordinal) => ordinal !== next?.ordinal && !['Available', 'Unlabelled'].includes(state),
  );
  return (ordinal, { claim }) => ordinal === next?.ordinal && (!isHeld || GOING.includes(claim));
}

interface Weighed extends Member {
  readonly ordinal: number;
  readonly isTurn: (ordinal: number, one: Claim) => boolean;
}

export function judge(
  spec: StatefulAppSpec,
  { ordinal, claims, state, isTurn }: Weighed,
  asked: Asked,
): readonly Judged[] {
  const named = Object.entries(claims).map(([volume, claim]) => ({ ...claim, name: `${volume}-web-${ordinal}` }));
  const hasPod = !FREE.includes(state);
  const judged = (isHeld: boolean) =>
    named.map(({ name, ...claim }) => {
      const uid = uidOf(claim, name);
      const witness = named.find((other) => other.name !== name && isWitness(other));
      const witnessUid = witness === undefined ? '' : uidOf(witness, witness.name);
      // What was there is called by its recorded UID, and where none is, by that of what is there.
      const lostUid = claim.recorded !== 'none' ? `${name}-uid` : claim.claim === '-' ? witnessUid : uid;
      const situation: Situation = {
        policy: spec.volumeLossPolicy,
        hasPod,
        accepted: asked.accepts?.includes(`${name}=${lostUid}`) === true,
        rebuilt: isTurn(ordinal, claim) && isRebuilt(asked, claim, name) && !(isHeld && !GOING.includes(claim.claim)),
        isMissed: witness !== undefined,
      };
      return { ...claim, name, uid, verdict: allows(claim, situation) };
    });
  const found = judged(false);
  // A pod does not go for one claim while another one would keep it from coming back: nothing is given up before that is settled.
  const isHeld = hasPod && found.some(({ verdict }) => ['risk', 'unread', 'ask'].includes(verdict));
  return isHeld ? judged(true) : found;
}

// How many members the ledger has room for: it is stored in the app's own object, and etcd bounds that (docs/adr/0004).
// A rule on the spec leaves room for all wanted members; what is beyond it are members that go while others come. No pod
// is made whose entry could not be stored, and an entry that remembers something is never left out.

import { LEDGER } from '../api/names.ts';
import type { StatefulAppSpec } from '../api/spec.ts';
import type { Member } from '../api/status.ts';
import type { MemberView, Scene } from './scene.ts';

/** An entry of these fields alone tells what is waited for, and is told anew as long as that is so. */
const STORY: ReadonlySet<string> = new Set(['ordinal', 'pod', 'state', 'reason', 'message', 'since']);

/** Claims that are yet to be made are told anew, too. */
function remembers(entry: Member): boolean {
  const fields = Object.keys(entry).filter((field) => !STORY.has(field));
  return fields.some((field) => field !== 'claims' || entry.claims?.some(({ uid }) => uid !== undefined) === true);
}

function isRecorded({ slot, ledger }: MemberView): boolean {
  return slot.state !== 'Empty' || (ledger !== null && remembers(ledger));
}

/** As many entries as the rule `ledgerFits` would let an app have members. */
function capacity({ volumeClaimTemplates }: StatefulAppSpec): number {
  return Math.floor(LEDGER.bytes / (LEDGER.perMember + LEDGER.perClaim * volumeClaimTemplates.length));
}

/** How many members that the ledger does not know may be made now. */
export function roomFor({ spec, wanted, condemned, vanished }: Scene): number {
  const recorded = [...wanted, ...condemned, ...vanished].filter(isRecorded).length;
  return Math.max(capacity(spec) - recorded, 0);
}

/** Whether making this member takes an entry that is not there yet. */
export function takesRoom(member: MemberView): boolean {
  return !isRecorded(member);
}

/** The entries that are stored: all that remember something, and of the others, from the lowest on, those that fit. */
export function fitting({ spec }: Scene, entries: readonly Member[]): readonly Member[] {
  const excess = entries.length - capacity(spec);
  if (excess <= 0) return entries;
  const left = new Set(entries.filter((entry) => !remembers(entry)).slice(-excess));
  return entries.filter((entry) => !left.has(entry));
}

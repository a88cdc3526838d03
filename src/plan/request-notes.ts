// What became of what people ask of claims by annotations on the app (volumes/requests.ts): the operator never takes a request
// off, so it says which one is done, which one is not understood, and which one would accept a loss that has not happened.

import { ANNOTATION } from '../api/names.ts';
import { acceptableUid, type ClaimSlot } from '../volumes/claim-class.ts';
import { type ClaimRequest, readRequests, requestKey } from '../volumes/requests.ts';
import { verdict } from './doubts.ts';
import type { Scene } from './scene.ts';
import type { Note } from './types.ts';

type Verdict = 'done' | 'pending' | 'early' | { readonly unclear: string };

export function requestNotes(scene: Scene): readonly Note[] {
  const { annotations } = scene.observed.app;
  if (annotations[ANNOTATION.rebuild] === undefined && annotations[ANNOTATION.acceptVolumeLoss] === undefined)
    return [];
  const slots = slotsByName(scene);
  return [
    ...notesOf(scene, ANNOTATION.rebuild, (request) => judgeRebuild(slots.get(request.claim), request)),
    ...notesOf(scene, ANNOTATION.acceptVolumeLoss, (request) =>
      judgeAcceptance(scene, slots.get(request.claim), request),
    ),
  ];
}

function slotsByName({ wanted }: Scene): ReadonlyMap<string, ClaimSlot> {
  const slots = wanted.flatMap(({ claims, mounted }) => [...mounted, ...claims]);
  return new Map(slots.map((slot) => [slot.name, slot]));
}

const NO_CLAIM = { unclear: 'no wanted member of this app has a claim of that name' };

function judgeRebuild(slot: ClaimSlot | undefined, { uid }: ClaimRequest): Verdict {
  if (slot === undefined) return NO_CLAIM;
  if (slot.view?.uid !== uid) return 'done';
  return slot.class === 'Foreign' || slot.class === 'Doomed'
    ? { unclear: `it is not ours to delete${slot.why === undefined ? '' : ` (${slot.why})`}` }
    : 'pending';
}

function judgeAcceptance({ spec }: Scene, slot: ClaimSlot | undefined, { uid }: ClaimRequest): Verdict {
  if (slot === undefined) return NO_CLAIM;
  const { view, recorded, class: found } = slot;
  const next = verdict(slot, spec.volumeLossPolicy);
  // What is taken now is in the ledger with this very status, and what is accepted by that is spent.
  if ((next === 'use' || next === 'stamp') && found !== 'Lost') {
    const isSpent =
      recorded?.accepted === uid || (found !== 'Usable' && found !== 'Unstamped' && recorded?.uid === uid);
    return view?.uid !== uid || isSpent ? 'done' : 'early';
  }
  if (!slot.accepted || acceptableUid(slot) !== uid) return 'done';
  return found === 'Lost' || next === 'wait' || next === 'block' ? 'pending' : 'done';
}

function notesOf(scene: Scene, annotation: string, judge: (request: ClaimRequest) => Verdict): readonly Note[] {
  const { name, namespace, annotations } = scene.observed.app;
  const { asked, unreadable } = readRequests(annotations[annotation]);
  if (asked.length + unreadable.length === 0) return [];
  const judged = asked.map((request) => ({ key: requestKey(request), verdict: judge(request) }));
  const first = (test: (verdict: Verdict) => boolean) => judged.find(({ verdict }) => test(verdict));
  const unclear = first((verdict) => typeof verdict === 'object');
  const early = first((verdict) => verdict === 'early');
  const isDone = unreadable.length === 0 && judged.every(({ verdict }) => verdict === 'done');
  const takeOff = `kubectl annotate statefulapp ${name} -n ${namespace} ${annotation}-`;
  const note = (reason: Note['reason'], message: string): Note => ({
    reason,
    message: `Annotation ${annotation}: ${message}`,
  });
  return [
    ...(unreadable.length === 0
      ? []
      : [note('RequestUnclear', `${JSON.stringify(unreadable[0])} is no <claim>=<uid>, and nothing is done for it.`)]),
    ...(unclear === undefined || typeof unclear.verdict !== 'object'
      ? []
      : [note('RequestUnclear', `nothing is done for ${unclear.key}: ${unclear.verdict.unclear}.`)]),
    ...(early === undefined
      ? []
      : [
          note(
            'RequestUnclear',
            `the volume of ${early.key} is there; take it off, or its loss is accepted unasked: ${takeOff}`,
          ),
        ]),
    ...(isDone ? [note('RequestDone', `done, and it asks for nothing any more; it can be taken off: ${takeOff}`)] : []),
  ];
}

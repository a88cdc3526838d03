// What is kept of pods that are gone: how each ended, so that no copy comes beside one that may still run (R1). By UID,
// since how one ended says nothing of another of its name. In memory only: what a restart forgets of it, and what that
// costs, is in docs/adr/0005.

import type { Ending } from '../identity/slot.ts';
import { lastEndings } from '../plan/observe.ts';
import type { ObservedApp } from '../plan/types.ts';
import type { Shelf } from './shelf.ts';
import { strayKey } from './views.ts';

interface Named {
  readonly name: string;
  readonly uid: string;
}

export function recordEnding(shelf: Shelf, ending: Ending): void {
  shelf.endings.set(ending.uid, shelf.dead.has(ending.uid) ? { ...ending, how: 'dead' } : ending);
}

/** What only a ledger knew that goes with its app, or is taken from it, has to be known afterwards, too. */
export function recordOrphaned(shelf: Shelf, app: ObservedApp, atMs: number): void {
  const isGone = ({ name, uid }: Named) => shelf.pods.get(name)?.uid !== uid && !shelf.endings.has(uid);
  for (const ending of lastEndings(app, atMs, isGone)) recordEnding(shelf, ending);
}

/**
 * A pod that the ledger names and whose place another one has: nobody here saw it end, and the ledger is about to name the
 * other one, so that this is the last that is heard of it.
 */
export function recordDisplaced(shelf: Shelf, app: ObservedApp, atMs: number): void {
  const isDisplaced = ({ name, uid }: Named) => {
    const there = shelf.pods.get(name) ?? shelf.strays.get(strayKey('Pod', name))?.view;
    return there !== undefined && there.uid !== uid && !shelf.endings.has(uid);
  };
  for (const ending of lastEndings(app, atMs, isDisplaced)) recordEnding(shelf, ending);
}

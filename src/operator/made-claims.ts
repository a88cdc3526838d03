// Which claims this process has made: no pod can have used one before, and from then on each pod is seen, so that the member of one
// whose pod was never made need not wait for what an operator before us may have started (docs/adr/0005).

import type { KubeObject } from '../kube/objects.ts';
import type { Shelf } from './shelf.ts';

export function rememberClaim(shelf: Shelf, { metadata: { name, uid } }: KubeObject): void {
  shelf.madeClaims.add(uid);
  const shown = shelf.claims.get(name); // its watch may have told of it before the answer came
  if (shown?.uid === uid) shelf.claims.set(name, { ...shown, madeHere: true });
}

/** A claim's view says whether we have made it. */
export function signed<View extends { readonly uid: string }>(shelf: Shelf, view: View): View {
  return shelf.madeClaims.has(view.uid) ? { ...view, madeHere: true } : view;
}

export function forgetClaims(shelf: Shelf): void {
  const there = new Set([...shelf.claims.values()].map(({ uid }) => uid));
  for (const uid of shelf.madeClaims) if (!there.has(uid)) shelf.madeClaims.delete(uid);
}

// Is a member the exact copy of the one before: same name, DNS name, claims, volumes and revision, in another pod? And
// were claims kept? Pure; one sentence for each difference.
import type { ClaimFacts, Facts } from './view.ts';

export const short = (uid: string) => uid.slice(0, 8);

/** One clause for people: what stayed and what is new. */
export function describeCopy(before: Facts, after: Facts): string {
  const claims = after.claims.map(({ name, uid }) => `claim ${name} ${short(uid)}`).join(', ');
  return (
    `same name, same DNS name ${after.dnsName}, same ${claims}, same revision ${after.revision}; ` +
    `pod ${short(before.podUid)} is now ${short(after.podUid)}`
  );
}

export function copyBreaches(before: Facts, after: Facts): readonly string[] {
  const differs = (what: string, was: string, is: string) =>
    was === is ? [] : [`its ${what} was ${was || 'absent'} and is ${is || 'absent'}`];
  return [
    ...differs('name', before.pod, after.pod),
    ...differs('DNS name', before.dnsName, after.dnsName),
    ...differs('revision', before.revision, after.revision),
    ...(before.revision === '' ? ['it carries no revision'] : []),
    ...differs('list of claims', names(before.claims), names(after.claims)),
    ...(before.claims.length === 0 ? ['it has no claims'] : []),
    ...keptBreaches(before.claims, after.claims),
    ...(before.podUid === after.podUid ? ['it is still the same pod'] : []),
    ...(after.resolved === after.address ? [] : [`its DNS name resolves to ${after.resolved}, not ${after.address}`]),
  ];
}

/** Each claim of before is there, Bound to the same volume. */
export function keptBreaches(before: readonly ClaimFacts[], after: readonly ClaimFacts[]): readonly string[] {
  return before.flatMap((was) => {
    const is = after.find(({ name }) => name === was.name);
    if (is === undefined || is.uid === '') return [`claim ${was.name} is gone`];
    if (is.uid !== was.uid) return [`claim ${was.name} is another one: UID ${was.uid} before, ${is.uid} now`];
    if (is.volume !== was.volume)
      return [`claim ${was.name} has another volume: ${was.volume} before, ${is.volume} now`];
    return is.phase === 'Bound' ? [] : [`claim ${was.name} is ${is.phase}, not Bound`];
  });
}

function names(claims: readonly ClaimFacts[]): string {
  return claims.map(({ name }) => name).join(', ');
}

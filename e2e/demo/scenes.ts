// The scenes: what is done, what is waited for, and what must then be true. Lacks drawing (screen.ts) and judging
// (history.ts, copies.ts).
import { join } from 'node:path';
import { copyBreaches, describeCopy, keptBreaches, short } from './copies.ts';
import { creationBreaches, disturbances, doubleBreaches, removalBreaches, type Span } from './history.ts';
import { APP, ROOT, type User } from './setting.ts';
import { type ClaimFacts, claimFacts, type Facts, factsOf, missing, podName, type View } from './view.ts';

export interface Stage {
  readonly view: View;
  /** From here to whatever happens until it is judged. */
  readonly mark: () => Span;
  readonly user: User;
  /** See Setting. */
  readonly addressed: string;
  /** Waits until nothing is lacking. */
  readonly until: (lack: () => string | undefined) => Promise<void>;
  /** Time for people to look, where there are any. */
  readonly rest: () => Promise<void>;
}

/** `breaches` empty: it is as `expected`. */
export interface Check {
  readonly expected: string;
  readonly breaches: readonly string[];
}

export interface Scene {
  readonly title: string;
  readonly play: (stage: Stage) => Promise<readonly Check[]>;
}

const THREE = [0, 1, 2];
const FIVE = [0, 1, 2, 3, 4];
const DELETED = 1;
const FAILED = 0;

export const SCENES: readonly Scene[] = [
  { title: 'Three members come up in order, each with a DNS name and a volume of its own', play: start },
  { title: `A deleted member comes back as the exact copy: ${APP}-${DELETED}`, play: deleteMember },
  { title: `A failed member comes back as the exact copy: ${APP}-${FAILED}`, play: failMember },
  { title: 'Scale to 5 and back to 3: the highest goes first, claims are kept', play: scale },
];

async function start({ view, mark, user, until, addressed }: Stage): Promise<readonly Check[]> {
  const span = mark();
  await user.apply(join(ROOT, 'examples/web.yaml'));
  await until(() => missing(view, THREE));
  const members = THREE.map((ordinal) => must(view, ordinal));
  const addresses = members.map(({ dnsName, resolved }) => `${dnsName} is ${resolved}`).join(', ');
  return [
    {
      expected: `each pod was created once, after the one below it was Ready: ${members.map(({ pod }) => pod).join(', ')}`,
      breaches: creationBreaches(span, THREE),
    },
    {
      expected: `${addressed}: ${addresses}`,
      breaches: members.flatMap(({ dnsName, resolved, address }) =>
        resolved === address && address !== '' ? [] : [`${dnsName} resolves to ${resolved}, its pod has ${address}`],
      ),
    },
    {
      expected: `each has a claim of its own, Bound: ${listClaims(members.flatMap(({ claims }) => claims))}`,
      breaches: members.flatMap(({ pod, claims }) =>
        claims.length === 0 ? [`${pod} has none`] : keptBreaches(claims, claims),
      ),
    },
  ];
}

async function deleteMember(stage: Stage): Promise<readonly Check[]> {
  const { view, mark, user, until } = stage;
  const before = must(view, DELETED);
  const span = mark();
  await user.deletePod(before.pod);
  await until(() => replaced(view, DELETED, before));
  return replacementChecks(view, span, { ordinal: DELETED, before });
}

async function failMember(stage: Stage): Promise<readonly Check[]> {
  const { view, mark, user, until } = stage;
  const before = must(view, FAILED);
  const span = mark();
  await user.failPod(before.pod);
  await until(() => replaced(view, FAILED, before));
  const failed = span.events.slice(span.from).some(({ uid, phase }) => uid === before.podUid && phase === 'Failed');
  return [
    {
      expected: `pod ${before.pod} ${short(before.podUid)} was seen to fail`,
      breaches: failed ? [] : ['the watch never showed it in phase Failed'],
    },
    ...replacementChecks(view, span, { ordinal: FAILED, before }),
  ];
}

async function scale(stage: Stage): Promise<readonly Check[]> {
  const { view, mark, user, until, rest } = stage;
  const up = mark();
  await user.scale(APP, 5);
  await until(() => missing(view, FIVE));
  const added = [3, 4].map((ordinal) => must(view, ordinal));
  const claims = added.flatMap((member) => member.claims);
  const upChecks = [
    { expected: `${APP}-3 was created first, then ${APP}-4`, breaches: creationBreaches(up, [3, 4]) },
    { expected: 'nobody else was touched on the way up', breaches: disturbances(up, [3, 4]) },
  ];

  await rest();
  const down = mark();
  await user.scale(APP, 3);
  await until(() => missing(view, THREE));
  const kept = claims.map(({ name }) => claimFacts(view, name));
  return [
    ...upChecks,
    { expected: `${APP}-4 went first, ${APP}-3 after it was gone`, breaches: removalBreaches(down, [3, 4]) },
    { expected: 'nobody else was touched on the way down', breaches: disturbances(down, [3, 4]) },
    { expected: `their claims were kept: ${listClaims(kept)}`, breaches: keptBreaches(claims, kept) },
  ];
}

function replaced(view: View, ordinal: number, before: Facts): string | undefined {
  const now = factsOf(view, ordinal);
  if (now === undefined || now.podUid === before.podUid) return `another pod ${before.pod} than ${before.podUid}`;
  return missing(view, THREE);
}

function replacementChecks(view: View, span: Span, what: { ordinal: number; before: Facts }): readonly Check[] {
  const { ordinal, before } = what;
  const after = must(view, ordinal);
  const others = THREE.filter((other) => other !== ordinal).map((other) => podName(view, other));
  return [
    {
      expected: `${after.pod} is the exact copy: ${describeCopy(before, after)}`,
      breaches: copyBreaches(before, after),
    },
    {
      expected: `never two pods ${after.pod}: the first had ended and was gone before the second was created`,
      breaches: doubleBreaches(span),
    },
    { expected: `${others.join(' and ')} were left alone`, breaches: disturbances(span, [ordinal]) },
  ];
}

/** For members that were waited for. */
function must(view: View, ordinal: number): Facts {
  const facts = factsOf(view, ordinal);
  if (facts === undefined) throw new Error(`pod ${podName(view, ordinal)} is gone, nobody asked for that`);
  return facts;
}

function listClaims(claims: readonly ClaimFacts[]): string {
  return claims.map(({ name, uid }) => `${name} ${short(uid)}`).join(', ');
}

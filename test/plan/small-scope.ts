// One small case of an exhaustive table: an app and a few ordinals, each in a state given in the words of world.ts. It is
// put together from what each ordinal is alone, and objects are read once each: ten times as fast as `see(world(…))`.
// `faultsOf` says what is wrong with the plan for it, whatever the table is about: the invariants, determinism, silence,
// and that a plan that is carried out is never made again. Lacks what only one table can know (its own expectations).

import { readPod } from '../../src/identity/pod-view.ts';
import { actionKey } from '../../src/plan/describe.ts';
import { checkPlan } from '../../src/plan/invariants.ts';
import { readApp, readRevision, readService } from '../../src/plan/observe.ts';
import { plan as makePlan } from '../../src/plan/plan.ts';
import type { Observed, ObservedApp, Plan } from '../../src/plan/types.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';
import { perform } from './carry-out.ts';
import type { AppWords, Raw } from './objects.ts';
import { frozen, type Given, readingsOf, type World, world } from './world.ts';

/** One ordinal's part of a case, in the words of world.ts. */
export interface Place {
  /** `Vanished 9s`, `Available @v2`. */
  readonly state: string;
  /** By volume: the state of its claim. */
  readonly claims?: Readonly<Record<string, string>>;
  /** By PersistentVolume: what was read of it, where that is not as recorded (`disks` of world.ts). */
  readonly disks?: World['disks'];
  /** Fields of its ledger entry; `none`: it has none. */
  readonly ledger?: Raw | 'none';
}

export interface Case {
  readonly world: World;
  readonly app: ObservedApp;
}

function memo<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}

function once<View>(read: (raw: unknown) => View): (raw: Raw) => View {
  const known = new WeakMap<Raw, View>();
  return (raw) => {
    const view = known.get(raw) ?? frozen(read(raw));
    known.set(raw, view);
    return view;
  };
}

const podOf = once(readPod);
const claimOf = once(readClaim);
const serviceOf = once(readService);
const revisionOf = once(readRevision);

/** The world around the ordinals: the app itself, its Service, its revisions. */
const grounds = memo((words: string) => {
  const given = JSON.parse(words) as Given;
  const bare = world(given);
  return { bare, app: frozen(readApp(bare.app)) };
});

const alone = memo((words: string) => {
  const { app, ordinal, state, claims, disks, ledger } = JSON.parse(words) as Place & {
    app: AppWords;
    ordinal: number;
  };
  const part = world({
    app,
    pods: `${ordinal} ${state}`,
    claims: Object.entries(claims ?? {})
      .map(([volume, claim]) => `${volume}-${ordinal} ${claim}`)
      .join(', '),
    disks: disks ?? {},
    ledger: ledger === 'none' ? 'none' : ledger === undefined ? {} : { [ordinal]: ledger },
  });
  return { ...part, members: frozen(readApp(part.app).status.members ?? []) };
});

/** `given` is the app and what belongs to all; nothing of single ordinals. */
export function caseOf(given: Given, places: readonly Place[]): Case {
  const { bare, app } = grounds(JSON.stringify(given));
  const { version, volumes, pod } = given.app ?? {};
  const own = { version, volumes, pod };
  const parts = places.map((place, ordinal) => alone(JSON.stringify({ app: own, ordinal, ...place })));
  const joined = {
    ...bare,
    pods: new Map(parts.flatMap(({ pods }) => [...pods])),
    claims: new Map(parts.flatMap(({ claims }) => [...claims])),
    endings: new Map(parts.flatMap(({ endings }) => [...endings])),
    // Read volumes are taken out of it: each case has its own.
    disks: Object.fromEntries([bare, ...parts].flatMap(({ disks }) => Object.entries(disks))),
    services: new Map(bare.services),
    revisions: new Map(bare.revisions),
  };
  if (given.ledger === 'none') return { world: joined, app };
  const members = parts.flatMap((part) => part.members);
  return { world: joined, app: { ...app, status: { ...app.status, members } } };
}

/** As `see(world)`, with the app as it was read already. */
export function seen({ world: { nowMs, pods, claims, services, revisions, ...rest }, app }: Case): Observed {
  for (const [name] of pods) rest.endings.delete(name);
  const views = [...claims.values()].map(claimOf);
  return {
    nowMs,
    app,
    pods: [...pods.values()].map(podOf),
    claims: views,
    volumes: readingsOf(views, rest.disks),
    service: [...services.values()].map(serviceOf)[0] ?? null,
    revisions: [...revisions.values()].map(revisionOf),
    strays: rest.strays,
    nodes: rest.nodes,
    survey: rest.survey,
    endings: [...rest.endings.values()],
    refusals: rest.refusals,
  };
}

const stored = (plan: Plan): ObservedApp['status'] => JSON.parse(JSON.stringify(plan.status));

/** What is wrong with the plan for this case, whatever the case is about; nothing, if all is well. */
export function faultsOf(one: Case, observed: Observed, plan: Plan): readonly string[] {
  const text = JSON.stringify(plan);
  const fed = (last: Plan) => makePlan({ ...observed, app: { ...observed.app, status: stored(last) } });
  return [
    ...checkPlan(observed, plan),
    // Asked of a part: chance or a clock in the planner would show in any of them.
    ...(text.length % 8 > 0 || JSON.stringify(makePlan(observed)) === text ? [] : ['another plan the second time']),
    ...(JSON.stringify(fed(plan).status) === JSON.stringify(plan.status) ? [] : ['the status is an echo of itself']),
    ...(/undefined|\[object|NaN/.test(text) ? ['words of JavaScript'] : []),
    ...stillFaults(one, plan),
  ];
}

/** Rounds after which nothing may be left to do: a Service, a revision, a claim, a pod, and a status before and after. */
const MAX_ROUNDS = 8;

/**
 * Carries the plan out while nothing else moves (created pods stay Pending, time stands still), and plans again, until
 * nothing is planned. An action that was carried out and is planned again is a loop: no write would ever be the last one.
 */
function stillFaults(one: Case, first: Plan): readonly string[] {
  const done = new Set<string>();
  let { app } = one;
  let plan = first;
  let told = JSON.stringify(app.status);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (!plan.statusFirst) {
      for (const action of plan.actions) {
        if (done.has(actionKey(action))) return [`carried out, and planned again: ${actionKey(action)}`];
        done.add(actionKey(action));
        perform(one.world, action);
      }
    }
    const text = JSON.stringify(plan.status);
    if (plan.actions.length === 0 && text === told) return [];
    told = text;
    app = { ...app, status: JSON.parse(text) };
    const observed = frozen(seen({ world: one.world, app }));
    plan = makePlan(observed);
    const breaches = checkPlan(observed, plan);
    if (breaches.length > 0) return breaches.map((breach) => `after ${round + 1} rounds: ${breach}`);
  }
  return [`still at it after ${MAX_ROUNDS} rounds: ${plan.actions.map(actionKey).join(', ') || 'only the status'}`];
}

export const isReady = ({ status }: Plan) => status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

/** Every choice of one value for each of `count` places. */
export function* choices<Value>(values: readonly Value[], count: number): Generator<readonly Value[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const rest of choices(values, count - 1)) for (const value of values) yield [...rest, value];
}

/** Every combination of one value of each field. */
export function* combinations<Fields extends Readonly<Record<string, readonly unknown[]>>>(
  fields: Fields,
): Generator<{ readonly [Field in keyof Fields]: Fields[Field][number] }> {
  type One = { readonly [Field in keyof Fields]: Fields[Field][number] };
  let all: Record<string, unknown>[] = [{}];
  for (const [field, values] of Object.entries(fields))
    all = all.flatMap((one) => values.map((value) => ({ ...one, [field]: value })));
  yield* all as One[];
}

// What must be true of the plan for any objects whatever: it is made, it is safe, it can be told and stored, it says
// whole sentences, and it is made again alike. Returns words instead of throwing, so that a hundred thousand are judged
// quickly; the number of a sample is all that it takes to see it again.

import { parseStatus, statusSchema } from '../../src/api/status.ts';
import { canonicalJson } from '../../src/identity/json.ts';
import { readPod } from '../../src/identity/pod-view.ts';
import { describe } from '../../src/plan/describe.ts';
import { checkPlan } from '../../src/plan/invariants.ts';
import { observe, readApp, readEnding, readRevision, readService } from '../../src/plan/observe.ts';
import { plan as makePlan } from '../../src/plan/plan.ts';
import type { Observed, Plan } from '../../src/plan/types.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';
import { NOW, SOUND_NODES } from './objects.ts';
import { randomSample, type Sample } from './random-apps.ts';
import { type Fields, isFields } from './random-apps-values.ts';

export function observedOf(sample: Sample): Observed {
  const app = readApp(sample.app);
  return observe({
    nowMs: NOW,
    app,
    pods: sample.pods.map(readPod),
    claims: sample.claims.map(readClaim),
    services: sample.services.map(readService),
    revisions: sample.revisions.map(readRevision),
    strays: sample.strays.map(readPod).map((view) => ({ kind: 'Pod', name: view.name, view, readAtMs: NOW, reads: 1 })),
    volumes: [],
    nodes: SOUND_NODES,
    survey: sample.surveyed
      ? { generation: app.generation, atMs: NOW, statefulSetUid: sample.statefulSetUid, reads: 1 }
      : null,
    endings: sample.ended.map((raw) => readEnding(readPod(raw), { atMs: NOW, fromWatch: true })),
    refusals: sample.refused.map((key) => ({ key, message: 'exceeded quota', retryAtMs: NOW + 5000 })),
  });
}

/** Frozen to any depth, without calling itself. */
function frozen<Value>(value: Value): Value {
  const todo: unknown[] = [value];
  for (let next = todo.pop(); todo.length > 0 || next !== undefined; next = todo.pop()) {
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const inner of Object.values(next)) if (typeof inner === 'object' && inner !== null) todo.push(inner);
  }
  return value;
}

function sentencesOf({ app }: Observed, { actions, waits, notes, status }: Plan): readonly string[] {
  // Conditions and messages that others wrote are theirs.
  const before = new Set((app.status.conditions ?? []).map(({ message }) => message ?? ''));
  return [
    ...actions.map(describe),
    ...[...waits, ...notes].map(({ message }) => message),
    ...(status.conditions ?? []).map(({ message }) => message ?? '').filter((message) => !before.has(message)),
    ...(app.problems ?? []),
  ];
}

const UNSAID = /undefined|\[object|NaN|function |Infinity|: *[.;]|^\s|\s$/;

function speech(observed: Observed, plan: Plan): readonly string[] {
  const said = sentencesOf(observed, plan).filter((sentence) => sentence === '' || UNSAID.test(sentence));
  const long = (plan.status.conditions ?? []).filter(({ message = '' }) => message.length > 1024 && message !== '');
  const ours = long.filter(
    ({ message }) => !(observed.app.status.conditions ?? []).some((one) => one.message === message),
  );
  return [
    ...said.map((sentence) => `it says ${JSON.stringify(sentence.slice(0, 200))}`),
    ...ours.map(({ type }) => `the message of ${type} is too long`),
  ];
}

const at = (raw: unknown, field: string): unknown =>
  isFields(raw) && Object.hasOwn(raw, field) ? raw[field] : undefined;
const nameOf = (raw: Fields) => at(raw['metadata'], 'name');

/** Said of the raw objects: what is made has no namesake, and what is deleted is controlled by this app. */
function deeds(sample: Sample, { actions }: Plan): readonly string[] {
  const uid = at(sample.app['metadata'], 'uid');
  const pods = [...sample.strays, ...sample.pods];
  return actions.flatMap((action): readonly string[] => {
    if (action.type === 'createPod' || action.type === 'createClaim') {
      const { name } = action.object.metadata;
      const taken = (action.type === 'createPod' ? pods : sample.claims).some((raw) => nameOf(raw) === name);
      return taken ? [`${action.type} ${name}, and there is one`] : [];
    }
    if (action.type !== 'deletePod') return [];
    const victim = pods.find((raw) => nameOf(raw) === action.name && at(raw['metadata'], 'uid') === action.uid);
    const owners = at(victim?.['metadata'], 'ownerReferences');
    const first = Array.isArray(owners) ? owners.find((one) => at(one, 'controller') === true) : undefined;
    return at(first, 'uid') === uid ? [] : [`deletePod ${action.name}, which is not ours`];
  });
}

/** The status can be stored under our own CRD, and is read back as it was written. */
function storable({ status }: Plan, text: string): readonly string[] {
  const written = JSON.stringify(status);
  const back: unknown = JSON.parse(written);
  const parsed = statusSchema.safeParse(back);
  const reread = parseStatus(back);
  const same = JSON.stringify(reread) === written || canonicalJson(reread) === canonicalJson(status);
  return [
    ...(parsed.success
      ? []
      : [`the status is not storable: ${parsed.error.issues.map(({ path }) => path.join('.')).join()}`]),
    ...(same ? [] : ['the status is read back as another']),
    ...(/\\ud[89a-f][0-9a-f]{2}/i.test(text) ? ['half a character'] : []),
  ];
}

function repeatable(observed: Observed, text: string): readonly string[] {
  const replayed: Observed = JSON.parse(JSON.stringify(observed));
  return [
    ...(JSON.stringify(makePlan(observed)) === text ? [] : ['another plan the second time']),
    ...(JSON.stringify(makePlan(replayed)) === text ? [] : ['another plan from the file of a bug report']),
  ];
}

interface Judged {
  readonly understood: boolean;
  readonly active: boolean;
  readonly faults: readonly string[];
}

/** Everything that is wrong with the plan for the sample of this number. What takes long is asked of a part of them. */
export function examine(sample: Sample, number: number): Judged {
  const twice = number % 20 === 0;
  try {
    const observed = observedOf(sample);
    const result = makePlan(twice ? frozen(observed) : observed);
    const text = number % 4 === 0 ? JSON.stringify(result) : '';
    const faults = [
      ...checkPlan(observed, result),
      ...speech(observed, result),
      ...deeds(sample, result),
      ...(number % 4 === 0 ? storable(result, text) : []),
      ...(twice ? repeatable(observed, text) : []),
    ];
    return { understood: observed.app.spec !== null, active: result.actions.length > 0, faults };
  } catch (error) {
    const faults = [
      `it throws: ${error instanceof Error ? error.stack?.split('\n').slice(0, 4).join(' ') : String(error)}`,
    ];
    return { understood: false, active: false, faults };
  }
}

const prototypes = [Object.prototype, Array.prototype, String.prototype, Number.prototype, Function.prototype];
const marks = () =>
  prototypes.map((prototype) => Reflect.ownKeys(prototype).length).join() + Reflect.get({}, 'polluted');
const CLEAN = marks();

export interface Verdict {
  readonly judged: number;
  /** How many were understood, and how many had something to do: a generator of rubbish alone would prove nothing. */
  readonly understood: number;
  readonly active: number;
  readonly faults: readonly string[];
}

/** Judges the samples of these numbers; stops after the fifth that is wrong. */
export function judge(from: number, to: number): Verdict {
  const faults: string[] = [];
  let understood = 0;
  let active = 0;
  for (let number = from; number < to && faults.length < 5; number += 1) {
    const found = examine(randomSample(number), number);
    if (found.faults.length > 0) faults.push(`sample ${number}: ${found.faults.join('; ')}`);
    // What is polluted stays so.
    if (number % 16 === 15 && marks() !== CLEAN)
      faults.push(`sample ${number}, or one shortly before: a prototype is polluted`);
    if (found.understood) understood += 1;
    if (found.active) active += 1;
  }
  return { judged: to - from, understood, active, faults };
}

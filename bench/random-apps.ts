// How long each step of a pass takes for the largest apps that an API server admits (1.4 MB of JSON), and for random ones.
// Prints a table; steps over 50 ms are marked. No assertion: figures depend on the machine, and on a busy one only the
// smallest of several says how long a step takes. Run it on an idle one:
//   node bench/random-apps.ts [number of random apps, 100000] [file for the slowest one]

import { writeFileSync } from 'node:fs';
import { sameJson } from '../src/identity/json.ts';
import { readPod } from '../src/identity/pod-view.ts';
import { checkPlan } from '../src/plan/invariants.ts';
import { observe, readApp, readRevision, readService, type Sighting } from '../src/plan/observe.ts';
import { plan } from '../src/plan/plan.ts';
import type { Observed, Plan } from '../src/plan/types.ts';
import { readClaim } from '../src/volumes/claim-view.ts';
import {
  hashOf,
  NOW,
  type Raw,
  rawApp,
  rawClaim,
  rawPod,
  rawRevision,
  rawService,
  SOUND_NODES,
} from '../test/plan/objects.ts';
import { randomSample } from '../test/plan/random-apps.ts';
import { observedOf } from '../test/plan/random-apps-faults.ts';

const LIMIT_MS = 50;
/** The smallest of so many is the figure. */
const ROUNDS = 20;

interface Size {
  readonly it: string;
  readonly members: number;
  readonly volumes: readonly string[];
  /** Bytes that the template is padded with, as environment variables. */
  readonly bytes: number;
}

const volumes = Array.from({ length: 16 }, (_, index) => `volume-${String(index).padStart(2, '0')}`);
const SIZES: readonly Size[] = [
  { it: 'template 1.35 MB, 3 members', members: 3, volumes: ['data'], bytes: 1_350_000 },
  { it: '4000 members, no volumes', members: 4000, volumes: [], bytes: 0 },
  { it: '2790 members, 1 volume', members: 2790, volumes: ['data'], bytes: 0 },
  { it: '447 members, 16 volumes', members: 447, volumes, bytes: 0 },
  { it: '2000 members, template 0.8 MB', members: 2000, volumes: [], bytes: 800_000 },
];

interface Objects {
  readonly app: Raw;
  readonly pods: readonly Raw[];
  readonly claims: readonly Raw[];
  readonly revision: Raw;
}

const envOf = (bytes: number) =>
  Array.from({ length: Math.floor(bytes / 100) }, (_, index) => ({
    name: `VARIABLE_${String(index).padStart(8, '0')}`,
    value: 'x'.repeat(55),
  }));

function objectsOf({ members, volumes: names, bytes }: Size): Objects {
  const pod = { initContainers: [{ name: 'init', image: 'web:v1', env: envOf(bytes) }] };
  const app = rawApp({ replicas: members, pod, volumes: names, podManagementPolicy: 'Parallel' });
  const ordinals = Array.from({ length: members }, (_, ordinal) => ordinal);
  const revision = hashOf('v1', names, pod);
  return {
    app,
    pods: ordinals.map((ordinal) => rawPod({ ordinal, state: 'Available', revision, seconds: 3600, volumes: names })),
    claims: ordinals.flatMap((ordinal) => names.map((volume) => rawClaim({ volume, ordinal, state: 'Bound' }))),
    revision: rawRevision({ version: 'v1', number: 1, volumes: names, pod }),
  };
}

type Steps = Map<string, number[]>;

function timed<Value>(steps: Steps, step: string, work: () => Value): Value {
  const start = performance.now();
  const value = work();
  const took = performance.now() - start;
  steps.set(step, [...(steps.get(step) ?? []), took]);
  return value;
}

/** What the operator does between two waits: from what was observed to a status that is ready to be sent. */
function decide(steps: Steps, observed: Observed, when = ''): Plan {
  return timed(steps, `all of a pass${when}`, () => {
    const result = timed(steps, `plan${when}`, () => plan(observed));
    timed(steps, `checkPlan${when}`, () => checkPlan(observed, result));
    timed(steps, `status: is it new?${when}`, () => sameJson(result.status, observed.app.status));
    timed(steps, `status: JSON.stringify${when}`, () => JSON.stringify(result.status));
    return result;
  });
}

/** Each watch event is taken in by itself, so that no more than one object is read at a time. */
function round(steps: Steps, { app, pods, claims, revision }: Objects): Observed['app']['status'] {
  const text = JSON.stringify(app);
  const raw: unknown = timed(steps, 'JSON.parse of the app', () => JSON.parse(text));
  const view = timed(steps, 'readApp, new', () => readApp(raw));
  timed(steps, 'readApp, only its status is new', () => readApp(raw, { raw: app, app: view }));
  const podViews = timed(steps, 'readPod, one by one', () => pods.map(readPod));
  const claimViews = timed(steps, 'readClaim, one by one', () => claims.map(readClaim));
  const revisions = timed(steps, 'readRevision', () => [readRevision(revision)]);
  const observed = timed(steps, 'observe', () =>
    observe({
      nowMs: NOW,
      app: view,
      pods: podViews,
      claims: claimViews,
      services: [readService(rawService())],
      revisions,
      strays: [],
      volumes: [],
      nodes: SOUND_NODES,
      survey: { generation: 1, atMs: NOW, statefulSetUid: null, reads: 1 },
      endings: [],
      refusals: [],
    }),
  );
  return decide(steps, observed).status;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const mark = (ms: number) => `${ms.toFixed(1).padStart(9)}${ms > LIMIT_MS ? ' !' : '  '}`;

function print(steps: Steps): void {
  for (const [step, times] of steps)
    console.log(`${step.padEnd(52)}${[Math.min(...times), median(times), Math.max(...times)].map(mark).join('')}`);
}

function measure(size: Size): void {
  const objects = objectsOf(size);
  const steps: Steps = new Map();
  const status = round(new Map(), objects);
  // From then on as it is when nothing happens: the ledger is full.
  const full = { ...objects, app: { ...objects.app, status } };
  for (let times = 0; times < ROUNDS; times += 1) round(steps, full);
  const bytes = JSON.stringify(full.app).length;
  console.log(
    `\n${size.it}: ${(bytes / 1e6).toFixed(2)} MB of JSON\n${'step'.padEnd(52)}   min ms  median ms     max ms`,
  );
  print(steps);
}

interface Scene {
  readonly it: string;
  readonly given: Partial<Sighting>;
}

const BARE = {
  nowMs: NOW,
  pods: [],
  claims: [],
  services: [],
  revisions: [],
  strays: [],
  volumes: [],
  nodes: SOUND_NODES,
  endings: [],
  refusals: [],
};

/** Moments in which everything happens at once. */
function scenesOf(size: Size): readonly Scene[] {
  const { pods, claims, revision } = objectsOf(size);
  const failed = pods.map((pod) => readPod({ ...pod, status: { phase: 'Failed' } }));
  const old = Array.from({ length: 10 }, (_, index) => {
    const pod = { initContainers: [{ name: `init-${index}`, image: 'web:v1', env: envOf(size.bytes) }] };
    return readRevision(rawRevision({ version: 'v1', number: index + 1, volumes: size.volumes, pod }));
  });
  const names = pods.map((pod) => (pod['metadata'] as Raw)['name'] as string);
  const refused = names.flatMap((name) => [
    `createPod/${name}`,
    ...size.volumes.map((one) => `createClaim/${one}-${name}`),
  ]);
  const refusals = refused.map((key) => ({ key, message: 'exceeded quota', retryAtMs: NOW + 5000 }));
  return [
    { it: 'all to be made', given: {} },
    { it: 'all refused', given: { refusals } },
    { it: 'all failed', given: { pods: failed, claims: claims.map(readClaim), revisions: [readRevision(revision)] } },
    { it: 'a template new after ten', given: { revisions: old } },
  ];
}

function measureScenes(size: Size): void {
  const steps: Steps = new Map();
  const app = readApp(objectsOf(size).app);
  const survey = { generation: 1, atMs: NOW, statefulSetUid: null, reads: 1 };
  for (const { it, given } of scenesOf(size)) {
    const observed = observe({ ...BARE, app, survey, ...given });
    for (let times = 0; times < ROUNDS; times += 1) decide(steps, observed, `, ${it}`);
  }
  print(steps);
}

function measureRandom(count: number, file: string | undefined): void {
  const worst = { number: -1, step: '', ms: 0 };
  const all = new Map<string, { total: number; most: number }>();
  for (let number = 0; number < count; number += 1) {
    const sample = randomSample(number);
    const steps: Steps = new Map();
    decide(
      steps,
      timed(steps, 'read and observe', () => observedOf(sample)),
    );
    for (const [step, [ms = 0]] of steps) {
      const known = all.get(step) ?? { total: 0, most: 0 };
      all.set(step, { total: known.total + ms, most: Math.max(known.most, ms) });
      if (ms > worst.ms && number > 100) Object.assign(worst, { number, step, ms });
    }
  }
  console.log(`\n${count} random apps\n${'step'.padEnd(52)}   mean ms     max ms`);
  for (const [step, { total, most }] of all) console.log(`${step.padEnd(52)}${mark(total / count)}${mark(most)}`);
  console.log(`slowest after warming up: sample ${worst.number}, ${worst.step}, ${worst.ms.toFixed(1)} ms`);
  if (file !== undefined) writeFileSync(file, JSON.stringify(randomSample(worst.number)));
}

const [count = '100000', file] = process.argv.slice(2);
for (const size of SIZES) {
  measure(size);
  measureScenes(size);
}
measureRandom(Number(count), file);

// One seed: a cluster, an operator or several, people and faults, for so many steps; then the faults stop, and everything
// has to come to rest as it was asked for. A step is one event: a request that arrives, an answer, a watch that tells, a
// timer, a kubelet's or controller's turn, an intervention.

import { heal, mend } from './chaos/healing.ts';
import { refusalsToTell, silent, writesToCome } from './checks/settled.ts';
import { Random } from './random.ts';
import type { Violation } from './recorder.ts';
import { entry } from './script.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Interventions go on for so many steps. */
  readonly steps: number;
  /** Instead: for so many milliseconds, and only these interventions. Of a run that is made smaller. */
  readonly only?: { readonly kept: readonly number[]; readonly chaosMs: number } | undefined;
  readonly trace?: ((line: string) => void) | undefined;
}

export interface Result {
  readonly seed: number;
  readonly steps: number;
  readonly hash: string;
  /** The first one; a run ends with it. */
  readonly violation: Violation | undefined;
  /** Of each intervention that was tried: what it did, or undefined. */
  readonly script: readonly (string | undefined)[];
  readonly chaosMs: number;
  /** "fault x workflow": how often the one happened while the other was going on. */
  readonly coverage: ReadonlyMap<string, number>;
}

/**
 * How long it may take once everything is mended: the longest backoff and eviction are five minutes each, and every member may
 * have to be given progressDeadlineSeconds, ten minutes, at a template that is not wanted any more (seed 38186).
 */
const REST_MS = 90 * 60_000;
/** How long people wait for it without them: a deadline of ten minutes, and a slow start after it (seed 509 of retention). */
const ALONE_MS = 15 * 60_000;
const SECOND_LOOK_MS = 10 * 60_000;
/** While nothing changes, only time can make a difference. */
const LOOK_MS = 10_000;
/** All is as it should be for so long: then nothing more may be written. */
const CALM_MS = 150_000;
const SILENCE_MS = 180_000;
/** Whoever waits for people may tell it in new words meanwhile: a deadline has passed, a backoff is over. */
const STUCK_WRITES = 5;

export async function run(options: RunOptions): Promise<Result> {
  const world = new World(options.seed, options.trace);
  const { recorder } = world;
  try {
    const chaos = new Chaos(world, options);
    await chaos.play();
    const chaosMs = world.ageMs;
    if (recorder.violation === undefined) await comeToRest(world, options.seed);
    const { script, coverage } = chaos;
    const { steps, hash, violation } = recorder;
    return { seed: options.seed, steps, hash, violation, script, chaosMs, coverage };
  } finally {
    world.end();
  }
}

class Chaos {
  readonly script: (string | undefined)[] = [];
  readonly coverage = new Map<string, number>();
  readonly #world: World;
  readonly #options: RunOptions;
  readonly #workflows = new Set<string>();
  #isOver = false;

  constructor(world: World, options: RunOptions) {
    this.#world = world;
    this.#options = options;
  }

  async play(): Promise<void> {
    const { steps, only } = this.#options;
    const { recorder } = this.#world;
    this.#next(0);
    const goesOn = () => (only === undefined ? recorder.steps < steps : this.#world.ageMs < only.chaosMs);
    while (goesOn() && recorder.violation === undefined) await this.#world.step();
    this.#isOver = true;
  }

  #next(index: number): void {
    const { stage, recorder } = this.#world;
    const { intervention, gapMs, random } = entry(this.#options.seed, index);
    const { kind, name, act } = intervention;
    stage.timeline.after(gapMs, `${kind}: ${name}`, () => {
      if (this.#isOver) return;
      const { only } = this.#options;
      const did = only === undefined || only.kept.includes(index) ? act(stage, random) : undefined;
      this.script.push(did === undefined ? undefined : `${name}: ${did}`);
      if (did !== undefined) {
        recorder.tell(`* ${kind} ${name}: ${did}`);
        this.#cover(kind, name);
      }
      this.#next(index + 1);
    });
  }

  /** A workflow goes on until everything has converged. */
  #cover(kind: string, name: string): void {
    if (this.#world.unsettled().length === 0) this.#workflows.clear();
    if (kind === 'user') {
      this.#workflows.add(name);
      return;
    }
    for (const workflow of this.#workflows.size === 0 ? ['at rest'] : this.#workflows) {
      const key = `${name} x ${workflow}`;
      this.coverage.set(key, (this.coverage.get(key) ?? 0) + 1);
    }
  }
}

async function comeToRest(world: World, seed: number): Promise<void> {
  const { stage, recorder } = world;
  recorder.tell('* faults stopped');
  heal(stage);
  // In half of the runs people wait first whether it comes to rest without them.
  if (new Random(seed, 'rest').chance(0.5)) await rest(world, { forMs: ALONE_MS, isFinal: false });
  if (recorder.violation !== undefined) return;
  recorder.tell('* people mended what only they can');
  mend(stage);
  // What the status says meanwhile may need them once more.
  stage.timeline.after(SECOND_LOOK_MS, 'people look again', () => {
    if (world.unsettled().length > 0) mend(stage);
  });
  await rest(world, { forMs: REST_MS, isFinal: true });
}

/**
 * Until everything has been as it should be for a while; then nothing more may be written. What cannot get there has to
 * say so in its status.
 */
async function rest(
  world: World,
  { forMs, isFinal }: { readonly forMs: number; readonly isFinal: boolean },
): Promise<void> {
  const { recorder } = world;
  const { server, timeline } = world.stage;
  const apps = () => server.all('statefulapps');
  if (await hasSettled(world, forMs)) return silence(world, sum(apps().map(writesToCome)));
  if (recorder.violation !== undefined) return;
  const left = world.unsettled().join('; ');
  if (isFinal) recorder.broken('R10', `not converged ${forMs / 60_000} min after everything was mended: ${left}`);
  for (const app of apps()) {
    const wrong = silent(server, app, timeline.now());
    if (wrong !== undefined) recorder.broken('silent', wrong);
  }
  await silence(world, STUCK_WRITES + sum(apps().map(refusalsToTell)));
}

/** Whether all was as it should be for a while, before the time was over and before a rule was broken. */
async function hasSettled(world: World, forMs: number): Promise<boolean> {
  const { timeline } = world.stage;
  const deadline = timeline.now() + forMs;
  let goodSince: number | undefined;
  let lookedAt = 0;
  let changes = -1;
  while (timeline.now() < deadline && world.recorder.violation === undefined) {
    await world.step();
    const now = timeline.now();
    if (now - lookedAt < (changes === world.changes ? LOOK_MS : 1_000)) continue;
    lookedAt = now;
    changes = world.changes;
    if (world.unsettled().length > 0) goodSince = undefined;
    else goodSince ??= now;
    if (goodSince !== undefined && now - goodSince > CALM_MS) return true;
  }
  return false;
}

async function silence(world: World, allowed: number): Promise<void> {
  const { timeline } = world.stage;
  const before = world.writes - world.podsMoved;
  const until = timeline.now() + SILENCE_MS;
  while (timeline.now() < until && world.recorder.violation === undefined) await world.step();
  // A store that crashes again and again is told again and again.
  const writes = world.writes - world.podsMoved - before;
  const seconds = SILENCE_MS / 1000;
  if (writes > allowed)
    world.recorder.broken('quiet', `${writes} writes in ${seconds} s although nothing is to be done`);
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

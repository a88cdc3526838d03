// One seed: a cluster, an operator or several, people and faults, for so many steps; then the faults stop, and everything
// has to come to rest as it was asked for. A step is one event: a request that arrives, an answer, a watch that tells, a
// timer, a kubelet's or controller's turn, an intervention.

import { formatTime } from '../../src/identity/time.ts';
import { drawApp, drawApps, NAMESPACE } from './apps.ts';
import { heal, mend } from './chaos/healing.ts';
import { type Stage, userHands } from './chaos/stage.ts';
import { commitCheck } from './checks/commits.ts';
import { requestRules } from './checks/requests.ts';
import { silent, unsettled, writesToCome } from './checks/settled.ts';
import { Twins } from './checks/twins.ts';
import { Onlooker } from './checks/witness.ts';
import { startControlPlane } from './control/plane.ts';
import { calmTemper, roughTemper } from './control/temper.ts';
import { Crew, LEASE, LEASES } from './crew.ts';
import { Random } from './random.ts';
import { entry } from './script.ts';
import { SimServer } from './server/server.ts';
import { VirtualTimeline } from './timeline.ts';

export interface RunOptions {
  readonly seed: number;
  /** Interventions go on for so many steps. */
  readonly steps: number;
  /** Instead: for so many milliseconds, and only these interventions. Of a run that is made smaller. */
  readonly only?: { readonly kept: readonly number[]; readonly chaosMs: number } | undefined;
  readonly trace?: ((line: string) => void) | undefined;
}

export interface Violation {
  readonly rule: string;
  readonly what: string;
  readonly atMs: number;
  readonly step: number;
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

const START_MS = Date.UTC(2026, 0, 1);
const NODES = ['node-a', 'node-b', 'node-c'];
/** How long it may take from the end of the faults: the longest backoff and eviction are five minutes each. */
const REST_MS = 30 * 60_000;
/** How long people wait for it without them. */
const ALONE_MS = 12 * 60_000;
const SECOND_LOOK_MS = 10 * 60_000;
/** While nothing changes, only time can make a difference. */
const LOOK_MS = 10_000;
/** All is as it should be for so long: then nothing more may be written. */
const CALM_MS = 150_000;
const SILENCE_MS = 180_000;
/** Whoever waits for people may tell it in new words meanwhile: a deadline has passed, a backoff is over. */
const STUCK_WRITES = 5;

/** Lets the processes do all that follows from what just happened: nothing in them waits for anything but promises. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export async function run(options: RunOptions): Promise<Result> {
  const simulation = new Simulation(options);
  try {
    return await simulation.play();
  } finally {
    simulation.end();
  }
}

class Simulation {
  readonly #options: RunOptions;
  readonly #timeline = new VirtualTimeline(START_MS);
  readonly #server: SimServer;
  readonly #stage: Stage;
  readonly #crew: Crew;
  readonly #script: (string | undefined)[] = [];
  readonly #coverage = new Map<string, number>();
  readonly #workflows = new Set<string>();
  #violation: Violation | undefined;
  #steps = 0;
  #touched = false;
  #hash = 0x811c9dc5;
  /** Of operators, and of anybody; without Leases. */
  #writes = 0;
  #changes = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const { seed } = options;
    const timeline = this.#timeline;
    const random = new Random(seed, 'setting');
    let uids = 0;
    const server = new SimServer({
      now: timeline.now,
      uid: () => {
        uids += 1;
        return `uid-${uids}`;
      },
    });
    this.#server = server;
    const leaseTimes = random.pick(LEASES);
    const report = (rule: string, what: string) => this.#report(rule, what);
    const twins = new Twins((what) => report('R1', what));
    const witness = new Onlooker(requestRules(leaseTimes.renewDeadlineMs), report);
    const crew = new Crew({
      seed,
      leaseTimes,
      server,
      timeline,
      witness,
      touched: () => {
        this.#touched = true;
      },
      trace: (line) => this.#tell(line),
      logLevel: options.trace === undefined ? 'error' : 'debug',
      logged: (name, line) => this.#logged(name, line),
    });
    this.#crew = crew;
    const plane = startControlPlane({
      server,
      timeline,
      random: new Random(seed, 'control'),
      nodes: NODES,
      on: twins,
      temper: random.chance(0.5) ? calmTemper() : roughTemper(),
    });
    const check = commitCheck(crew.isOperator);
    server.onCommit((change) => {
      const { actor, plural, object, type } = change;
      if (plural !== 'leases') this.#changes += 1;
      if (crew.isOperator(actor) && plural !== 'leases') this.#writes += 1;
      this.#tell(`  ${actor} ${type} ${plural} ${object.metadata.name} @${change.version}`);
      const wrong = check.judge(change);
      if (wrong !== undefined) report(wrong.rule, wrong.what);
      if (plural === 'pods' && type === 'ADDED' && crew.isOperator(actor)) twins.made(object.metadata.uid);
      if (plural === 'pods' && type === 'DELETED' && !actor.startsWith('kubelet')) excuse(change.object.metadata.uid);
    });
    const excuse = (uid: string) => {
      const where = plane.running().find((fact) => fact.uid === uid);
      if (where !== undefined && !plane.node(where.node).connected) twins.excuse(uid);
    };
    const ideas = drawApps(random);
    this.#stage = {
      server,
      timeline,
      plane,
      crew,
      ideas,
      nodes: NODES,
      user: userHands(server),
      undoings: new Set(),
      coming: new Set(),
    };
    for (const name of ['system', NAMESPACE])
      this.#stage.user.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const idea of ideas) this.#stage.user.create('statefulapps', drawApp(idea, random));
    crew.start();
  }

  async play(): Promise<Result> {
    const chaosMs = await this.#chaos();
    if (this.#violation === undefined) {
      this.#tell('* faults stopped');
      heal(this.#stage);
      // In half of the runs people wait first whether it comes to rest without them.
      if (new Random(this.#options.seed, 'rest').chance(0.5)) await this.#rest({ forMs: ALONE_MS, isFinal: false });
    }
    if (this.#violation === undefined) {
      this.#tell('* people mended what only they can');
      mend(this.#stage);
      // What the status says meanwhile may need them once more.
      this.#timeline.after(SECOND_LOOK_MS, 'people look again', () => {
        if (unsettled(this.#server, this.#timeline.now()).length > 0) mend(this.#stage);
      });
      await this.#rest({ forMs: REST_MS, isFinal: true });
    }
    return {
      seed: this.#options.seed,
      steps: this.#steps,
      hash: (this.#hash >>> 0).toString(16).padStart(8, '0'),
      violation: this.#violation,
      script: this.#script,
      chaosMs,
      coverage: this.#coverage,
    };
  }

  end(): void {
    for (const host of this.#crew.hosts) this.#crew.kill(host);
  }

  /** Milliseconds that it lasted. */
  async #chaos(): Promise<number> {
    const { steps, only } = this.#options;
    this.#next(0);
    const goesOn = () => (only === undefined ? this.#steps < steps : this.#timeline.now() - START_MS < only.chaosMs);
    while (goesOn() && this.#violation === undefined) await this.#step();
    this.#chaosIsOver = true;
    return this.#timeline.now() - START_MS;
  }

  #chaosIsOver = false;

  #next(index: number): void {
    const { intervention, gapMs, random } = entry(this.#options.seed, index);
    this.#timeline.after(gapMs, `${intervention.kind}: ${intervention.name}`, () => {
      if (this.#chaosIsOver) return;
      const { only } = this.#options;
      const kept = only === undefined || only.kept.includes(index);
      const did = kept ? intervention.act(this.#stage, random) : undefined;
      this.#script.push(did === undefined ? undefined : `${intervention.name}: ${did}`);
      if (did !== undefined) this.#tell(`* ${intervention.kind} ${intervention.name}: ${did}`);
      if (did !== undefined) this.#cover(intervention.kind, intervention.name);
      this.#next(index + 1);
    });
  }

  #cover(kind: string, name: string): void {
    if (unsettled(this.#server, this.#timeline.now()).length === 0) this.#workflows.clear();
    if (kind === 'user') {
      this.#workflows.add(name);
      return;
    }
    for (const workflow of this.#workflows.size === 0 ? ['at rest'] : this.#workflows) {
      const key = `${name} x ${workflow}`;
      this.#coverage.set(key, (this.#coverage.get(key) ?? 0) + 1);
    }
  }

  /**
   * Until everything has been as it should be for a while; then nothing more may be written. What cannot get there has to
   * say so in its status.
   */
  async #rest({ forMs, isFinal }: { readonly forMs: number; readonly isFinal: boolean }): Promise<void> {
    const deadline = this.#timeline.now() + forMs;
    let goodSince: number | undefined;
    let lookedAt = 0;
    let changes = -1;
    while (this.#timeline.now() < deadline && this.#violation === undefined) {
      await this.#step();
      const now = this.#timeline.now();
      if (now - lookedAt < (changes === this.#changes ? LOOK_MS : 1_000)) continue;
      lookedAt = now;
      changes = this.#changes;
      if (unsettled(this.#server, now).length > 0) goodSince = undefined;
      else goodSince ??= now;
      if (goodSince !== undefined && now - goodSince > CALM_MS)
        return this.#silence(this.#server.all('statefulapps').reduce((sum, app) => sum + writesToCome(app), 0));
    }
    if (this.#violation !== undefined) return;
    const left = unsettled(this.#server, this.#timeline.now());
    if (isFinal)
      this.#report('R10', `not converged ${forMs / 60_000} min after everything was mended: ${left.join('; ')}`);
    for (const app of this.#server.all('statefulapps')) {
      const wrong = silent(this.#server, app, this.#timeline.now());
      if (wrong !== undefined) this.#report('silent', wrong);
    }
    await this.#silence(STUCK_WRITES);
  }

  async #silence(allowed: number): Promise<void> {
    const before = this.#writes;
    const until = this.#timeline.now() + SILENCE_MS;
    while (this.#timeline.now() < until && this.#violation === undefined) await this.#step();
    const writes = this.#writes - before;
    if (writes > allowed)
      this.#report('quiet', `${writes} writes in ${SILENCE_MS / 1000} s although nothing is to be done`);
  }

  async #step(): Promise<void> {
    const label = this.#timeline.step();
    if (label === undefined) throw new Error('nothing is left to happen: not even a Lease is renewed');
    this.#steps += 1;
    if (this.#options.trace !== undefined) this.#tell(label);
    else this.#mix(label);
    if (!this.#touched) return;
    this.#touched = false;
    await settle();
  }

  #tell(line: string): void {
    this.#mix(line);
    this.#options.trace?.(
      `${formatTime(this.#timeline.now()).slice(11, 19)}.${String(this.#timeline.now() % 1000).padStart(3, '0')} ${line}`,
    );
  }

  #mix(text: string): void {
    let hash = this.#hash ^ this.#timeline.now();
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    this.#hash = hash;
  }

  #logged(name: string, line: Readonly<Record<string, unknown>>): void {
    const told = [line['msg'], line['err'], line['breaches']].filter((part) => part !== undefined).join(' | ');
    this.#options.trace?.(`         ${name} says: ${told}`);
    if (line['level'] === 50) this.#report('assertion', `${name}: ${told}`);
  }

  #report(rule: string, what: string): void {
    if (this.#violation !== undefined) return;
    this.#violation = { rule, what, atMs: this.#timeline.now() - START_MS, step: this.#steps };
    this.#tell(`! ${rule}: ${what}`);
  }
}

export const LEASE_NAME = LEASE.name;

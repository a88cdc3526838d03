// A cluster with its operators, as a seed draws it, with every check looking on. It moves one event at a time.

import { ANNOTATION } from '../../src/api/names.ts';
import { CLASSES, drawApp, drawApps, NAMESPACE } from './apps.ts';
import { type Stage, userHands } from './chaos/stage.ts';
import { Bygones } from './checks/bygones.ts';
import { commitCheck } from './checks/commits.ts';
import { Endings } from './checks/endings.ts';
import { fieldOf } from './checks/facts.ts';
import { isOff } from './checks/lost.ts';
import { requestRules } from './checks/requests.ts';
import { unsettled } from './checks/settled.ts';
import { Twins } from './checks/twins.ts';
import { Onlooker, type Rule } from './checks/witness.ts';
import { type ControlPlane, startControlPlane } from './control/plane.ts';
import { calmTemper, roughTemper, stubbornTemper } from './control/temper.ts';
import { Crew, LEASE, LEASES } from './crew.ts';
import { Random } from './random.ts';
import { Recorder } from './recorder.ts';
import { SimServer } from './server/server.ts';
import type { Change } from './server/types.ts';
import { VirtualTimeline } from './timeline.ts';

const START_MS = Date.UTC(2026, 0, 1);
const NODES = ['node-a', 'node-b', 'node-c'];

/** Lets the processes do all that follows from what just happened: nothing in them waits for anything but promises. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export class World {
  readonly recorder: Recorder;
  readonly stage: Stage;
  /** Writes of operators, and changes by anybody; without Leases. */
  writes = 0;
  changes = 0;
  /** Changes of pods by others: a status follows each. */
  podsMoved = 0;
  readonly #timeline = new VirtualTimeline(START_MS);
  readonly #bygones: Bygones;
  readonly #endings: Endings;
  #touched = false;

  constructor(seed: number, trace: ((line: string) => void) | undefined) {
    const timeline = this.#timeline;
    const random = new Random(seed, 'setting');
    const server = new SimServer({ now: timeline.now, uid: counter('uid') });
    this.recorder = new Recorder(timeline, trace);
    const { recorder } = this;
    const leaseTimes = random.pick(LEASES);
    const report = (rule: string, what: string) => recorder.broken(rule, what);
    const twins = new Twins((what) => report('R1', what));
    this.#bygones = new Bygones(server, timeline.now);
    const sent: Rule = { name: 'R1', judge: (knowledge, call) => this.#bygones.sent(knowledge, call) };
    const rules = [...requestRules(leaseTimes.renewDeadlineMs), sent];
    const crew = new Crew({
      seed,
      leaseTimes,
      server,
      timeline,
      witness: new Onlooker(rules, report),
      touched: () => {
        this.#touched = true;
      },
      trace: (line) => recorder.tell(line),
      logLevel: recorder.isRead ? 'debug' : 'error',
      logged: (name, line) => recorder.logged(name, line),
    });
    const temper = random.pick([calmTemper, roughTemper, stubbornTemper])();
    const control = new Random(seed, 'control');
    const plane = startControlPlane({ server, timeline, random: control, nodes: NODES, on: twins, temper });
    const ideas = drawApps(random);
    const user = userHands(server);
    // What a node out of reach still runs of pods that are gone, or is about to start, nobody can tell.
    const outOfReach = (node: string) => {
      for (const { uid, namespace, name } of twins.onNode(node)) {
        if (server.find('pods', namespace, name)?.metadata.uid !== uid) twins.excuse(uid);
      }
      for (const uid of this.#bygones.boundTo(node)) twins.excuse(uid);
    };
    const todo = { undoings: new Set<() => void>(), coming: new Set<() => void>() };
    this.stage = { server, timeline, plane, crew, ideas, nodes: NODES, user, outOfReach, ...todo };
    this.#endings = new Endings(crew.isOperator, timeline.now);
    this.#watch(twins, plane);
    for (const name of [LEASE.namespace, NAMESPACE]) {
      user.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    for (const [name, allowVolumeExpansion] of Object.entries(CLASSES))
      user.create('storageclasses', {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name },
        allowVolumeExpansion,
      });
    for (const idea of ideas) user.create('statefulapps', drawApp(idea, random));
    crew.start();
  }

  /** Milliseconds since it began. */
  get ageMs(): number {
    return this.#timeline.now() - START_MS;
  }

  /** What is not as it should be, by what is there and by what was asked for before; nothing when all has converged. */
  unsettled(): readonly string[] {
    const { server } = this.stage;
    return [...unsettled(server, this.#timeline.now()), ...this.#endings.leftIn(server)];
  }

  /** Lets the next event happen, and all that follows from it inside the processes. */
  async step(): Promise<void> {
    const label = this.#timeline.step();
    if (label === undefined) throw new Error('nothing is left to happen: not even a Lease is renewed');
    this.recorder.steps += 1;
    this.recorder.tell(label);
    if (!this.#touched) return;
    this.#touched = false;
    await settle();
  }

  end(): void {
    for (const host of this.stage.crew.hosts) this.stage.crew.kill(host);
  }

  #watch(twins: Twins, plane: ControlPlane): void {
    const { server, crew } = this.stage;
    const endings = this.#endings;
    const check = commitCheck({ isOperator: crew.isOperator, now: this.#timeline.now, endings });
    server.onCommit((change) => {
      const { actor, plural, object, type, version } = change;
      if (plural !== 'leases') this.changes += 1;
      if (plural !== 'leases' && crew.isOperator(actor)) this.writes += 1;
      if (plural === 'pods' && !crew.isOperator(actor)) this.podsMoved += 1;
      this.recorder.tell(`  ${actor} ${type} ${plural} ${object.metadata.name} @${version}`);
      const wrong = check.judge(change);
      if (wrong !== undefined) this.recorder.broken(wrong.rule, wrong.what);
      this.#bygones.hear(change);
      if (plural === 'pods') this.#watchPod(change, twins, plane);
    });
  }

  /** Whoever removes a pod while its kubelet cannot be reached says that it is dead. */
  #watchPod({ actor, object, type }: Change, twins: Twins, plane: ControlPlane): void {
    const { uid } = object.metadata;
    if (type === 'ADDED' && this.stage.crew.isOperator(actor)) {
      for (const former of this.#bygones.unknownTo(actor, object)) twins.excuse(former);
      twins.made(uid);
    }
    if (type !== 'DELETED' || actor.startsWith('kubelet')) return;
    const { server, crew } = this.stage;
    const name = String(fieldOf(object, 'spec', 'nodeName'));
    // An operator may say so only where somebody else did.
    const isStated =
      !crew.isOperator(actor) ||
      isOff(server.find('nodes', undefined, name)) ||
      object.metadata.annotations?.[ANNOTATION.confirmedDead] === uid;
    if (plane.nodes.get(name)?.connected === false && isStated) twins.excuse(uid);
  }
}

function counter(prefix: string): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count}`;
  };
}

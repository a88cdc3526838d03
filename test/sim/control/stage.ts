// A small cluster for tests of the actors: server, virtual time, ground truth, and short ways to play a user.
// Lacks on purpose: the operator.

import { isObject, listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { Random } from '../random.ts';
import { type Caller, callerOf } from '../server/caller.ts';
import { SimServer } from '../server/server.ts';
import type { Change, Raw, Stored } from '../server/types.ts';
import { VirtualTimeline } from '../timeline.ts';
import type { Fact } from './containers.ts';
import { type ControlPlane, startControlPlane } from './plane.ts';
import { conditionStatus, phaseOf, taintsOf } from './reading.ts';
import { calmTemper, type Temper } from './temper.ts';

const START_MS = 1_800_000_000_000;
const NAMESPACE = 'default';

export interface PodChoice {
  readonly claims?: readonly string[];
  readonly image?: string;
  readonly graceSeconds?: number;
  readonly spec?: Raw;
  readonly metadata?: Raw;
}

export class Stage {
  readonly timeline = new VirtualTimeline(START_MS);
  readonly server: SimServer;
  readonly user: Caller;
  readonly temper: Temper = calmTemper();
  readonly plane: ControlPlane;
  readonly facts: string[] = [];
  readonly running = new Map<string, Fact>();
  readonly changes: Change[] = [];
  #uids = 0;

  constructor(nodes: readonly string[] = ['a'], seed = 1) {
    const { timeline } = this;
    this.server = new SimServer({ now: timeline.now, uid: () => `uid-${++this.#uids}` });
    this.user = callerOf(this.server, 'user');
    this.server.onCommit((change) => this.changes.push(change));
    const on = { started: (fact: Fact) => this.#started(fact), stopped: (fact: Fact) => this.#stopped(fact) };
    const random = new Random(seed, 'stage');
    this.plane = startControlPlane({ server: this.server, timeline, random, nodes, on, temper: this.temper });
  }

  get nowMs(): number {
    return this.timeline.now() - START_MS;
  }

  /** Lets so much time pass. */
  run(ms: number): void {
    let over = false;
    this.timeline.after(ms, 'stage', () => {
      over = true;
    });
    while (!over) this.timeline.step();
  }

  /** Lets time pass until it is so; answers after how many milliseconds. */
  until(condition: () => boolean, limitMs = 3_600_000): number {
    const from = this.timeline.now();
    let over = false;
    const cancel = this.timeline.after(limitMs, 'limit', () => {
      over = true;
    });
    while (!condition()) {
      this.timeline.step();
      if (over) throw new Error('it never came to be');
    }
    cancel();
    return this.timeline.now() - from;
  }

  pod(name: string, choice: PodChoice = {}): Stored {
    const { claims = [], image = 'store:1', graceSeconds = 30, spec = {}, metadata = {} } = choice;
    return this.make('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, ...metadata },
      spec: {
        terminationGracePeriodSeconds: graceSeconds,
        containers: [{ name: 'main', image }],
        volumes: claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: claim } })),
        ...spec,
      },
    });
  }

  claim(name: string, metadata: Raw = {}): Stored {
    return this.make('persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: NAMESPACE, ...metadata },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
  }

  make(plural: string, object: Raw): Stored {
    const made = this.user.create(plural, object);
    if (!made.ok) throw new Error(made.message);
    return made.object;
  }

  find(plural: string, name: string): Stored | undefined {
    return this.server.find(plural, NAMESPACE, name) ?? this.server.find(plural, undefined, name);
  }

  live(name: string): Stored {
    const found = this.find('pods', name);
    if (found === undefined) throw new Error(`${name} is gone`);
    return found;
  }

  uid(name: string): string {
    return this.live(name).metadata.uid;
  }

  /** What became of a pod's object: its phases, and its removal. */
  phases(name: string): readonly string[] {
    return this.changes
      .filter(({ plural, object }) => plural === 'pods' && object.metadata.name === name)
      .map(({ type, object }) => (type === 'DELETED' ? 'removed' : phaseOf(object)))
      .filter((phase, index, all) => phase !== all[index - 1]);
  }

  condition(name: string, type: string): unknown {
    return listAt(this.live(name)['status'], 'conditions').find((each) => stringAt(each, 'type') === type);
  }

  /** Status of a pod's first container. */
  container(name: string): Raw {
    const [status] = listAt(this.live(name)['status'], 'containerStatuses');
    return isObject(status) ? status : {};
  }

  node(name: string): Stored {
    const found = this.server.find('nodes', undefined, name);
    if (found === undefined) throw new Error(`node ${name} is gone`);
    return found;
  }

  taints(name: string): readonly string[] {
    return taintsOf(this.node(name)).map(({ key, effect }) => `${key}:${effect}`);
  }

  /** The last that was seen of a pod. */
  lastOf(name: string): Change | undefined {
    return this.changes.findLast(({ plural, object }) => plural === 'pods' && object.metadata.name === name);
  }

  /** Why the last pod of this name was disrupted, if it was. */
  disruption(name: string): string | undefined {
    const conditions = listAt(this.lastOf(name)?.object['status'], 'conditions');
    return stringAt(
      conditions.find((each) => stringAt(each, 'type') === 'DisruptionTarget'),
      'reason',
    );
  }

  /** Phase and readiness, or what the pod waits for; 'gone' without the object. */
  summary(name: string): string {
    const pod = this.find('pods', name);
    if (pod === undefined) return 'gone';
    const waiting = stringAt(objectAt(objectAt(this.container(name), 'state'), 'waiting'), 'reason');
    const ready = conditionStatus(pod, 'Ready') === 'True' ? 'ready' : 'unready';
    return `${phaseOf(pod)} ${waiting ?? ready}${pod.metadata.deletionTimestamp === undefined ? '' : ' deleting'}`;
  }

  claimPhase(name: string): string | undefined {
    const claim = this.find('persistentvolumeclaims', name);
    return claim === undefined ? undefined : phaseOf(claim);
  }

  /** Throws unless facts come in turns for each UID. */
  #started(fact: Fact): void {
    if (this.running.has(fact.uid)) throw new Error(`${fact.uid} was started twice`);
    this.running.set(fact.uid, fact);
    this.facts.push(`started ${fact.name}`);
  }

  #stopped(fact: Fact): void {
    if (!this.running.delete(fact.uid)) throw new Error(`${fact.uid} was stopped and did not run`);
    this.facts.push(`stopped ${fact.name}`);
  }
}

/** Three nodes, and pods that all run on the first one, `a`. */
export function onNodeA(names: readonly string[], spec: Raw = {}): Stage {
  const stage = new Stage(['a', 'b', 'c']);
  const selected = { nodeSelector: { 'kubernetes.io/hostname': 'a' }, ...spec };
  for (const name of names) stage.pod(name, { spec: selected });
  stage.until(() => names.every((name) => stage.summary(name) === 'Running ready'));
  return stage;
}

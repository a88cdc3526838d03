// Faults that wait for the one moment in which they do the most harm, since chance alone would find it once in a million
// runs: a pod that comes and goes while nobody looks, a member that is lost while its app grows, a process that is stopped
// while it makes a connection, a proxy that answers for the API server.

import { PLURAL } from '../../../src/api/names.ts';
import { listAt } from '../../../src/identity/json.ts';
import { NAMESPACE } from '../apps.ts';
import { controllerOf, fieldOf, isDeleting } from '../checks/facts.ts';
import { LEASE } from '../crew.ts';
import type { Random } from '../random.ts';
import type { Answer, Call, Change, Stored } from '../server/types.ts';
import { failure } from '../server/wire.ts';
import { anApp, forAWhile, type Intervention, later, one, type Stage, specOf, stopSlowly } from './stage.ts';

type Act = Intervention['act'];

/** The next change that is such a one, unless the faults stop before. */
export function next(stage: Stage, is: (change: Change) => boolean, act: (change: Change) => void): void {
  const unsubscribe = stage.server.onCommit((change) => {
    if (!is(change)) return;
    end();
    act(change);
  });
  const end = () => {
    stage.undoings.delete(end);
    unsubscribe();
  };
  stage.undoings.add(end);
}

/** Asked at each request of an operator that arrives, for a while. */
function atRequests(stage: Stage, ms: number, rule: (call: Call) => Answer | undefined): void {
  const { rules } = stage.server;
  const forOperators = (call: Call) => (stage.crew.isOperator(call.actor) ? rule(call) : undefined);
  rules.push(forOperators);
  forAWhile(stage, { ms, undo: () => void rules.splice(rules.indexOf(forOperators), 1) });
}

const isBound = (pod: Stored | undefined) => fieldOf(pod, 'spec', 'nodeName') !== undefined;

/** Its containers have ended, and will be started again. */
function isDown(pod: Stored): boolean {
  const containers = fieldOf(pod, 'status', 'containerStatuses');
  const hasEnded = (container: unknown) => fieldOf(container, 'state', 'terminated') !== undefined;
  const isRunning = fieldOf(pod, 'status', 'phase') === 'Running';
  return isRunning && !isDeleting(pod) && Array.isArray(containers) && containers.every(hasEnded);
}

const MOMENTS_OF_A_POD: Readonly<Record<string, (stage: Stage, change: Change) => boolean>> = {
  'is made': ({ crew }, { type, actor }) => type === 'ADDED' && crew.isOperator(actor),
  'is bound': (_, { type, object, before }) => type === 'MODIFIED' && isBound(object) && !isBound(before),
  crashes: (_, { type, object, before }) =>
    type === 'MODIFIED' && isDown(object) && before !== undefined && !isDown(before),
};

/**
 * From such a moment on no operator is told of pods; then the pod is force-deleted while its containers run, and history
 * is forgotten: what the operators saw of it last is all that they can know.
 */
const cameAndWent: Act = (stage, random) => {
  const [name, is] = random.pick(Object.entries(MOMENTS_OF_A_POD));
  const firstMs = name === 'crashes' ? 40 : 0;
  const goneMs = random.between(300, 2_000) + (name === 'crashes' ? 2_500 : 0);
  const cutMs = random.between(1, 300);
  next(
    stage,
    (change) => change.plural === 'pods' && is(stage, change),
    ({ object }) => {
      later(stage, firstMs, 'nobody is told of pods', () => {
        for (const watch of podWatches(stage)) watch.freeze();
      });
      later(stage, goneMs, `user: force-deletes ${object.metadata.name}`, () => {
        const now = stage.server.find('pods', NAMESPACE, object.metadata.name);
        if (now?.metadata.uid !== object.metadata.uid) return;
        stopSlowly(stage, String(specOf(now)['nodeName']));
        stage.user.remove('pods', now, { graceSeconds: 0 });
      });
      later(stage, goneMs + cutMs, 'watches of pods break', () => {
        stage.server.compact();
        for (const watch of podWatches(stage)) watch.cut();
      });
    },
  );
  if (name === 'crashes') crashOne(stage, random);
  return `the next pod that ${name}`;
};

function podWatches({ crew }: Stage) {
  return crew.hosts.flatMap((host) => [...host.watches]).filter(({ plural }) => plural === 'pods');
}

function crashOne(stage: Stage, random: Random): void {
  const pod = one(
    stage.server.all('pods', NAMESPACE).filter((each) => isBound(each)),
    random,
  );
  if (pod !== undefined) stage.plane.nodes.get(String(specOf(pod)['nodeName']))?.crash(pod.metadata.uid);
}

/** An app is scaled up, and while an operator looks around for it, its lowest member is force-deleted. */
const lostWhileGrowing: Act = (stage, random) => {
  const { server, user } = stage;
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const { name, uid } = app.metadata;
  const [lowest] = server
    .all('pods', NAMESPACE)
    .filter((pod) => controllerOf(pod)?.uid === uid)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  if (lowest === undefined) return undefined;
  user.edit('statefulapps', app, (now) => ({
    ...now,
    spec: { ...specOf(now), replicas: Number(specOf(now)['replicas'] ?? 1) + 1 },
  }));
  later(stage, random.between(0, 20), `user: force-deletes ${lowest.metadata.name}`, () =>
    user.remove('pods', lowest, { graceSeconds: 0 }),
  );
  return `${name} loses ${lowest.metadata.name}`;
};

/** In a pass these are never the last: a write follows, at once unless it has to wait. */
const goesOn = ({ verb, plural }: Call) =>
  (verb === 'create' && plural !== 'pods') || (verb === 'get' && plural === PLURAL);

/** The process is stopped for longer than it may write without renewing, while a connection for a write is made. */
const stoppedWhileConnecting: Act = (stage, random) => {
  const { server, timeline, crew } = stage;
  const seconds = fieldOf(server.find('leases', LEASE.namespace, LEASE.name), 'spec', 'leaseDurationSeconds');
  if (typeof seconds !== 'number') return undefined;
  const stopMs = seconds * random.between(720, 900);
  const waitMs = random.between(60, 150);
  const lastAtMs = new Map<string, number>();
  let isOver = false;
  atRequests(stage, 600_000, (call) => {
    if (isOver || call.plural === 'leases' || call.plural === 'events' || call.verb === 'watch') return undefined;
    const atMs = timeline.now();
    lastAtMs.set(call.actor, atMs);
    if (!goesOn(call)) return undefined;
    later(stage, waitMs, 'a process may be connecting', () => {
      const host = crew.hosts.find(({ name }) => name === call.actor);
      if (isOver || host === undefined || lastAtMs.get(call.actor) !== atMs) return;
      isOver = true;
      host.stop(stopMs);
    });
    return undefined;
  });
  return `for ${stopMs} ms`;
};

/** It is stopped with its renewal under way, and told of it when its term is over; meanwhile there is something to do. */
const stoppedWhileRenewing: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const replicas = random.between(0, 5);
  const part = random.between(720, 900);
  next(
    stage,
    ({ plural, actor, type }) => plural === 'leases' && type === 'MODIFIED' && stage.crew.isOperator(actor),
    ({ object, actor }) => {
      const host = stage.crew.hosts.find(({ name }) => name === actor);
      const seconds = fieldOf(object, 'spec', 'leaseDurationSeconds');
      if (host === undefined || typeof seconds !== 'number') return;
      host.stop(seconds * part);
      later(stage, seconds * part - 100, 'user: scales', () =>
        stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), replicas } })),
      );
    },
  );
  return `the next to renew, and ${app.metadata.name} is scaled to ${replicas}`;
};

const awaits = (app: Stored) =>
  listAt(app['status'], 'members').some((member) => fieldOf(member, 'state') === 'Vanished');

/** As soon as it has recorded that it waits for a kubelet, the process is started anew with its clock an hour ahead. */
const restartedAhead: Act = (stage, random) => {
  const pod = one(
    stage.server.all('pods', NAMESPACE).filter((each) => isBound(each)),
    random,
  );
  if (pod === undefined) return undefined;
  next(
    stage,
    ({ plural, actor, object }) => plural === 'statefulapps' && stage.crew.isOperator(actor) && awaits(object),
    ({ actor }) =>
      later(stage, 0, 'an operator starts with a wrong clock', () => {
        const before = stage.crew.hosts.find(({ name }) => name === actor);
        if (before === undefined) return;
        stage.crew.kill(before);
        const host = stage.crew.start(actor);
        host.skew(3_600_000);
        forAWhile(stage, { ms: 60_000, undo: () => host.skew(0) });
      }),
  );
  stopSlowly(stage, String(specOf(pod)['nodeName']));
  stage.user.remove('pods', pod, { graceSeconds: 0 });
  return `and ${pod.metadata.name} is force-deleted`;
};

const BEHIND_A_PROXY = ['pods', 'statefulapps', 'persistentvolumeclaims', 'services', 'controllerrevisions'];

/** A 404 of whoever stands before the API server says nothing about the object. */
const proxy: Act = (stage, random) => {
  const plural = random.pick(BEHIND_A_PROXY);
  const answer = failure(404, 'NotFound', 'the server could not find the requested resource', {});
  const ms = random.delay(2_000, 60_000);
  atRequests(stage, ms, (call) => (call.verb === 'get' && call.plural === plural ? answer : undefined));
  return `hides ${plural} for ${ms} ms`;
};

export const MOMENTS: readonly Intervention[] = [
  { name: 'pod unseen', kind: 'fault', weight: 2, act: cameAndWent },
  { name: 'lost while growing', kind: 'fault', weight: 1, act: lostWhileGrowing },
  { name: 'stopped connecting', kind: 'operator', weight: 1, act: stoppedWhileConnecting },
  { name: 'stopped renewing', kind: 'operator', weight: 1, act: stoppedWhileRenewing },
  { name: 'restarted ahead', kind: 'operator', weight: 1, act: restartedAhead },
  { name: 'proxy', kind: 'fault', weight: 1, act: proxy },
];

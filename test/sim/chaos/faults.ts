// What breaks by itself: nodes, networks, watches, the API server. Lacks the operators' processes: processes.ts.

import { NAMESPACE } from '../apps.ts';
import type { Host } from '../host.ts';
import type { Random } from '../random.ts';
import { CALM, WEATHERS } from '../weather.ts';
import { LOST_NODES, taint } from './lost-nodes.ts';
import { MOMENTS } from './moments.ts';
import { type Act, aHost, forAWhile, type Intervention, later, one, type Stage, specOf, stopSlowly } from './stage.ts';

const partition: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const node = stage.plane.node(name);
  if (!node.connected) return undefined;
  node.partition();
  stage.outOfReach(name);
  forAWhile(stage, { ms: random.delay(2_000, 600_000), undo: () => node.heal() });
  return name;
};

/** The Node object of a machine that is well: its pods are given up, and its kubelet stops them only then. */
const deleteNode: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const node = stage.server.find('nodes', undefined, name);
  if (node === undefined || !stage.plane.node(name).connected) return undefined;
  stopSlowly(stage, name);
  stage.user.remove('nodes', node);
  // A running kubelet registers itself again only when it is restarted.
  forAWhile(stage, { ms: random.delay(60_000, 300_000), undo: () => stage.plane.node(name).down(500) });
  return name;
};

const kubeletDown: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const ms = random.delay(500, 120_000);
  stage.plane.node(name).down(ms);
  stage.outOfReach(name);
  return `${name} for ${ms} ms`;
};

const runtimeRestart: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  stage.plane.node(name).runtimeRestart();
  return name;
};

const powerOff: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const node = stage.plane.node(name);
  if (!node.connected) return undefined;
  node.powerOff();
  forAWhile(stage, { ms: random.delay(5_000, 600_000), undo: () => node.powerOn() });
  // A dead machine may be declared so: its Node object goes, or it is tainted out-of-service.
  const declared = random.between(0, 3);
  if (declared === 0)
    later(stage, random.delay(1_000, 200_000), 'user: deletes the Node', () => {
      const now = stage.server.find('nodes', undefined, name);
      if (now !== undefined) stage.user.remove('nodes', now);
    });
  if (declared === 1)
    later(stage, random.delay(60_000, 200_000), 'user: taints out-of-service', () => taint(stage, name, true));
  return `${name}${['', ', its Node will go', ', it will be tainted out-of-service', ''][declared + 1] ?? ''}`;
};

const drain: Act = (stage, random) => {
  const name = random.pick(stage.nodes);
  const node = stage.server.find('nodes', undefined, name);
  if (node === undefined) return undefined;
  const cordon = (unschedulable: boolean) => {
    const now = stage.server.find('nodes', undefined, name);
    if (now !== undefined) stage.user.edit('nodes', now, (it) => ({ ...it, spec: { ...specOf(it), unschedulable } }));
  };
  cordon(true);
  for (const pod of stage.server.all('pods', NAMESPACE))
    if (specOf(pod)['nodeName'] === name) stage.user.remove('pods', pod);
  forAWhile(stage, { ms: random.delay(5_000, 120_000), undo: () => cordon(false) });
  return name;
};

const evict: Act = (stage, random) => {
  const pod = one(
    stage.server.all('pods', NAMESPACE).filter((each) => specOf(each)['nodeName'] !== undefined),
    random,
  );
  if (pod === undefined) return undefined;
  stage.plane.node(String(specOf(pod)['nodeName'])).evict(pod.metadata.uid);
  return pod.metadata.name;
};

const weather: Act = (stage, random) => {
  const [name, next] = random.pick(Object.entries(WEATHERS));
  const host = random.chance(0.5) ? aHost(stage, random) : undefined;
  if (host === undefined) stage.crew.blow(next);
  else host.weather = next;
  const ms = random.delay(5_000, name === 'away' ? 300_000 : 120_000);
  forAWhile(stage, {
    ms,
    undo: () => {
      if (host === undefined) stage.crew.blow(CALM);
      else host.weather = stage.crew.weather;
    },
  });
  return `${name} for ${ms} ms${host === undefined ? '' : `, for ${host.name}`}`;
};

function onWatches(change: (stage: Stage, host: Host, random: Random) => string | undefined): Act {
  return (stage, random) => {
    const host = aHost(stage, random);
    return host === undefined || host.watches.size === 0 ? undefined : change(stage, host, random);
  };
}

const freeze = onWatches((_, host, random) => {
  const watch = random.pick([...host.watches]);
  watch.freeze();
  return `${watch.plural} of ${host.name}`;
});

const freezeAll = onWatches((_, host) => {
  for (const watch of host.watches) watch.freeze();
  return host.name;
});

const cut = onWatches((_, host, random) => {
  const watches = random.chance(0.5) ? [...host.watches] : [random.pick([...host.watches])];
  for (const watch of watches) watch.cut();
  return watches.map(({ plural }) => plural).join(', ');
});

/** Its watch goes over a server that lags behind the others. */
const lag = onWatches((stage, host, random) => {
  const watch = random.pick([...host.watches]);
  watch.lagMs = random.delay(500, 60_000);
  forAWhile(stage, {
    ms: random.delay(5_000, 120_000),
    undo: () => {
      watch.lagMs = 0;
    },
  });
  return `${watch.plural} of ${host.name} by ${watch.lagMs} ms`;
});

const compact: Act = (stage) => {
  stage.server.compact();
  return 'history is forgotten';
};

const fault = (name: string, weight: number, act: Act): Intervention => ({ name, kind: 'fault', weight, act });

export const FAULTS: readonly Intervention[] = [
  fault('partition', 3, partition),
  fault('kubelet down', 2, kubeletDown),
  fault('runtime restart', 2, runtimeRestart),
  fault('power off', 2, powerOff),
  fault('drain', 2, drain),
  fault('Node deleted', 2, deleteNode),
  fault('evict', 3, evict),
  fault('weather', 6, weather),
  fault('watch frozen', 2, freeze),
  fault('watches frozen', 1, freezeAll),
  fault('watches cut', 2, cut),
  fault('watch lags', 3, lag),
  fault('compaction', 2, compact),
  ...LOST_NODES,
  ...MOMENTS,
];

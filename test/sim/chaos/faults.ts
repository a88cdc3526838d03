// What breaks by itself: nodes, networks, watches, the API server, and the operators' processes.

import { NAMESPACE } from '../apps.ts';
import { LEASE } from '../crew.ts';
import type { Host } from '../host.ts';
import type { Random } from '../random.ts';
import { CALM, WEATHERS } from '../weather.ts';
import { forAWhile, type Intervention, later, one, type Stage, specOf, taintsOf } from './stage.ts';

type Act = Intervention['act'];
const someOf = (stage: Stage, random: Random) => one(stage.crew.hosts, random);

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

const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };

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
    later(stage, random.delay(60_000, 200_000), 'user: taints out-of-service', () => {
      const now = stage.server.find('nodes', undefined, name);
      if (now !== undefined)
        stage.user.edit('nodes', now, (it) => ({
          ...it,
          spec: { ...specOf(it), taints: [...taintsOf(it), OUT_OF_SERVICE] },
        }));
    });
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
  const host = random.chance(0.5) ? someOf(stage, random) : undefined;
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
    const host = someOf(stage, random);
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

const kill: Act = (stage, random) => {
  const host = someOf(stage, random);
  if (host === undefined) return undefined;
  stage.crew.kill(host);
  // The same container again, or another pod in its place.
  const name = random.chance(0.6) ? host.name : undefined;
  later(stage, random.delay(100, 60_000), 'an operator starts', () => {
    if (stage.crew.hosts.length < 3 && !stage.crew.hosts.some((other) => other.name === name)) stage.crew.start(name);
  });
  return host.name;
};

/** While no operator runs, a pod is force-deleted: nobody sees its end. */
const unseen: Act = (stage, random) => {
  const pod = one(
    stage.server.all('pods', NAMESPACE).filter((each) => specOf(each)['nodeName'] !== undefined),
    random,
  );
  if (pod === undefined) return undefined;
  const names = stage.crew.hosts.map(({ name }) => name);
  for (const host of stage.crew.hosts) stage.crew.kill(host);
  stage.user.remove('pods', pod, { graceSeconds: 0 });
  // The same containers again: the one that held the Lease need not wait for it.
  later(stage, random.delay(100, 5_000), 'operators start again', () => {
    for (const name of names) if (!stage.crew.hosts.some((host) => host.name === name)) stage.crew.start(name);
  });
  return pod.metadata.name;
};

const crashLoop: Act = (stage, random) => {
  const host = someOf(stage, random);
  if (host === undefined) return undefined;
  const { name } = host;
  const every = random.pick([200, 200, 1_000, 3_000]);
  for (let turn = 0; turn < 12; turn += 1) {
    later(stage, turn * every, 'an operator crashes and starts again', () => {
      const now = stage.crew.hosts.find((each) => each.name === name);
      if (now === undefined) return;
      stage.crew.kill(now);
      stage.crew.start(name);
    });
  }
  return `${name} every ${every} ms`;
};

const retire: Act = (stage, random) => {
  const host = someOf(stage, random);
  if (host === undefined) return undefined;
  stage.crew.retire(host);
  later(stage, random.delay(100, 20_000), 'an operator starts', () => {
    if (stage.crew.hosts.length < 3) stage.crew.start();
  });
  return host.name;
};

const second: Act = (stage) => (stage.crew.hosts.length >= 3 ? undefined : stage.crew.start().name);

const pause: Act = (stage, random) => {
  const host = someOf(stage, random);
  if (host === undefined) return undefined;
  const ms = random.delay(1_000, 150_000);
  host.stop(ms);
  return `${host.name} for ${ms} ms`;
};

const skew: Act = (stage, random) => {
  const host = someOf(stage, random);
  if (host === undefined) return undefined;
  const ms = random.pick([-3_600_000, 3_600_000, -60_000, 60_000, 0]);
  host.skew(ms);
  forAWhile(stage, { ms: random.delay(10_000, 120_000), undo: () => host.skew(0) });
  return `${host.name} by ${ms} ms`;
};

const lease: Act = (stage, random) => {
  const found = stage.server.find('leases', LEASE.namespace, LEASE.name);
  if (found === undefined) return undefined;
  if (random.chance(0.5)) {
    stage.user.remove('leases', found);
    return 'deleted';
  }
  stage.user.edit('leases', found, (now) => ({
    ...now,
    spec: { ...specOf(now), holderIdentity: 'somebody', leaseDurationSeconds: 15 },
  }));
  return 'given to somebody else';
};

const fault = (name: string, weight: number, act: Act): Intervention => ({ name, kind: 'fault', weight, act });
const process = (name: string, weight: number, act: Act): Intervention => ({ name, kind: 'operator', weight, act });

export const FAULTS: readonly Intervention[] = [
  fault('partition', 3, partition),
  fault('kubelet down', 2, kubeletDown),
  fault('runtime restart', 2, runtimeRestart),
  fault('power off', 2, powerOff),
  fault('drain', 2, drain),
  fault('evict', 3, evict),
  fault('weather', 6, weather),
  fault('watch frozen', 2, freeze),
  fault('watches frozen', 1, freezeAll),
  fault('watches cut', 2, cut),
  fault('watch lags', 3, lag),
  fault('compaction', 2, compact),
  process('operator killed', 4, kill),
  process('operator crash loop', 1, crashLoop),
  process('operator retired', 1, retire),
  process('one operator more', 2, second),
  process('operator stopped', 3, pause),
  process('clock skew', 1, skew),
  process('lease', 1, lease),
];

/** For `--harsh` runs. */
export const HARSH_FAULTS: readonly Intervention[] = [
  fault('Node deleted', 2, deleteNode),
  process('pod deleted unseen', 2, unseen),
];

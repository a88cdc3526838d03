// What befalls the operators' processes: killed, stopped, replaced, their clocks and their Lease.

import { NAMESPACE } from '../apps.ts';
import { controllerOf } from '../checks/facts.ts';
import { LEASE } from '../crew.ts';
import { type Act, aHost, forAWhile, type Intervention, later, one, specOf, stopSlowly } from './stage.ts';
import { bare } from './users.ts';

const kill: Act = (stage, random) => {
  const host = aHost(stage, random);
  if (host === undefined) return undefined;
  stage.crew.kill(host);
  // The same container again, or another pod in its place.
  const name = random.chance(0.6) ? host.name : undefined;
  later(stage, random.delay(100, 60_000), 'an operator starts', () => {
    if (stage.crew.hosts.length < 3 && !stage.crew.hosts.some((other) => other.name === name)) stage.crew.start(name);
  });
  return host.name;
};

/** While no operator runs, a pod is force-deleted, and maybe its app recreated: nobody sees its end. */
const unseen: Act = (stage, random) => {
  const pod = one(
    stage.server.all('pods', NAMESPACE).filter((each) => specOf(each)['nodeName'] !== undefined),
    random,
  );
  if (pod === undefined) return undefined;
  const names = stage.crew.hosts.map(({ name }) => name);
  for (const host of stage.crew.hosts) stage.crew.kill(host);
  stopSlowly(stage, String(specOf(pod)['nodeName']));
  stage.user.remove('pods', pod, { graceSeconds: 0 });
  const owner = controllerOf(pod)?.name ?? '';
  const app = random.chance(0.4) ? stage.server.find('statefulapps', NAMESPACE, owner) : undefined;
  if (app !== undefined) {
    stage.user.remove('statefulapps', app, { policy: 'Background' });
    stage.user.create('statefulapps', bare(app));
  }
  // The same containers again: the one that held the Lease need not wait for it.
  later(stage, random.delay(100, 5_000), 'operators start again', () => {
    for (const name of names) if (!stage.crew.hosts.some((host) => host.name === name)) stage.crew.start(name);
  });
  return `${pod.metadata.name}${app === undefined ? '' : `, and ${owner} is recreated`}`;
};

const crashLoop: Act = (stage, random) => {
  const host = aHost(stage, random);
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
  const host = aHost(stage, random);
  if (host === undefined) return undefined;
  stage.crew.retire(host);
  later(stage, random.delay(100, 20_000), 'an operator starts', () => {
    if (stage.crew.hosts.length < 3) stage.crew.start();
  });
  return host.name;
};

const second: Act = (stage) => (stage.crew.hosts.length >= 3 ? undefined : stage.crew.start().name);

const pause: Act = (stage, random) => {
  const host = aHost(stage, random);
  if (host === undefined) return undefined;
  const ms = random.delay(1_000, 150_000);
  host.stop(ms);
  return `${host.name} for ${ms} ms`;
};

const skew: Act = (stage, random) => {
  const host = aHost(stage, random);
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

const process = (name: string, weight: number, act: Act): Intervention => ({ name, kind: 'operator', weight, act });

export const PROCESSES: readonly Intervention[] = [
  process('operator killed', 4, kill),
  process('operator crash loop', 1, crashLoop),
  process('operator retired', 1, retire),
  process('one operator more', 2, second),
  process('operator stopped', 3, pause),
  process('clock skew', 1, skew),
  process('lease', 1, lease),
  process('pod deleted unseen', 2, unseen),
];

// B9: two operators with the default Lease, of which one leads. The clock starts with the signal and stops when the pod is there that
// was asked for right after it. Of ours alone: these are limits, no comparison.

import { isWrite } from '../measure/tally.ts';
import type { Run } from '../run.ts';
import { SAYS } from '../sides/ours.ts';
import type { SideProcess } from '../sides/side.ts';
import { type Case, type Scale, sized } from './case.ts';

const LEADER: Case<Scale> = {
  name: 'leader',
  sizes: { full: { repeats: { ours: 5 } }, quick: { repeats: { ours: 1 } } },
  isWarm: false,
  figures: () => [
    { benchmark: 'B9', id: 'leader.term', what: 'SIGTERM of the leader until the other one has written', unit: 's' },
    { benchmark: 'B9', id: 'leader.kill', what: 'SIGKILL of the leader until the other one has written', unit: 's' },
    {
      benchmark: 'B9',
      id: 'leader.deposed',
      what: 'writes of a leader that was stopped in its work, after the other one led',
      unit: '',
    },
  ],
  run: async (run) => {
    const lease = `bench-leader-${run.scene.namespace}`;
    const start = (instance: string) => run.start({ instance, lease });
    const first = await start('1');
    await first.said(...SAYS.leading);
    await run.create({ name: 'web', replicas: 1 });
    await run.allReady(1);
    const second = await follower(run, start('2'));
    const term = await takeover(run, first, 'SIGTERM');
    await second.said(...SAYS.leading);
    const third = await follower(run, start('3'));
    const kill = await takeover(run, second, 'SIGKILL');
    await third.said(...SAYS.leading);
    const deposed = await deposedWrites(run, third, start('4'));
    return { 'leader.term': term, 'leader.kill': kill, 'leader.deposed': deposed };
  },
};

/** Resolves once it has seen what there is; before that it could not take over. */
async function follower(run: Run, starting: Promise<SideProcess>): Promise<SideProcess> {
  const started = await starting;
  await started.said(...SAYS.synced);
  await run.site.audit.quiet([started.user]);
  return started;
}

async function takeover(run: Run, leader: SideProcess, signal: NodeJS.Signals): Promise<number> {
  const { scene } = run;
  const members = scene.ready;
  const atMs = performance.now();
  const ended = leader.end(signal);
  await run.patch('web', { spec: { replicas: members + 1 } });
  const addedAtMs = await scene.until('the next leader to write', () => scene.uid(`web-${members}`) !== undefined);
  await ended;
  await run.allReady(members + 1);
  run.say(`${signal}: ${((addedAtMs - atMs) / 1000).toFixed(2)} s`);
  return (addedAtMs - atMs) / 1000;
}

const CROWD = 60;
const PART = 10;

async function deposedWrites(run: Run, leader: SideProcess, starting: Promise<SideProcess>): Promise<number> {
  const { scene, site } = run;
  const next = await follower(run, starting);
  await run.create({ name: 'crowd', replicas: CROWD, isParallel: true });
  await scene.until('a part of the pods', () => scene.readyOf('crowd') >= PART);
  process.kill(leader.pid, 'SIGSTOP');
  const from = await site.audit.mark();
  await next.said(...SAYS.leading);
  const deposedAt = Date.now(); // what it had sent before it was stopped may have been answered meanwhile
  process.kill(leader.pid, 'SIGCONT');
  await scene.until('all of them', () => scene.readyOf('crowd') === CROWD);
  await leader.said(...SAYS.deposed);
  await site.audit.quiet([leader.user, next.user]);
  const late = await site.audit.between(from, await site.audit.mark(), [leader.user]);
  return late.filter((entry) => isWrite(entry) && entry.atMs > deposedAt).length;
}

export const leader = sized(LEADER);

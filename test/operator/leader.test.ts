// Leader election on a Lease, against the simulator's API server. Each candidate has a clock of its own.

import { expect, onTestFinished, test } from 'vitest';
import { createClient } from '../../src/kube/client.ts';
import type { Clock } from '../../src/kube/clock.ts';
import { DEFAULT_LEASE_TIMES, Leader, type LeaseTimes } from '../../src/operator/leader.ts';
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts';
import type { Answer } from '../sim/server/types.ts';
import { Api, refusal } from './api.ts';
import { settled } from './daemon.ts';

const LEASE = { namespace: 'system', name: 'the-lease' };

interface Candidate {
  readonly leader: Leader;
  readonly clock: FakeClock;
  readonly told: string[];
  readonly signals: AbortSignal[];
  mayWrite(): boolean;
}

interface Words {
  readonly clock?: FakeClock;
  /** Its wall clock is off by so much. */
  readonly skewMs?: number;
  readonly times?: LeaseTimes;
}

function candidate(api: Api, identity: string, words: Words = {}): Candidate {
  const { clock = createFakeClock(), skewMs = 0, times = DEFAULT_LEASE_TIMES } = words;
  const told: string[] = [];
  const signals: AbortSignal[] = [];
  const skewed: Clock = { ...clock, now: () => clock.now() + skewMs };
  const leader = new Leader({
    client: createClient(api.transport(identity), { clock: skewed, userAgent: identity }),
    clock: skewed,
    random: () => 0.5,
    lease: LEASE,
    identity,
    times,
    on: {
      gained: (signal) => {
        signals.push(signal);
        told.push('gained');
      },
      lost: (why) => told.push(`lost: ${why}`),
      following: (holder) => told.push(`follows ${holder}`),
      error: (error) => told.push(`error: ${error instanceof Error ? error.message : error}`),
    },
  });
  onTestFinished(() => {
    void leader.stop();
  });
  const mayWrite = () => {
    try {
      leader.assertMayWrite();
      return true;
    } catch {
      return false;
    }
  };
  return { leader, clock, told, signals, mayWrite };
}

async function start(one: Candidate): Promise<void> {
  one.leader.start();
  await settled(3);
}

/** Time goes by for all of them, in small steps, with answers coming in between. */
async function pass(ms: number, ...all: readonly Candidate[]): Promise<void> {
  const clocks = new Set(all.map(({ clock }) => clock));
  for (let left = ms; left > 0; left -= 100) {
    for (const clock of clocks) clock.advance(Math.min(100, left));
    await settled(3);
  }
}

const holder = (api: Api) =>
  (api.find('leases', 'the-lease', 'system')?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity;
const away = (): Answer => refusal(503, 'ServiceUnavailable');

test('the first one creates the Lease and leads', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  expect(a.mayWrite()).toBe(false);
  await start(a);
  expect(a.told).toEqual(['gained']);
  expect(a.mayWrite()).toBe(true);
  expect(api.find('leases', 'the-lease', 'system')).toMatchObject({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/) },
  });
});

test('of two candidates one leads, for as long as it renews', async () => {
  const api = new Api();
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b')];
  await start(a);
  await start(b);
  await pass(60_000, a, b);
  expect(a.told).toEqual(['gained']);
  expect(new Set(b.told)).toEqual(new Set(['follows a']));
  expect(holder(api)).toBe('a');
});

test('of two that create the Lease at once one leads, and the other follows without an error', async () => {
  const api = new Api();
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b')];
  a.leader.start();
  b.leader.start();
  await pass(3000, a, b);
  expect([a.mayWrite(), b.mayWrite()].filter(Boolean)).toHaveLength(1);
  expect([...a.told, ...b.told].filter((words) => words.startsWith('error'))).toEqual([]);
});

test('a renewal is one request every two seconds, on the version last written', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  const before = api.sent.length;
  await pass(20_000, a);
  const renewals = api.sent.slice(before);
  expect(renewals).toHaveLength(10);
  for (const { verb, contentType, body } of renewals) {
    expect({ verb, contentType }).toEqual({ verb: 'patch', contentType: 'application/merge-patch+json' });
    expect(body).toMatchObject({ metadata: { resourceVersion: expect.any(String) }, spec: { holderIdentity: 'a' } });
  }
});

test('who stops releases the Lease, and another one leads at its next look', async () => {
  const api = new Api();
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b')];
  await start(a);
  await start(b);
  await a.leader.stop();
  expect(holder(api)).toBe('');
  expect(a.told).toEqual(['gained', 'lost: this process stops']);
  expect(a.signals[0]?.aborted).toBe(true);
  await pass(2500, b);
  expect(b.mayWrite()).toBe(true);
  await pass(60_000, a);
  expect(a.mayWrite()).toBe(false);
});

test('who stops while it renews releases the Lease all the same', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  const held = api.hold(() => true);
  a.clock.advance(2000);
  await settled(1);
  expect(held.caught).toHaveLength(1);
  const stopped = a.leader.stop();
  held.release();
  await stopped;
  expect(holder(api)).toBe('');
  expect(a.told.filter((words) => words.startsWith('error'))).toEqual([]);
});

test('who stops while it gains the Lease leaves it free', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  const held = api.hold(({ verb }) => verb === 'create');
  await start(a);
  expect(held.caught).toHaveLength(1);
  const stopped = a.leader.stop();
  held.release();
  await stopped;
  expect(a.told).toEqual([]);
  expect(holder(api)).toBe('');
});

test('who stops while it asks for the Lease does not take it', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  const held = api.hold(({ verb }) => verb === 'get');
  await start(a);
  expect(held.caught).toHaveLength(1);
  const stopped = a.leader.stop();
  held.release();
  await stopped;
  expect(api.writes).toEqual([]);
});

test('a stop does not wait long for a server that is silent', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  api.hold(() => true);
  a.clock.advance(2000);
  await settled(1);
  const stopped = a.leader.stop();
  await settled(3);
  a.clock.advance(2000); // for the renewal
  await settled(3);
  a.clock.advance(2000); // for the release
  await expect(stopped).resolves.toBeUndefined();
  expect(a.mayWrite()).toBe(false);
});

test('who follows and stops writes nothing', async () => {
  const api = new Api();
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b')];
  await start(a);
  await start(b);
  const before = api.writes.length;
  await b.leader.stop();
  expect(api.writes).toHaveLength(before);
  expect(holder(api)).toBe('a');
});

test.each([0, 3_600_000, -3_600_000])(
  'a Lease that is not renewed is taken after its duration on the own clock, with wall clocks %i ms apart',
  async (skewMs) => {
    const api = new Api();
    const [a, b] = [candidate(api, 'a'), candidate(api, 'b', { skewMs })];
    await start(a);
    await start(b); // sees the Lease now
    await pass(14_900, b); // a's clock stands still: it is frozen
    expect(b.mayWrite()).toBe(false);
    await pass(2_500, b);
    expect(b.mayWrite()).toBe(true);
    expect(holder(api)).toBe('b');
  },
);

test('a live holder is never deposed, however far the wall clocks are apart', async () => {
  const api = new Api();
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b', { skewMs: 3_600_000 })];
  await start(a);
  await start(b);
  await pass(60_000, a, b);
  expect(a.told).toEqual(['gained']);
  expect(b.mayWrite()).toBe(false);
});

test('the duration that the holder has written counts, not the own one', async () => {
  const api = new Api();
  const a = candidate(api, 'a', { times: { leaseMs: 60_000, renewDeadlineMs: 40_000, retryMs: 2000 } });
  const b = candidate(api, 'b');
  await start(a);
  await start(b);
  await pass(59_000, b);
  expect(b.mayWrite()).toBe(false);
  await pass(4_000, b);
  expect(b.mayWrite()).toBe(true);
});

test('a holder that cannot renew stops before anybody else may start', async () => {
  const api = new Api();
  const clock = createFakeClock();
  const [a, b] = [candidate(api, 'a', { clock }), candidate(api, 'b', { clock })];
  await start(a);
  await start(b);
  await pass(6_000, a, b);
  api.rule(({ verb, actor }) => (verb === 'patch' && actor === 'a' ? away() : undefined));
  let both = 0;
  let neitherMs = 0;
  for (let time = 0; time < 30_000 && !b.mayWrite(); time += 100) {
    await pass(100, a, b);
    if (a.mayWrite() && b.mayWrite()) both += 1;
    if (!a.mayWrite() && !b.mayWrite()) neitherMs += 100;
  }
  expect(b.mayWrite()).toBe(true);
  expect(both).toBe(0);
  expect(neitherMs).toBeGreaterThanOrEqual(3000);
  expect(a.signals[0]?.aborted).toBe(true);
  expect(a.told).toContain('lost: the Lease could not be renewed for 10000 ms');
});

test('the right to write ends exactly at the deadline, counted from the start of the last renewal that succeeded', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  // The renewal at 2000 ms is sent at once and answered 700 ms later.
  const held = api.hold(() => true);
  a.clock.advance(2000);
  await settled(2);
  a.clock.advance(700);
  api.hold(() => true);
  held.release();
  await settled(2);
  a.clock.advance(9_299);
  expect(a.mayWrite()).toBe(true);
  expect(() => a.leader.assertMayWrite()).not.toThrow();
  a.clock.advance(1);
  expect(() => a.leader.assertMayWrite()).toThrow('not the leader');
  expect(a.told.at(-1)).toBe('lost: the Lease could not be renewed for 10000 ms');
});

test('after a pause of the whole process nothing is written, though no timer has fired yet', async () => {
  const api = new Api();
  const clock = createFakeClock();
  let jumpMs = 0;
  const jumping: FakeClock = { ...clock, monotonic: () => clock.monotonic() + jumpMs };
  const a = candidate(api, 'a', { clock: jumping });
  await start(a);
  expect(a.mayWrite()).toBe(true);
  jumpMs = 9_999;
  expect(a.mayWrite()).toBe(true);
  jumpMs = 10_000;
  expect(a.mayWrite()).toBe(false);
  expect(a.told).toEqual(['gained']);
});

test('who slept for a minute and finds another leader follows it, without a moment of leading', async () => {
  const api = new Api();
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b')];
  await start(a);
  await start(b);
  await pass(20_000, b);
  expect(b.mayWrite()).toBe(true);
  a.clock.advance(60_000);
  expect(a.mayWrite()).toBe(false);
  await pass(3000, a, b);
  expect(a.mayWrite()).toBe(false);
  expect(a.told.filter((words) => words === 'gained')).toHaveLength(1);
  expect(a.told.at(-1)).toBe('follows b');
  expect(holder(api)).toBe('b');
});

test('who gains the Lease while the process sleeps does not lead on the old answer; the next round renews', async () => {
  const api = new Api();
  const clock = createFakeClock();
  let jumpMs = 0;
  const a = candidate(api, 'a', { clock: { ...clock, monotonic: () => clock.monotonic() + jumpMs } });
  const held = api.hold(({ verb }) => verb === 'create');
  await start(a);
  jumpMs = 60_000;
  held.release();
  await settled(3);
  expect(holder(api)).toBe('a');
  expect(a.told).toEqual([]);
  await pass(3_000, a);
  expect(a.told).toEqual(['gained']);
  expect(a.mayWrite()).toBe(true);
});

test('a Lease that is deleted by hand is made again by its holder', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  api.remove('leases', 'the-lease', 'system');
  await pass(2500, a);
  expect(a.told).toEqual(['gained']);
  expect(holder(api)).toBe('a');
});

test('a Lease that is edited by hand, its holder left as it is, costs the holder nothing', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  api.edit('leases', 'the-lease', { metadata: { labels: { by: 'hand' } } }, 'system');
  await pass(20_000, a);
  expect(a.told).toEqual(['gained']);
  expect(a.mayWrite()).toBe(true);
});

test('a Lease that is given to somebody else by hand is theirs: the holder stops, and takes it when nobody renews it', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  const spec = { holderIdentity: 'someone', leaseDurationSeconds: 15 };
  api.edit('leases', 'the-lease', { spec }, 'system');
  await pass(2_500, a);
  expect(a.mayWrite()).toBe(false);
  expect(a.told).toContain('lost: another process holds the Lease');
  await pass(20_000, a);
  expect(a.mayWrite()).toBe(true);
});

test('a Lease without a holder or with nonsense in it is free', async () => {
  const api = new Api();
  api.add('leases', { metadata: LEASE, spec: { holderIdentity: 7, leaseDurationSeconds: 'long' } });
  const a = candidate(api, 'a');
  await start(a);
  expect(a.told).toEqual(['gained']);
});

test('of two that take an expired Lease at once one leads: the other meets a conflict', async () => {
  const api = new Api();
  api.add('leases', { metadata: LEASE, spec: { holderIdentity: '', leaseDurationSeconds: 1 } });
  const [a, b] = [candidate(api, 'a'), candidate(api, 'b')];
  a.leader.start();
  b.leader.start();
  await settled(5);
  expect([...a.told, ...b.told].sort()).toEqual(['gained']);
});

test('an answer that says nothing leaves the lead as it was until the deadline', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  const back = api.rule(away);
  await pass(7_900, a);
  expect(a.mayWrite()).toBe(true);
  back();
  await pass(2_200, a);
  expect(a.told.filter((words) => words.startsWith('lost'))).toEqual([]);
  expect(a.mayWrite()).toBe(true);
});

test('who has lost the Lease and finds it still its own leads again, with a new signal', async () => {
  const api = new Api();
  const a = candidate(api, 'a');
  await start(a);
  const back = api.rule(away);
  await pass(12_000, a);
  expect(a.mayWrite()).toBe(false);
  back();
  await pass(3_000, a);
  expect(a.mayWrite()).toBe(true);
  expect(a.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

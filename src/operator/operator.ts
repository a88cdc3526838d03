// Wires the daemon's parts: watches -> cache -> queue -> gate -> plan -> execute. One screen; decides nothing.

import { MANAGER } from '../api/names.ts';
import { createClient } from '../kube/client.ts';
import { onServerTime, type ServerTime } from '../kube/server-time.ts';
import { Cache } from './cache.ts';
import { Events } from './events.ts';
import { type Ears, type FollowOptions, followAll, scopeIn } from './following.ts';
import { Gate } from './gate.ts';
import { Leader, type LeaderOptions, type LeaseTimes } from './leader.ts';
import { type Outcome, Queue } from './queue.ts';
import { type Pass, reconcile } from './reconcile.ts';
import { Rest } from './rest.ts';
import { errorText } from './telemetry.ts';

export interface OperatorOptions extends FollowOptions {
  readonly workers: number;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly leaseTimes: LeaseTimes;
  /** Keys of taints by which fencing declares a machine dead. */
  readonly fencingTaints?: readonly string[];
}

export interface Operator {
  /** All watches have told their first list. */
  readonly isReady: () => boolean;
  readonly leads: () => boolean;
  readonly longestPassMs: () => number;
  /** Drains what is under way, releases the Lease, ends the watches. */
  stop(): Promise<void>;
}

const PRUNE_EVERY_MS = 600_000;
/** What is still under way then is called off: the Lease has to be released within a pod's grace period. */
const DRAIN_MS = 10_000;

export function startOperator(given: OperatorOptions): Operator {
  const options = { ...given, ...onServerTime(given.transport, given.clock) };
  const { clock, random, log, telemetry } = options;
  const cache = new Cache(options.fencingTaints);
  let pass: Pass | null = null;
  const handle = (key: string, waitedMs: number) => (pass === null ? Promise.resolve({}) : work(pass, key, waitedMs));
  const queue = new Queue({ clock, random, workers: options.workers, meter: telemetry.queue, handle });
  const gate = new Gate((key) => queue.add(key));
  const begin = () => {
    if (pass !== null && watches.isSynced()) queue.start();
  };
  const rest = new Rest();
  const { news, told } = wakers(queue, rest);
  const watches = followAll(options, {
    cache,
    gate,
    news,
    told,
    retired: (key, uid) => {
      for (const one of [gate, rest, queue]) one.forget(key);
      pass?.events.forget(uid);
    },
    synced: () => {
      if (watches.isSynced()) cache.watching(clock.monotonic());
      begin();
    },
  });
  const leader: Leader = candidate(options, {
    gained: (signal) => {
      log.info({ identity: options.identity }, 'leading');
      telemetry.leading(true);
      cache.newTerm();
      pass = { ...toolsOf(options, leader, signal), cache, gate, rest };
      for (const key of cache.apps()) news(key);
      begin();
    },
    lost: (why) => {
      log.warn({ why }, 'not leading any more: nothing is written');
      telemetry.leading(false);
      pass?.events.flush(); // refused by then, like any write
      pass = null;
      void queue.stop();
    },
  });
  const cancelPrune = every(options, PRUNE_EVERY_MS, () => cache.prune(clock.monotonic()));
  leader.start();
  return {
    isReady: watches.isSynced,
    leads: () => leader.leads,
    longestPassMs: () => queue.longestPassMs,
    async stop() {
      cancelPrune();
      await atMost(options, DRAIN_MS, queue.stop());
      pass?.events.flush();
      await leader.stop();
      watches.stop();
    },
  };
}

/** Who is woken by what: by everything but echoes of our own writes. */
function wakers(queue: Queue, rest: Rest): Pick<Ears, 'news' | 'told'> {
  return {
    news: (key) => {
      rest.disturb(key);
      queue.add(key);
    },
    told: (key, scope, resourceVersion) => {
      if (rest.hears(key, scope, resourceVersion)) queue.add(key);
    },
  };
}

function candidate(options: OperatorOptions, on: Pick<LeaderOptions['on'], 'gained' | 'lost'>): Leader {
  const { transport, clock, random, lease, identity, leaseTimes, log, telemetry } = options;
  return new Leader({
    client: createClient(transport, { clock, userAgent: MANAGER, metrics: telemetry.requested }),
    clock,
    random,
    lease,
    identity,
    times: leaseTimes,
    on: {
      ...on,
      following: (holder) => log.debug({ holder }, 'another process leads'),
      error: (error) => log.warn({ err: errorText(error) }, 'leader election'),
    },
  });
}

/** What a pass of one term works with: a client that writes only while this process leads. */
function toolsOf(
  options: OperatorOptions & ServerTime,
  leader: Leader,
  signal: AbortSignal,
): Omit<Pass, 'cache' | 'gate' | 'rest'> {
  const { transport, clock, wallOffsetMs, log, telemetry } = options;
  const beforeWrite = leader.assertMayWrite;
  const metrics = telemetry.requested;
  const client = createClient(transport, { clock, userAgent: MANAGER, signal, beforeWrite, metrics });
  const events = new Events(client, clock, (error) => log.debug({ err: errorText(error) }, 'an Event was not written'));
  return {
    client,
    events,
    telemetry,
    log,
    clock,
    scopeOf: scopeIn(options),
    nowMs: () => clock.now(),
    steadyMs: () => clock.monotonic(),
    wallOffsetMs,
  };
}

async function work(pass: Pass, key: string, waitedMs: number): Promise<Outcome> {
  const { clock, telemetry } = pass;
  const start = clock.monotonic();
  const outcome = await reconcile(pass, key, waitedMs);
  const result = outcome.failed === true ? 'error' : outcome.wakeInMs === undefined ? 'success' : 'requeue_after';
  telemetry.reconciled(result, clock.monotonic() - start);
  return outcome;
}

function every({ clock }: OperatorOptions, ms: number, act: () => void): () => void {
  let cancel = clock.after(ms, again);
  function again(): void {
    act();
    cancel = clock.after(ms, again);
  }
  return () => cancel();
}

function atMost({ clock }: OperatorOptions, ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    void work.then(() => {
      cancel();
      resolve();
    });
  });
}

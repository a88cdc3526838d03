// Wires the daemon's parts: watches -> cache -> queue -> gate -> plan -> execute. One screen; decides nothing.

import { MANAGER } from '../api/names.ts';
import { createClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Transport } from '../kube/transport.ts';
import { type Watch, watchResource } from '../kube/watch.ts';
import { Cache } from './cache.ts';
import { Events } from './events.ts';
import { Gate } from './gate.ts';
import { Leader, type LeaseTimes } from './leader.ts';
import { Queue } from './queue.ts';
import { type Pass, reconcile } from './reconcile.ts';
import { FOLLOWED, type Followed } from './resources.ts';
import type { Logger, Telemetry } from './telemetry.ts';

export interface OperatorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly workers: number;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly leaseTimes: LeaseTimes;
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

export function startOperator(options: OperatorOptions): Operator {
  const { transport, clock, random, log, telemetry } = options;
  const cache = new Cache();
  let pass: Pass | null = null;
  const queue = new Queue({
    clock,
    random,
    workers: options.workers,
    meter: telemetry.queue,
    handle: (key) => work(key),
  });
  const gate = new Gate((key) => queue.add(key));
  const scopeOf: Pass['scopeOf'] = (resource, namespace) =>
    options.namespaces.length === 0 ? resource.plural : `${resource.plural}/${namespace}`;
  const electionClient = createClient(transport, { clock, userAgent: MANAGER, metrics: telemetry.requested });
  const leader = new Leader({
    client: electionClient,
    clock,
    random,
    lease: options.lease,
    identity: options.identity,
    times: options.leaseTimes,
    on: {
      gained: (signal) => lead(signal),
      lost: (why) => follow(why),
      following: (holder) => log.debug({ holder }, 'another process leads'),
      error: (error) => log.warn({ err: text(error) }, 'leader election'),
    },
  });

  function lead(signal: AbortSignal): void {
    log.info({ identity: options.identity }, 'leading');
    telemetry.leading(true);
    const client = createClient(transport, {
      clock,
      userAgent: MANAGER,
      signal,
      beforeWrite: leader.assertMayWrite,
      metrics: telemetry.requested,
    });
    const events = new Events(client, clock, (error) => log.debug({ err: text(error) }, 'an Event was not written'));
    cache.forgetSurveys();
    pass = { client, cache, gate, events, telemetry, log, clock, scopeOf, nowMs: () => clock.now() };
    for (const key of cache.apps()) queue.add(key);
    if (isReady()) queue.start();
  }

  function follow(why: string): void {
    log.warn({ why }, 'not leading any more: nothing is written');
    telemetry.leading(false);
    pass = null;
    void queue.stop();
  }

  async function work(key: string) {
    if (pass === null) return {};
    const start = clock.monotonic();
    const outcome = await reconcile(pass, key);
    const result = outcome.failed === true ? 'error' : outcome.wakeInMs === undefined ? 'success' : 'requeue_after';
    telemetry.reconciled(result, clock.monotonic() - start);
    return outcome;
  }

  const watches = FOLLOWED.flatMap((followed) =>
    (options.namespaces.length === 0 ? [undefined] : options.namespaces).map((namespace) => watch(followed, namespace)),
  );

  function watch({ kind, resource, labelSelector }: Followed, namespace: string | undefined): Watch {
    const scope = scopeOf(resource, namespace ?? '');
    return watchResource({
      transport,
      clock,
      random,
      resource,
      namespace,
      labelSelector,
      userAgent: MANAGER,
      on: {
        event: (event) => {
          const key = cache.apply(kind, event, clock.now());
          if (event.type === 'deleted' && key !== null) gate.gone(key, event.object.metadata.uid);
          if (key === null) return;
          if (kind === 'StatefulApp' && event.type === 'deleted') retire(key, event.object.metadata.uid);
          else queue.add(key);
        },
        progress: (resourceVersion) => gate.progress(scope, resourceVersion),
        synced: () => {
          log.info({ resource: resource.plural, namespace }, 'watch has synced');
          if (isReady() && pass !== null) queue.start();
        },
        error: (error) => {
          telemetry.watchFailed(resource.plural, error.code);
          log.warn({ resource: resource.plural, err: error.message }, 'the watch is tried again');
        },
      },
    });
  }

  function retire(key: string, uid: string): void {
    gate.forget(key);
    queue.forget(key);
    pass?.events.forget(uid);
  }

  function isReady(): boolean {
    return watches.every(({ hasSynced }) => hasSynced);
  }

  let cancelPrune = clock.after(PRUNE_EVERY_MS, prune);
  function prune(): void {
    cache.prune(clock.now());
    cancelPrune = clock.after(PRUNE_EVERY_MS, prune);
  }

  leader.start();
  return {
    isReady,
    leads: () => leader.leads,
    longestPassMs: () => queue.longestPassMs,
    async stop() {
      cancelPrune();
      await queue.stop();
      await leader.stop();
      for (const { stop } of watches) stop();
    },
  };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// The daemon's watches: each event goes into the cache, and whom it concerns is told; how far a watch has come goes to the
// gate. Lacks any decision, and errors' handling: a watch goes on by itself.

import { MANAGER } from '../api/names.ts';
import type { Clock } from '../kube/clock.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import type { Transport } from '../kube/transport.ts';
import { type Watch, type WatchHandlers, watchResource } from '../kube/watch.ts';
import type { Cache } from './cache.ts';
import type { Gate, Scope } from './gate.ts';
import { essentialsOf } from './nodes.ts';
import { FOLLOWED, type Followed } from './resources.ts';
import type { Logger, Telemetry } from './telemetry.ts';

export interface FollowOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly watchNodes: boolean;
}

export interface Ears {
  readonly cache: Cache;
  readonly gate: Gate;
  /** This app has something new to decide on. */
  news(key: string): void;
  /** A watch tells of this version of an object of the app. */
  told(key: string, scope: Scope, resourceVersion: string): void;
  /** This app is gone. */
  retired(key: string, uid: string): void;
  /** One more watch has told its first list. */
  synced(): void;
}

export interface Following {
  /** All watches have told their first list. */
  readonly isSynced: () => boolean;
  stop(): void;
}

/** The watch that shows the objects of this resource in this namespace. */
export function scopeIn({ namespaces }: Pick<FollowOptions, 'namespaces'>) {
  return (resource: ApiResource, namespace: string): Scope =>
    namespaces.length === 0 ? resource.plural : `${resource.plural}/${namespace}`;
}

export function followAll(options: FollowOptions, ears: Ears): Following {
  const { namespaces, watchNodes } = options;
  const watches = FOLLOWED.flatMap((followed) =>
    (namespaces.length === 0 ? [undefined] : namespaces).map((namespace) =>
      followOne(options, ears, { followed, namespace }),
    ),
  );
  const nodes = watchNodes ? followNodes(options, ears) : null;
  return {
    isSynced: () => watches.every(({ hasSynced }) => hasSynced),
    stop: () => {
      for (const watch of watches) watch.stop();
      nodes?.stop();
    },
  };
}

/**
 * Nobody waits for its first list: without the right to read nodes, or before it is told, all of them are unknown, and
 * everything but the replacement of lost members goes on.
 */
function followNodes(options: FollowOptions, ears: Ears): Watch {
  const { transport, clock, random, log } = options;
  const resource = RESOURCES.nodes;
  const on: WatchHandlers = {
    event: (event) => {
      if (!ears.cache.nodes.apply(event)) return;
      for (const key of ears.cache.appsOn(event.object.metadata.name)) ears.news(key);
    },
    progress: () => {},
    synced: () => {
      log.info({ resource: resource.plural }, 'watch has synced');
      ears.cache.nodes.synced();
      for (const key of ears.cache.apps()) ears.news(key);
    },
    error: toldBy(options, resource),
  };
  return watchResource({ transport, clock, random, resource, keep: essentialsOf, userAgent: MANAGER, on });
}

function toldBy({ log, telemetry }: FollowOptions, { plural }: ApiResource): WatchHandlers['error'] {
  return (error) => {
    telemetry.watchFailed(plural, error.code);
    log.warn({ resource: plural, err: error.message }, 'the watch is tried again');
  };
}

interface Place {
  readonly followed: Followed;
  readonly namespace: string | undefined;
}

function followOne(options: FollowOptions, ears: Ears, place: Place): Watch {
  const { transport, clock, random } = options;
  const { resource, labelSelector } = place.followed;
  const { namespace } = place;
  const on = handlers(options, ears, place);
  return watchResource({ transport, clock, random, resource, namespace, labelSelector, userAgent: MANAGER, on });
}

function handlers(options: FollowOptions, ears: Ears, { followed, namespace }: Place): WatchHandlers {
  const { clock, log } = options;
  const { kind, resource } = followed;
  const scope = scopeIn(options)(resource, namespace ?? '');
  return {
    event: (event) => {
      const { uid, resourceVersion } = event.object.metadata;
      for (const key of ears.cache.apply(kind, event, clock.monotonic())) {
        if (event.type === 'deleted') ears.gate.gone(key, uid);
        if (kind === 'StatefulApp' && event.type === 'deleted') ears.retired(key, uid);
        else if (event.type === 'deleted') ears.news(key);
        else ears.told(key, scope, resourceVersion);
      }
    },
    progress: (resourceVersion) => ears.gate.progress(scope, resourceVersion),
    synced: () => {
      log.info({ resource: resource.plural, namespace }, 'watch has synced');
      ears.synced();
    },
    error: toldBy(options, resource),
  };
}

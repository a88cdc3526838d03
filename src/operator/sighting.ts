// What is kept of one app as the planner sees it: lists for maps, and wall time for steady time. Lacks any choice.

import type { NodesSeen } from '../identity/node-view.ts';
import type { Sighting } from '../plan/observe.ts';
import type { ObservedApp } from '../plan/types.ts';
import type { Shelf } from './shelf.ts';

interface Moment {
  readonly app: ObservedApp;
  readonly nowMs: number;
  /** Steady time plus this is wall time. */
  readonly offsetMs: number;
  readonly watchingSinceMs: number;
  readonly nodes: NodesSeen;
}

export function sightingOf(shelf: Shelf, moment: Moment): Omit<Sighting, 'refusals'> {
  const { app, nowMs, offsetMs, watchingSinceMs, nodes } = moment;
  const wall = (ms: number) => ms + offsetMs;
  return {
    nowMs,
    app,
    pods: [...shelf.pods.values()],
    claims: [...shelf.claims.values()],
    services: [...shelf.services.values()],
    revisions: [...shelf.revisions.values()],
    strays: [...shelf.strays.values()].map((stray) =>
      stray.reads === 0 ? stray : { ...stray, readAtMs: wall(stray.readAtMs) },
    ),
    nodes,
    volumes: [...shelf.volumes.values()].map((volume) => ({ ...volume, readAtMs: wall(volume.readAtMs) })),
    watchingSinceMs: wall(watchingSinceMs),
    survey: shelf.survey === null ? null : { ...shelf.survey, atMs: wall(shelf.survey.atMs) },
    endings: [...shelf.endings.values()].map((ending) => ({ ...ending, atMs: wall(ending.atMs) })),
  };
}

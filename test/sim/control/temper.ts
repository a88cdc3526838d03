// How the actors are disposed: how long things take and how often they go wrong. A temper may be changed at any time; an
// actor reads it when it needs it.

import type { Random } from '../random.ts';

/** Milliseconds from and to; mostly near the first. */
export type Span = readonly [low: number, high: number];

export interface Temper {
  /** From a commit until an actor turns to it. */
  reaction: Span;
  /** After a write that was refused. */
  retry: Span;
  /** How often the collector takes half a minute. */
  collectorLag: number;
  /** From the pod's arrival on its node until its containers run. */
  start: Span;
  /** From then on until it is ready. */
  ready: Span;
  /** From SIGTERM until the containers end by themselves. */
  stop: Span;
  /** How often containers ignore SIGTERM and are killed at the end of the grace period. */
  ignoresStop: number;
  /** From the last status, which says that all containers ended, until the kubelet removes the pod. */
  remove: Span;
  /** How often a start fails and is tried again. */
  startFails: number;
  /** How often containers crash once they were started, and when. */
  crashes: number;
  crashAfter: Span;
  /** How often a pod that became ready loses that again, when, and for how long. */
  flaps: number;
  flapAfter: Span;
  flapFor: Span;
}

/** No trouble at all, and nothing takes long. */
export function calmTemper(): Temper {
  return {
    reaction: [5, 50],
    retry: [500, 1_000],
    collectorLag: 0,
    start: [200, 800],
    ready: [100, 500],
    stop: [50, 400],
    ignoresStop: 0,
    remove: [5, 50],
    startFails: 0,
    crashes: 0,
    crashAfter: [1_000, 60_000],
    flaps: 0,
    flapAfter: [1_000, 120_000],
    flapFor: [1_000, 30_000],
  };
}

/** A bad day. */
export function roughTemper(): Temper {
  return {
    ...calmTemper(),
    reaction: [5, 3_000],
    retry: [500, 10_000],
    collectorLag: 0.1,
    start: [200, 30_000],
    ready: [100, 60_000],
    stop: [50, 20_000],
    ignoresStop: 0.2,
    remove: [5, 3_000],
    startFails: 0.1,
    crashes: 0.1,
    flaps: 0.1,
  };
}

/** Stores that write all they hold before they end, as long as they are allowed to. */
export function stubbornTemper(): Temper {
  return { ...calmTemper(), stop: [15_000, 60_000], ignoresStop: 0.4 };
}

export function draw(random: Random, span: Span): number {
  return random.delay(span[0], span[1]);
}

// What the network and the API server's front do to requests and watches: chances, and what is drawn from them.

import type { Random } from './random.ts';

export interface Weather {
  /** Milliseconds one way, mostly near the first. */
  readonly latencyMs: readonly [number, number];
  /** How long after a change a watch may tell of it. */
  readonly watchLagMs: readonly [number, number];
  /** Chance of a request to meet trouble. */
  readonly trouble: number;
  /** Chance, per chunk, of a watch to be cut. */
  readonly cut: number;
  /** Nobody is there: every request fails, and no watch tells anything. */
  readonly away: boolean;
}

export const CALM: Weather = {
  latencyMs: [1, 15],
  watchLagMs: [1, 30],
  trouble: 0,
  cut: 0,
  away: false,
};

export const WEATHERS: Readonly<Record<string, Weather>> = {
  breezy: { ...CALM, latencyMs: [1, 400], watchLagMs: [1, 1500], trouble: 0.03, cut: 0.01 },
  stormy: { ...CALM, latencyMs: [1, 3000], watchLagMs: [1, 4000], trouble: 0.3, cut: 0.05 },
  lagging: { ...CALM, watchLagMs: [200, 20_000] },
  cutting: { ...CALM, cut: 0.4 },
  slow: { ...CALM, latencyMs: [50, 25_000] },
  away: { ...CALM, away: true },
};

/** What becomes of one request. */
export type Fate =
  | 'fine'
  | 'refused' //  no connection: nothing was sent
  | 'lost' //     sent, never arrives; the connection breaks
  | 'unheard' //  arrives and is done; the connection breaks before the answer
  | 'torn' //     arrives and is done; the connection breaks in the middle of the answer
  | 'silent' //   arrives and is done; nothing ever comes back
  | 'late' //     arrives long after; nothing ever comes back
  | 'answered'; // something in front answers in the server's place

const TROUBLES: readonly Fate[] = ['refused', 'lost', 'unheard', 'torn', 'silent', 'late', 'answered', 'answered'];

export function fateOf(weather: Weather, random: Random): Fate {
  if (weather.away) return random.chance(0.7) ? 'refused' : 'lost';
  return weather.trouble > 0 && random.chance(weather.trouble) ? random.pick(TROUBLES) : 'fine';
}

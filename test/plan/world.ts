// The language of the rows: a world in a few words ("0 Available, 1 NotReady, 2 -"), and a plan in a few words ("create
// Pod web-2"). Whatever is not said is as in an app that runs well. Every plan that is asked for here is held against
// all invariants.

import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/identity/json.ts';
import type { NodesSeen } from '../../src/identity/node-view.ts';
import { readPod } from '../../src/identity/pod-view.ts';
import type { Ending } from '../../src/identity/slot.ts';
import { describe as sentence } from '../../src/plan/describe.ts';
import { checkPlan } from '../../src/plan/invariants.ts';
import { observe, readApp, readRevision, readService } from '../../src/plan/observe.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Observed, Plan, Refusal, Stray, Survey } from '../../src/plan/types.ts';
import { type ClaimView, readClaim } from '../../src/volumes/claim-view.ts';
import type { VolumeReading } from '../../src/volumes/volume-view.ts';
import {
  APP,
  type AppWords,
  ago,
  hashOf,
  NOW,
  type Raw,
  rawApp,
  rawClaim,
  rawPod,
  rawRevision,
  rawService,
  SOUND_NODES,
} from './objects.ts';

/** Everything that is in the cluster and in the operator's head, as raw objects by name. */
export interface World {
  nowMs: number;
  app: Raw;
  readonly pods: Map<string, Raw>;
  readonly claims: Map<string, Raw>;
  readonly services: Map<string, Raw>;
  readonly revisions: Map<string, Raw>;
  readonly endings: Map<string, Ending>;
  strays: readonly Stray[];
  readonly disks: Record<string, string | null>;
  nodes: NodesSeen;
  survey: Survey | null;
  readonly watchingSinceMs?: number;
  refusals: readonly Refusal[];
}

export interface Given {
  readonly app?: AppWords;
  /** The volumes that the pods were made with, if others than the app has now. */
  readonly podVolumes?: readonly string[];
  /** `<ordinal> <state> [@version] [<n>s]`, separated by commas. States: those of rawPod, `-` (never was), and of pods
   * that are gone: Vanished, Stopped, NeverBound, Dead (seen), Gone (only the ledger knows). */
  readonly pods?: string;
  /** `<volume>-<ordinal> <state>`: the claims that are not simply bound. `-` is gone, and recorded if its pod ran. */
  readonly claims?: string;
  /** Versions that are stored, oldest first; by default those of the app and of the pods. */
  readonly revisions?: readonly string[];
  /** `none`: the status is lost; otherwise fields of single members. */
  readonly ledger?: 'none' | Readonly<Record<number, Raw>>;
  /** Null: there is none. */
  readonly service?: Raw | null;
  readonly survey?: Partial<Survey> | null;
  /** For how many seconds this process has watched; by default for as long as matters. */
  readonly watching?: number;
  readonly strays?: readonly Stray[];
  /** Fingerprints of disks by volume, where they are not as recorded; null: it may not be read; `unread`: nobody has yet. */
  readonly disks?: Readonly<Record<string, string | null>>;
  /** What is the matter with nodes; by default nothing. All pods are on node-a. */
  readonly nodes?: Partial<NodesSeen>;
  /** Action keys that were refused just now, as `createPod/web-1`. */
  readonly refused?: readonly string[];
  /** In these words; by default those of a quota. */
  readonly refusedFor?: string;
}

interface Item {
  readonly ordinal: number;
  readonly state: string;
  readonly version: string;
  readonly seconds: number;
}

function parsePods(words: string, version: string): readonly Item[] {
  return words
    .split(',')
    .map((item) => item.trim().split(/\s+/))
    .filter(([ordinal]) => ordinal !== '')
    .map(([ordinal, state = '-', ...more]) => ({
      ordinal: Number(ordinal),
      state,
      version: more.find((word) => word.startsWith('@'))?.slice(1) ?? version,
      seconds: Number.parseInt(more.find((word) => /^\d+s$/.test(word)) ?? '3600', 10),
    }));
}

const GONE = ['-', 'Vanished', 'Stopped', 'NeverBound', 'Dead', 'Gone'];
const ENDINGS: Readonly<Record<string, Ending['how']>> = {
  Vanished: 'unknown',
  Stopped: 'stopped',
  NeverBound: 'neverBound',
  Dead: 'dead',
};
/** Pods that the ledger has an entry for. */
const LISTED = ['Orphan', 'Bare', 'Leaving', 'Foreign', 'Former', '-'];

const byName = (objects: readonly Raw[]) =>
  new Map(objects.map((object) => [(object['metadata'] as Raw)['name'] as string, object]));

export function world(given: Given = {}): World {
  const words = given.app ?? {};
  const { version = 'v1', volumes = [] } = words;
  const items = parsePods(given.pods ?? '', version);
  const { podVolumes = volumes } = given;
  const hash = (item: Item) => hashOf(item.version, podVolumes, words.pod);
  const held = items.filter(({ state }) => !GONE.includes(state));
  const stored = given.revisions ?? [...new Set([...items.map((item) => item.version), version])].sort();
  const status = { ...statusOf(given, items), ...words.status };
  const { matchLabels } = (words['selector'] ?? {}) as { matchLabels?: Raw };
  const fit = rawService({}, matchLabels === undefined ? {} : { selector: matchLabels });
  const service = given.service === undefined ? fit : given.service;
  return {
    nowMs: NOW,
    app: rawApp({ ...words, status }),
    pods: byName(held.map((item) => rawPod({ ...item, revision: hash(item), volumes: podVolumes }))),
    claims: byName(claimsOf(given, items)),
    services: byName(service === null ? [] : [service]),
    revisions: byName(
      stored.flatMap((one, index) =>
        (podVolumes === volumes ? [volumes] : [podVolumes, volumes]).map((names, later, { length }) =>
          rawRevision({ version: one, number: index * length + later + 1, volumes: names, pod: words.pod }),
        ),
      ),
    ),
    endings: new Map(
      items.filter(({ state }) => state in ENDINGS).map((item) => [`web-${item.ordinal}`, endingOf(item)]),
    ),
    strays: given.strays ?? [],
    disks: { ...given.disks },
    nodes: { ...SOUND_NODES, ...given.nodes },
    ...(given.watching === undefined ? {} : { watchingSinceMs: NOW - given.watching * 1000 }),
    survey:
      given.survey === null ? null : { generation: 1, atMs: NOW, statefulSetUid: null, reads: 1, ...given.survey },
    refusals: (given.refused ?? []).map((key) => ({
      key,
      message: given.refusedFor ?? 'exceeded quota',
      retryAtMs: NOW + 5000,
    })),
  };
}

function endingOf({ ordinal, state, seconds }: Item): Ending {
  const pod = `web-${ordinal}`;
  return {
    pod,
    uid: `${pod}-uid`,
    node: 'node-a',
    how: ENDINGS[state] ?? 'unknown',
    atMs: NOW - seconds * 1000,
    graceSeconds: 30,
  };
}

function claimsOf({ app, podVolumes, claims = '' }: Given, items: readonly Item[]): readonly Raw[] {
  const named = new Map(claims.split(',').map((item) => item.trim().split(/\s+/) as [string, string]));
  const kept = items.flatMap(({ ordinal, state }) =>
    (podVolumes ?? app?.volumes ?? []).map((volume) => ({ volume, ordinal, state: state === '-' ? '-' : 'Bound' })),
  );
  return kept
    .map((claim) => ({ ...claim, state: named.get(`${claim.volume}-${claim.ordinal}`) ?? claim.state }))
    .filter(({ state }) => state !== '-')
    .map((claim) => rawClaim({ ...claim, siblings: podVolumes ?? app?.volumes ?? [] }));
}

function statusOf({ app, podVolumes = app?.volumes, ledger = {} }: Given, items: readonly Item[]): Raw {
  if (ledger === 'none') return {};
  const members = items
    .filter(({ ordinal, state }) => !LISTED.includes(state) || ledger[ordinal] !== undefined)
    .map(({ ordinal, state, version, seconds }) => ({
      ordinal,
      pod: `web-${ordinal}`,
      ...(state === '-' ? {} : { podUID: `web-${ordinal}-uid`, revision: hashOf(version, podVolumes, app?.pod) }),
      state: GONE.includes(state) ? 'Available' : state,
      since: ago(seconds),
      ...(podVolumes === undefined ? {} : { claims: podVolumes.map((volume) => recorded(volume, ordinal)) }),
      ...ledger[ordinal],
    }));
  return { appUID: APP.uid, observedGeneration: 1, members };
}

export const diskOf = (volume: string) => `disk of ${volume}`;

/** What was read of the volumes behind these claims. */
export function readingsOf(claims: readonly ClaimView[], disks: World['disks']): readonly VolumeReading[] {
  return claims.flatMap(({ volume: name }) => {
    const disk = name === null || Object.hasOwn(disks, name) ? disks[name ?? ''] : diskOf(name);
    return name === null || disk === undefined || disk === 'unread' ? [] : [{ name, disk, readAtMs: NOW, reads: 1 }];
  });
}

const recorded = (volume: string, ordinal: number) => {
  const name = `${volume}-web-${ordinal}`;
  return { name, uid: `${name}-uid`, volume: `pv-${name}`, disk: diskOf(`pv-${name}`) };
};

export function see(seen: World): Observed {
  const pods = [...seen.pods.values()].map(readPod);
  const claims = [...seen.claims.values()].map(readClaim);
  return observe({
    nowMs: seen.nowMs,
    app: readApp(seen.app),
    pods,
    claims,
    volumes: readingsOf(claims, seen.disks),
    services: [...seen.services.values()].map(readService),
    revisions: [...seen.revisions.values()].map(readRevision),
    strays: seen.strays,
    nodes: seen.nodes,
    survey: seen.survey,
    ...(seen.watchingSinceMs === undefined ? {} : { watchingSinceMs: seen.watchingSinceMs }),
    endings: [...seen.endings.values()],
    refusals: seen.refusals,
  });
}

export function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

/** The plan that is made when nothing has happened but that the status of the last one was stored. */
function feed(observed: Observed, { status }: Plan): Plan {
  return plan({ ...observed, app: { ...observed.app, status: JSON.parse(JSON.stringify(status)) } });
}

/** The plan, after all that must be true of any plan has been asked of it. */
export function planned(observed: Observed): Plan {
  const result = plan(frozen(observed));
  expect(checkPlan(observed, result)).toEqual([]);
  expect(canonicalJson(plan(observed))).toBe(canonicalJson(result)); // deterministic
  const replayed: Observed = JSON.parse(JSON.stringify(observed));
  expect(canonicalJson(plan(replayed))).toBe(canonicalJson(result)); // a bug report is a file that replays
  expect(canonicalJson(feed(observed, result).status)).toBe(canonicalJson(result.status)); // a status is no echo of itself
  return result;
}

/** "create Pod web-1", and "create Pod web-1 at v1" when that is not the template's present version. */
export function deeds({ actions, status }: Plan, volumes: readonly string[] = []): readonly string[] {
  const versions = new Map(['v1', 'v2', 'v3'].map((version) => [hashOf(version, volumes), version]));
  return actions.map((action) => {
    const [deed = ''] = sentence(action).split(':');
    const words = deed.replace(
      /ControllerRevision web-(.*)$/,
      (_, hash) => `ControllerRevision ${versions.get(hash) ?? hash}`,
    );
    if (action.type !== 'createPod') return words;
    const { labels } = action.object.metadata as { labels?: Record<string, string> };
    const hash = labels?.['controller-revision-hash'] ?? '';
    return status.updateRevision === `web-${hash}` ? words : `${words} at ${versions.get(hash) ?? hash}`;
  });
}

/** "web-1 PodPending", or "Paused" for the whole app. */
export function waiting({ waits }: Plan): readonly string[] {
  return waits.map(({ ordinal, reason }) => (ordinal === undefined ? reason : `web-${ordinal} ${reason}`));
}

export interface Row extends Given {
  readonly it: string;
  /** What is done, in order; by default nothing. */
  readonly does?: string;
  /** What is waited for, in order; by default nothing. */
  readonly waits?: string;
  /** Words that one of the sentences of waits, notes or actions has. */
  readonly says?: string;
}

const list = (words = '') =>
  words
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

export function rows(table: readonly Row[]): void {
  test.each(table.map((row) => [row.it, row] as const))('%s', (_, { does, waits, says, ...given }) => {
    const result = planned(see(world(given)));
    expect({ does: deeds(result, given.app?.volumes), waits: waiting(result) }).toEqual({
      does: list(does),
      waits: list(waits),
    });
    const sentences = [...result.waits, ...result.notes].map(({ message }) => message);
    if (says !== undefined) expect([...sentences, ...result.actions.map(sentence)].join('\n')).toContain(says);
  });
}

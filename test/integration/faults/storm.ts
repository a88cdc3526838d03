// Two minutes in which three in ten of the operator's requests go wrong, while users do what users do: create, scale, delete
// and recreate apps, and members fail. What is asked of it afterwards: it converges, nothing was lost, nothing was deleted
// without a reason, and then it is silent.

import { setTimeout as pause } from 'node:timers/promises';
import { isWrite } from '../../../e2e/faults/requests.ts';
import type { Upstream } from '../../../e2e/faults/upstream.ts';
import type { KubeObject, KubeObjectInput } from '../../../src/kube/objects.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { DEFAULT_LEASE_TIMES } from '../../../src/operator/leader.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { Random } from '../../sim/random.ts';
import type { AuditEntry } from '../audit.ts';
import { app, condition, isReady, phaseOf, type Scene } from '../stage.ts';
import { type Instance, startInstance } from './instance.ts';
import { type Ground, settled } from './run.ts';
import { badWeather } from './weather.ts';

const LASTS_MS = 120_000;
/** Renewals of the Lease, one every two seconds: half a minute. */
const SILENCE = 15;

export interface Aftermath {
  readonly scene: Scene;
  /** How many requests there were in the bad weather, watches aside, and how many of them went wrong. */
  readonly requests: number;
  readonly harmed: number;
  readonly convergedAfterMs: number;
  /** What was written in the half minute after that, but for the Lease. */
  readonly late: readonly string[];
  /** When web was told to have two members. */
  readonly scaledDownAtMs: number;
}

const stormy = (name: string, replicas: number, spec: object = {}): KubeObjectInput =>
  app({ name, spec: { replicas, ...spec }, podSpec: { terminationGracePeriodSeconds: 1 } });

/** How many members each app is to have in the end. */
const WANTED: Readonly<Record<string, number>> = { web: 2, hit: 4, again: 2, wide: 5 };

export async function weatherStorm(ground: Ground, upstream: Upstream, seed: number): Promise<Aftermath> {
  const scene = await ground.stage.namespace();
  const random = new Random(seed, 'storm');
  const bad = badWeather(new Random(seed, 'weather'));
  let over = false;
  const instance = await startInstance({
    ...ground,
    upstream,
    namespaces: [scene.name],
    lease: scene.name,
    log: [],
    leaseTimes: DEFAULT_LEASE_TIMES,
    faults: (request) => (over ? { kind: 'pass' } : bad(request)),
  });
  try {
    const { scaledDownAtMs } = await users(scene, random);
    over = true;
    const asked = instance.proxy.exchanges.filter(({ verb }) => verb !== 'watch');
    const harmed = instance.proxy.exchanges.filter(
      ({ fault, verb }) => fault.kind !== 'pass' && verb !== 'watch',
    ).length;
    const from = performance.now();
    const how = await settled(scene, instance, { holds: () => converged(scene), seconds: 120 });
    if (how === 'late') throw new Error(`it does not converge after the storm: ${scene.summary()}`);
    const convergedAfterMs = performance.now() - from;
    const late = await silence(instance);
    return { scene, requests: asked.length, harmed, convergedAfterMs, late, scaledDownAtMs };
  } finally {
    await instance.end();
  }
}

/** The times are those of a plan, not waits for anything. */
async function users(scene: Scene, random: Random): Promise<{ readonly scaledDownAtMs: number }> {
  const from = performance.now();
  let scaledDownAtMs = 0;
  const scale = (replicas: number) => scene.patch(APPS, 'web', { spec: { replicas } });
  const acts: readonly (readonly [atMs: number, act: () => Promise<unknown>])[] = [
    [0, () => scene.create(APPS, stormy('web', 1))],
    [1_000, () => scene.create(APPS, stormy('hit', 4))],
    [2_000, () => scene.create(APPS, stormy('again', 2))],
    [3_000, () => scene.create(APPS, stormy('wide', 5, { podManagementPolicy: 'Parallel' }))],
    [20_000, () => scale(3)],
    [40_000, () => scale(5)],
    [45_000, () => recreate(scene)],
    [80_000, () => recreate(scene)],
    [
      110_000,
      () => {
        scaledDownAtMs = Date.now();
        return scale(2);
      },
    ],
    ...Array.from({ length: 12 }, (_, index) => [10_000 + 9_900 * index, () => lose(scene, random)] as const),
    // Each of these members fails once: from the second time on it would wait for its backoff.
    ...['hit-0', 'hit-2', 'wide-1', 'wide-4'].map(
      (name, index) => [30_000 + 28_000 * index, () => fail(scene, name)] as const,
    ),
    [LASTS_MS, () => Promise.resolve()],
  ];
  for (const [atMs, act] of [...acts].sort(([a], [b]) => a - b)) {
    await pause(Math.max(0, from + atMs - performance.now()));
    await act();
  }
  return { scaledDownAtMs };
}

async function recreate(scene: Scene): Promise<void> {
  const uid = scene.app('again')?.metadata.uid ?? '';
  await scene.client.delete(APPS, { namespace: scene.name, name: 'again' }, { uid, propagationPolicy: 'Background' });
  await scene.create(APPS, stormy('again', 2));
}

/** A user deletes some pod. */
async function lose(scene: Scene, random: Random): Promise<void> {
  const pods = scene.pods().filter(({ metadata }) => /^(hit|wide)-/.test(metadata.name));
  const living = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (living.length === 0) return;
  const { name, uid } = random.pick(living).metadata;
  await scene.client.delete(RESOURCES.pods, { namespace: scene.name, name }, { uid }).catch(gone);
}

async function fail(scene: Scene, name: string): Promise<void> {
  if (isReady(scene.pod(name))) await scene.play(name, 'failed').catch(gone);
}

/** The watch may be a moment behind. */
function gone(error: unknown): void {
  const { code } = error as { readonly code?: string };
  if (code !== 'NotFound' && code !== 'Conflict') throw error;
}

function converged(scene: Scene): boolean {
  const names = Object.entries(WANTED).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, ordinal) => `${name}-${ordinal}`),
  );
  const told = Object.keys(WANTED).every((name) => {
    const found = scene.app(name);
    const isCurrent = found?.status?.observedGeneration === found?.metadata.generation;
    return isCurrent && condition(found, 'Ready')?.status === 'True';
  });
  return told && `${scene.podNames()}` === `${names.sort()}` && scene.pods().every(isReady);
}

async function silence(instance: Instance): Promise<readonly string[]> {
  const before = instance.proxy.exchanges.length;
  const writes = () => instance.proxy.exchanges.slice(before).filter(isWrite);
  const renewals = () => writes().filter(({ resource }) => resource === 'leases').length;
  await new Promise<void>((resolve) => {
    const stop = instance.listen(() => {
      if (renewals() < SILENCE) return;
      stop();
      resolve();
    });
  });
  return writes()
    .filter(({ resource }) => resource !== 'leases')
    .map(({ verb, path }) => `${verb} ${path}`);
}

/** Pods that the operator deleted for no reason: neither had they ended, nor were they unwanted by then. */
export function groundless({ scene, scaledDownAtMs }: Aftermath, deletions: readonly AuditEntry[]): readonly string[] {
  const pods = deletions.filter(({ resource }) => resource === 'pods');
  return pods.flatMap(({ name = '', body, atMs, code }) => {
    const uid = body?.preconditions?.uid ?? '';
    const ended = (pod: KubeObject) => pod.metadata.deletionTimestamp === undefined && phaseOf(pod) === 'Failed';
    const unwanted = /^web-[234]$/.test(name) && atMs >= scaledDownAtMs;
    if (code >= 300 || unwanted || scene.firstState(uid, ended) !== undefined) return [];
    return [`${name} (UID ${uid})`];
  });
}

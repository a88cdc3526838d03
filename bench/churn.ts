// npm run bench -- --churn MINUTES: one operator while apps come, change and go without a pause; by hand, since it takes as long as it is
// given. Told at the end: how its memory grew in the second half, its sockets, and objects that belong to nobody any more. No comparison,
// and no goals.
import { setTimeout as pause } from 'node:timers/promises';
import type { KubeObject } from '../src/kube/objects.ts';
import { RESOURCES } from '../src/kube/resources.ts';
import { socketsOf, usageOf } from './measure/proc.ts';
import { slopeOf } from './report/statistics.ts';
import { type Run, withRun } from './run.ts';
import { IMAGE, manifestOf, NEXT_IMAGE } from './sides/manifest.ts';
import { CHART_LIMIT_MIB } from './sides/memory-limit.ts';
import { OURS } from './sides/ours.ts';
import type { Site } from './site.ts';

const APPS = 60;
const MOST_MEMBERS = 4;
const PAUSE_MS = 100;
const SAMPLES = 60;
const MINUTE_MS = 60_000;

export interface Churn {
  readonly minutes: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Sample {
  readonly hours: number;
  readonly rssMiB: number;
  readonly sockets: number;
}

/** What was found, in lines. */
export function churn(site: Site, { minutes, progress, signal }: Churn): Promise<readonly string[]> {
  const options = { site, side: OURS, namespace: 'bench-churn', say: progress, isWarm: false, bindsClaims: true };
  return withRun(options, async (run) => {
    await run.start({ limitMiB: CHART_LIMIT_MIB });
    const wanted = new Map(Array.from({ length: APPS }, (_, index) => [`app-${index}`, 3]));
    await run.createAll([...wanted].map(([name, replicas]) => ({ name, replicas })));
    await converged(run, wanted);
    const samples: Sample[] = [];
    const startedAtMs = performance.now();
    const everyMs = (minutes * MINUTE_MS) / SAMPLES;
    let changes = 0;
    for (let passedMs = 0; passedMs < minutes * MINUTE_MS; passedMs = performance.now() - startedAtMs) {
      signal.throwIfAborted();
      await change(run, wanted);
      changes += 1;
      await pause(PAUSE_MS);
      if (passedMs < samples.length * everyMs) continue;
      samples.push(sampleOf(run, passedMs));
      progress(`${(passedMs / MINUTE_MS).toFixed(1)} min, ${changes} changes: ${textOf(samples.at(-1))}`);
    }
    await converged(run, wanted);
    await site.audit.quiet([run.process.user]);
    samples.push(sampleOf(run, performance.now() - startedAtMs));
    return findings(samples, changes, await leaked(run));
  });
}

function sampleOf({ process }: Run, passedMs: number): Sample {
  const { rssMiB = Number.NaN } = usageOf(process.pid) ?? {};
  return { hours: passedMs / MINUTE_MS / 60, rssMiB, sockets: socketsOf(process.pid) };
}

const textOf = (sample: Sample | undefined) => `${sample?.rssMiB.toFixed(0)} MiB, ${sample?.sockets} sockets`;

function findings(samples: readonly Sample[], changes: number, leaks: readonly string[]): readonly string[] {
  const later = samples.slice(Math.floor(samples.length / 2));
  const slope = slopeOf(later.map(({ hours, rssMiB }) => [hours, rssMiB] as const));
  return [
    `${changes} changes; first ${textOf(samples[0])}, last ${textOf(samples.at(-1))}`,
    `most: ${Math.max(...samples.map(({ rssMiB }) => rssMiB)).toFixed(0)} MiB, ${Math.max(...samples.map(({ sockets }) => sockets))} sockets`,
    `memory in the second half: ${slope.toFixed(1)} MiB an hour`,
    leaks.length === 0
      ? 'no object belongs to nobody'
      : `${leaks.length} objects belong to nobody: ${leaks.slice(0, 10).join(', ')}`,
  ];
}

/** One of: a pod is deleted, an app is scaled, gets another image, is deleted and made again. */
async function change(run: Run, wanted: Map<string, number>): Promise<void> {
  const { scene } = run;
  const name = `app-${Math.floor(Math.random() * APPS)}`;
  const dice = Math.random();
  if (dice < 0.5) {
    const pod = `${name}-${Math.floor(Math.random() * MOST_MEMBERS)}`;
    const uid = scene.uid(pod);
    if (uid === undefined) return;
    await orGone(run.site.client.delete(RESOURCES.pods, { namespace: scene.namespace, name: pod }, { uid }));
    return;
  }
  if (dice < 0.8) {
    const replicas = 1 + Math.floor(Math.random() * MOST_MEMBERS);
    wanted.set(name, replicas);
    return run.patch(name, { spec: { replicas } });
  }
  if (dice < 0.95) {
    const image = Math.random() < 0.5 ? IMAGE : NEXT_IMAGE;
    const { template } = manifestOf({ name, replicas: 1, image }).spec;
    return run.patch(name, { spec: { template: { spec: { containers: template.spec.containers } } } });
  }
  await again(run, name, wanted.get(name) ?? 1);
}

async function again(run: Run, name: string, replicas: number): Promise<void> {
  const { scene, side, site } = run;
  const ref = { namespace: scene.namespace, name };
  const uid = (await site.client.get(side.resource, ref))?.metadata.uid ?? '';
  await site.client.delete(side.resource, ref, { uid });
  await run.create({ name, replicas });
}

/** A pod that went meanwhile, or was replaced, is as good as deleted. */
async function orGone(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code !== 'NotFound' && code !== 'Conflict') throw error;
  }
}

async function converged({ scene }: Run, wanted: ReadonlyMap<string, number>): Promise<void> {
  const total = [...wanted.values()].reduce((sum, replicas) => sum + replicas, 0);
  await scene.until(
    'all apps to be as they should',
    () => scene.pods === total && [...wanted].every(([app, replicas]) => scene.readyOf(app) === replicas),
  );
}

/** Objects whose controller is gone. Claims are kept on purpose, and have none. */
async function leaked({ scene, side, site }: Run): Promise<readonly string[]> {
  const { namespace } = scene;
  const { items: apps } = await site.client.list(side.resource, { namespace });
  const alive = new Set(apps.map(({ metadata }) => metadata.uid));
  const kinds = [RESOURCES.pods, RESOURCES.services, RESOURCES.controllerrevisions];
  const lists = await Promise.all(kinds.map((kind) => site.client.list(kind, { namespace })));
  const isLeaked = ({ metadata }: KubeObject) =>
    metadata.ownerReferences?.some(({ controller, uid }) => controller === true && alive.has(uid)) !== true;
  return lists.flatMap(({ items }, index) =>
    items.filter(isLeaked).map(({ metadata }) => `${kinds[index]?.kind} ${metadata.name}`),
  );
}

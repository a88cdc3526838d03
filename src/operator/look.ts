// Reads of what no watch shows: an object by name, a volume, a StatefulSet of the app's name, pods and claims that match the selector
// without carrying our label. What is found goes into the cache, where the next plan sees it.

import { LABEL } from '../api/names.ts';
import { ordinalOf } from '../identity/member-names.ts';
import type { NodeView } from '../identity/node-view.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { RESOURCES } from '../kube/resources.ts';
import type { Action, StrayKind } from '../plan/types.ts';
import { readVolume, type VolumeView } from '../volumes/volume-view.ts';
import { type Hands, type Job, STRAY_RESOURCES } from './hands.ts';

/** The object, or undefined when there is none. A failed read rejects: an unknown answer never counts as absent (R7). */
export async function look(
  { client, cache, steadyMs }: Hands,
  { key, observed }: Job,
  at: { kind: StrayKind; name: string },
): Promise<KubeObject | undefined> {
  const ref = { namespace: observed.app.namespace, name: at.name };
  const object = await client.get(STRAY_RESOURCES[at.kind], ref);
  cache.read(key, { ...at, object, atMs: steadyMs() });
  return object;
}

export interface VolumeLook {
  readonly name: string;
  /** The UID of the pod that goes from it: the look may serve the one that follows. */
  readonly leaving?: string | undefined;
}

/** The disk behind a volume as it is now. Rejects where it cannot be told, also when reading is forbidden. */
export async function lookAtVolume(
  { client, cache, steadyMs }: Hands,
  { key }: Job,
  { name, leaving }: VolumeLook,
): Promise<VolumeView> {
  const readAtMs = steadyMs();
  const object = await client.get(RESOURCES.persistentvolumes, { name });
  const volume = object === undefined ? { name, disk: '' } : readVolume(object);
  cache.readVolume(key, { ...volume, readAtMs, ...purpose(leaving) });
  return volume;
}

const purpose = (leaving: string | undefined) => (leaving === undefined ? {} : { leaving });

/** The node as it is now; null when there is none. Rejects where it cannot be told, also when reading is forbidden. */
export async function lookAtNode({ client, cache }: Hands, name: string): Promise<NodeView | null> {
  return cache.nodes.read(name, await client.get(RESOURCES.nodes, { name }));
}

/** The same, where not being allowed to is an answer: then volumes are told apart by name only (docs/adr/0012). */
export async function tryVolume(hands: Hands, job: Job, { name, leaving }: VolumeLook): Promise<void> {
  try {
    await lookAtVolume(hands, job, { name, leaving });
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 'Forbidden') throw error;
    hands.cache.readVolume(job.key, { name, disk: null, readAtMs: hands.steadyMs(), ...purpose(leaving) });
  }
}

/** No watch tells what became of a stray: without this, the next plans would rest on what it was (simulator, seed 335). */
export async function lookAgain(hands: Hands, job: Job, action: Action): Promise<void> {
  const stray = 'uid' in action ? strayOf(job, action.uid) : undefined;
  if (stray !== undefined) await look(hands, job, stray);
}

export function strayOf(
  { observed }: Job,
  uid: string,
): { readonly kind: StrayKind; readonly name: string } | undefined {
  const stray = observed.strays.find(({ view }) => view.uid === uid);
  return stray && { kind: stray.kind, name: stray.name };
}

export async function survey(hands: Hands, job: Job, asked: Asked): Promise<void> {
  const { client, cache, steadyMs } = hands;
  const { name, namespace, generation } = job.observed.app;
  const { selector } = asked;
  const claimsBy = asked.claims === true ? `!${LABEL.app}` : selector;
  const [set, pods, claims, named] = await Promise.all([
    client.get(RESOURCES.statefulsets, { namespace, name }),
    selector === '' ? NONE : client.list(RESOURCES.pods, { namespace, labelSelector: selector }),
    claimsBy === '' ? NONE : client.list(RESOURCES.persistentvolumeclaims, { namespace, labelSelector: claimsBy }),
    readPods(client, namespace, asked.pods ?? []),
  ]);
  const atMs = steadyMs();
  for (const object of named) cache.read(job.key, { kind: 'Pod', name: object.metadata.name, object, atMs });
  for (const object of pods.items) {
    const ours = !isLabelled(object) && ordinalOf(name, object.metadata.name) !== null;
    if (ours) cache.read(job.key, { kind: 'Pod', name: object.metadata.name, object, atMs });
  }
  for (const object of claims.items) {
    const member = object.metadata.name.slice(object.metadata.name.lastIndexOf(`-${name}-`) + 1);
    const ours = !isLabelled(object) && ordinalOf(name, member) !== null;
    if (ours) cache.read(job.key, { kind: 'PersistentVolumeClaim', name: object.metadata.name, object, atMs });
  }
  cache.surveyed(job.key, { generation, atMs, statefulSetUid: set?.metadata.uid ?? null });
}

/** Beyond so many, one list of the namespace costs less than reading each. */
const MOST_READ = 16;

async function readPods(
  client: Hands['client'],
  namespace: string,
  names: readonly string[],
): Promise<readonly KubeObject[]> {
  if (names.length > MOST_READ) {
    const { items } = await client.list(RESOURCES.pods, { namespace });
    const wanted = new Set(names);
    return items.filter(({ metadata }) => wanted.has(metadata.name));
  }
  const read = await Promise.all(names.map((name) => client.get(RESOURCES.pods, { namespace, name })));
  return read.filter((object) => object !== undefined);
}

type Asked = Pick<Action & { readonly type: 'survey' }, 'selector' | 'claims' | 'pods'>;
const NONE: { readonly items: readonly KubeObject[] } = { items: [] };

function isLabelled({ metadata }: KubeObject): boolean {
  return metadata.labels?.[LABEL.app] !== undefined;
}

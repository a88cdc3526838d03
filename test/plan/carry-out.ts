// A world in which a plan is carried out to the letter: by itself (`perform`: nothing else moves), or with what Kubernetes
// itself would do (`carryOut`): pods start and become ready, deleted pods end, claims are bound, time goes on. The API
// server here refuses what the real one would: a taken name, another uid, another resourceVersion.

import { canonicalJson } from '../../src/identity/json.ts';
import { isTerminal, readPod } from '../../src/identity/pod-view.ts';
import { checkPlan } from '../../src/plan/invariants.ts';
import { readEnding } from '../../src/plan/observe.ts';
import { plan as makePlan } from '../../src/plan/plan.ts';
import type { Action, Plan } from '../../src/plan/types.ts';
import { at, type Raw } from './objects.ts';
import { frozen, see, type World } from './world.ts';

type Metadata = Record<string, unknown> & { readonly name: string };
const metadataOf = (raw: Raw | undefined) => (raw?.['metadata'] ?? {}) as Metadata;

let serial = 0;

function add(objects: Map<string, Raw>, object: object, nowMs: number): void {
  const raw = structuredClone(object) as Raw;
  const metadata = metadataOf(raw);
  if (objects.has(metadata.name)) throw new Error(`${metadata.name} already exists`);
  serial += 1;
  const stored = { ...metadata, uid: `uid-${serial}`, resourceVersion: `${serial}`, creationTimestamp: at(nowMs) };
  objects.set(metadata.name, { ...raw, metadata: stored });
}

/** A JSON merge patch that names uid and resourceVersion, as all of ours do. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? (target as Raw) : {};
  return Object.fromEntries([
    ...Object.entries(base),
    ...Object.entries(patch).map(([key, value]) => [key, merge(base[key], value)]),
  ]);
}

function change(
  objects: Map<string, Raw>,
  { name, uid, resourceVersion }: { name: string; uid: string; resourceVersion?: string },
  patch: object,
): void {
  const before = objects.get(name);
  const { uid: known, resourceVersion: version } = metadataOf(before);
  if (known !== uid || (resourceVersion !== undefined && version !== resourceVersion))
    throw new Error(`conflict on ${name}`);
  serial += 1;
  const after = merge(before, patch) as Raw;
  objects.set(name, { ...after, metadata: { ...metadataOf(after), resourceVersion: `${serial}` } });
}

/** Server-side apply: a Service's selector is replaced as a whole. */
function applyService({ services }: World, { uid, object }: Extract<Action, { type: 'applyService' }>): void {
  const { name } = object.metadata;
  const spec = services.get(name)?.['spec'] as Raw;
  services.set(name, { ...services.get(name), spec: { ...spec, selector: {} } });
  change(services, { name, uid }, object);
}

/** A pod that no node has, or that has ended, goes at once (CheckGracefulDelete of pkg/registry/core/pod/strategy.go). */
function deletePod(world: World, action: Extract<Action, { type: 'deletePod' }>): void {
  const { nowMs, pods, endings } = world;
  const former = readPod(pods.get(action.name));
  const isForced = action.because === 'lost' || former.node === null || isTerminal(former);
  const seconds = isForced ? 0 : former.graceSeconds;
  const deletionTimestamp = at(nowMs + seconds * 1000);
  change(pods, action, { metadata: { deletionTimestamp, deletionGracePeriodSeconds: seconds } });
  const view = readPod(pods.get(action.name));
  if (view.finalizers.length > 0 || !isForced) return;
  pods.delete(action.name);
  const ending = readEnding(view, { atMs: nowMs, fromWatch: true });
  endings.set(action.name, action.because === 'lost' ? { ...ending, how: 'dead' } : ending);
}

/** What the API server makes of one action, and nothing else. */
export function perform(world: World, action: Action): void {
  const { nowMs } = world;
  switch (action.type) {
    case 'survey':
      world.survey = {
        generation: Number(metadataOf(world.app)['generation']),
        atMs: nowMs,
        statefulSetUid: world.survey?.statefulSetUid ?? null,
        reads: (world.survey?.reads ?? 0) + 1,
      };
      return;
    case 'look':
      world.strays = world.strays.filter(({ kind, name }) => kind !== action.kind || name !== action.name);
      return;
    case 'readNode':
      world.nodes = {
        ...world.nodes,
        absent: world.nodes.absent.map((one) => (one.name === action.name ? { ...one, gone: true } : one)),
      };
      return;
    case 'createService':
      add(world.services, action.object, nowMs);
      return;
    case 'createRevision':
      add(world.revisions, action.object, nowMs);
      return;
    case 'createClaim':
      add(world.claims, action.object, nowMs);
      return;
    case 'createPod':
      add(world.pods, { ...action.object, status: { phase: 'Pending' } }, nowMs);
      return;
    case 'applyService':
      applyService(world, action);
      return;
    case 'releaseService':
    case 'adoptService':
      change(world.services, action, action.patch);
      return;
    case 'renumberRevision':
    case 'adoptRevision':
      change(world.revisions, action, action.patch);
      return;
    case 'deleteRevision':
      change(world.revisions, action, {});
      world.revisions.delete(action.name);
      return;
    case 'readVolume':
      delete world.disks[action.name];
      return;
    case 'stampClaim':
    case 'keepClaim':
    case 'changeClaim':
    case 'labelClaim':
      change(world.claims, action, action.patch);
      return;
    case 'deleteClaim':
      change(world.claims, action, { metadata: { deletionTimestamp: at(nowMs) } });
      if (!isMounted(world, action.name)) world.claims.delete(action.name);
      return;
    case 'adoptPod':
    case 'releasePod':
      change(world.pods, action, action.patch);
      return;
    case 'deletePod':
      deletePod(world, action);
      return;
    default:
      action satisfies never;
  }
}

/** Its protection keeps it until no pod mounts it (kubernetes.io/pvc-protection). */
function isMounted({ pods }: World, claim: string): boolean {
  return [...pods.values()].some((pod) => readPod(pod).claims.includes(claim));
}

/** One step of everything that is not the operator; returns whether anything moved. */
function live(world: World): boolean {
  let moved = false;
  for (const [name, claim] of world.claims) {
    const { phase } = (claim['status'] ?? {}) as Raw;
    if (metadataOf(claim)['deletionTimestamp'] !== undefined && !isMounted(world, name)) {
      world.claims.delete(name);
      moved = true;
    }
    if (phase === 'Bound' || phase === 'Lost' || metadataOf(claim)['deletionTimestamp'] !== undefined) continue;
    world.claims.set(name, {
      ...claim,
      spec: { ...(claim['spec'] as Raw), volumeName: `pv-${name}` },
      status: { phase: 'Bound' },
    });
    moved = true;
  }
  for (const [name, pod] of world.pods) moved = livePod(world, name, pod) || moved;
  return moved;
}

function livePod(world: World, name: string, pod: Raw): boolean {
  const { deletionTimestamp, finalizers, ownerReferences, uid } = metadataOf(pod);
  const { phase } = pod['status'] as Raw;
  const ready = [{ type: 'Ready', status: 'True', lastTransitionTime: at(world.nowMs) }];
  const former = JSON.stringify(ownerReferences).includes('former-uid');
  if (deletionTimestamp !== undefined || former) {
    if (Array.isArray(finalizers) && finalizers.length > 0) return false;
    world.pods.delete(name);
    world.endings.set(name, {
      pod: name,
      uid: String(uid),
      node: 'node-a',
      how: 'stopped',
      atMs: world.nowMs,
      graceSeconds: 30,
    });
    return true;
  }
  const isReady = JSON.stringify(pod['status']).includes('"True"');
  if (JSON.stringify(pod['status']).includes('ImagePullBackOff')) return false;
  if (phase === 'Failed' || phase === 'Succeeded' || (phase === 'Running' && isReady)) return false;
  world.pods.set(name, {
    ...pod,
    spec: { ...(pod['spec'] as Raw), nodeName: 'node-a' },
    status: { phase: 'Running', conditions: ready },
  });
  return true;
}

const seeOwn = (world: World) => {
  for (const [name] of world.pods) world.endings.delete(name);
  return see(world);
};

export interface History {
  /** The plan that had nothing left to do. */
  readonly last: Plan;
  readonly actions: readonly Action[];
}

/** Plans and carries out until nothing moves any more; throws when that takes more than `most` passes. */
export function carryOut(world: World, most = 200): History {
  const actions: Action[] = [];
  for (let pass = 0; pass < most; pass += 1) {
    const observed = frozen(seeOwn(world));
    const plan = makePlan(observed);
    const breaches = checkPlan(observed, plan);
    if (breaches.length > 0) throw new Error(breaches.join('; '));
    const told = canonicalJson(world.app['status']) !== canonicalJson(plan.status);
    world.app = { ...world.app, status: plan.status };
    const done = plan.statusFirst ? [] : plan.actions;
    for (const action of done) perform(world, action);
    actions.push(...done);
    const moved = live(world);
    if (moved || told || plan.actions.length > 0) world.nowMs += 1000;
    else if (plan.wakeAtMs !== undefined && plan.waits.some(({ untilMs }) => untilMs !== undefined))
      world.nowMs = plan.wakeAtMs;
    else return { last: plan, actions };
  }
  throw new Error(`still moving after ${most} passes`);
}

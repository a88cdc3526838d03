// Server-side apply, and who owns which field. Matches Kubernetes apimachinery pkg/util/managedfields and
// structured-merge-diff (merge/update.go) for Services, the only kind that the operator applies: for these, every write
// is followed; of other kinds only what was applied is known, so that they never have conflicts with plain updates.
// Lacks managedFields in answers, and versions other than the stored one.
import { createObject, decode } from './create.ts';
import { badRequest, conflict, detailsOf, failure, fault } from './failures.ts';
import { type Leaf, leavesOf, withLeaf } from './fields.ts';
import { isObject, objectAt, same } from './json.ts';
import type { Kind } from './kinds.ts';
import type { Answer, Call, Stored } from './types.ts';
import { change } from './update.ts';
import { isDryRun, Refusal, type World, type Write } from './world.ts';

/** Of one object: the paths that each manager owns. A manager that applies is another than one of its name that updates. */
type Owners = ReadonlyMap<string, ReadonlySet<string>>;

const FOLLOWED = ['services'];
const NOBODY: Owners = new Map();

/** Remembers who owns what, by the object's uid. */
export class Ownership {
  readonly #owners = new Map<string, Owners>();

  of(object: Stored): Owners {
    return this.#owners.get(object.metadata.uid) ?? NOBODY;
  }

  set(object: Stored, owners: Owners): void {
    this.#owners.set(object.metadata.uid, owners);
  }

  /** A write that is no apply: what it changes is its own from then on. */
  follow({ kind, call }: Write, now: Stored, before: Stored | undefined): void {
    if (!FOLLOWED.includes(kind.plural) || call.verb === 'apply' || isDryRun(call)) return;
    const was = new Map((before === undefined ? [] : leavesOf(before)).map(({ path, value }) => [path, value]));
    const leaves = leavesOf(now).filter(({ path }) => before !== undefined || !isAllocated(path, call.body));
    const present = new Set(leaves.map(({ path }) => path));
    const taken = new Set(
      leaves.filter(({ path, value }) => !was.has(path) || !same(was.get(path), value)).map(({ path }) => path),
    );
    const owners = new Map<string, ReadonlySet<string>>();
    const mine = `update ${managerOf(call)}`;
    for (const [manager, paths] of before === undefined ? NOBODY : this.of(before)) {
      const kept = [...paths].filter((path) => present.has(path) && (manager === mine || !taken.has(path)));
      if (kept.length > 0) owners.set(manager, new Set(kept));
    }
    if (taken.size > 0) owners.set(mine, new Set([...(owners.get(mine) ?? []), ...taken]));
    this.set(now, owners);
  }
}

const ALLOCATED = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'];

/** What the server chose at creation is nobody's. */
const isAllocated = (path: string, body: unknown) =>
  ALLOCATED.some((key) => path === `.spec.${key}` && objectAt(body, 'spec')[key] === undefined);

const managerOf = ({ query, actor }: Call) => query['fieldManager'] ?? actor;

export function applyObject(world: World, write: Write): Answer {
  const { call, kind } = write;
  const config = decodeConfig(write);
  const before = world.store.find(kind.plural, call.namespace, call.name ?? '');
  if (before === undefined) return createApplied(world, write, config);
  const me = `apply ${managerOf(call)}`;
  const leaves = leavesOf(config);
  const owners = settleOwners({ write, me, leaves, before, owners: world.ownership.of(before) });
  const dropped = leavesOf(before).filter(({ path }) => owners.dropped.has(path));
  const without = dropped.reduce<unknown>((object, { keys }) => withLeaf(object, keys, undefined), before);
  const merged = leaves.reduce<unknown>((object, { keys, value }) => withLeaf(object, keys, value), without) as Stored;
  const { uid = before.metadata.uid, resourceVersion = before.metadata.resourceVersion } = config.metadata;
  const proposed = { ...merged, metadata: { ...merged.metadata, uid, resourceVersion } };
  const stored = change(world, write, {
    before,
    proposed,
    unconditional: true,
    patching: true,
    touched: owners.changed,
  });
  if (!isDryRun(call)) world.ownership.set(stored, owners.next);
  return { status: 200, body: stored };
}

function decodeConfig(write: Write): Stored {
  const { call } = write;
  if (!call.query['fieldManager']) {
    const causes = [fault('fieldManager', 'Required value: is required for apply patch', 'FieldValueRequired')];
    throw new Refusal(
      failure(422, 'Invalid', 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value', {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes,
      }),
    );
  }
  if (!isObject(call.body)) throw new Refusal(badRequest('the applied configuration is no object'));
  const config = decode(write, call.body);
  const uids = config.metadata.ownerReferences?.map(({ uid }) => uid) ?? [];
  if (new Set(uids).size < uids.length)
    throw new Refusal(failure(500, '', 'failed to create typed patch object: duplicate entries for key'));
  return config;
}

function createApplied(world: World, write: Write, config: Stored): Answer {
  const { call, kind } = write;
  const { uid } = config.metadata;
  if (uid)
    throw new Refusal(
      conflict(
        kind,
        call.name ?? '',
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      ),
    );
  const created = createObject(world, { kind, call: { ...call, body: config } });
  const paths = new Set(leavesOf(config).map(({ path }) => path));
  if (!isDryRun(call)) world.ownership.set(created.body as Stored, new Map([[`apply ${managerOf(call)}`, paths]]));
  return created;
}

interface Claim {
  readonly write: Write;
  readonly me: string;
  readonly leaves: readonly Leaf[];
  readonly before: Stored;
  readonly owners: Owners;
}

/** Who owns what afterwards; refuses when another manager owns a field with another value, unless forced. */
function settleOwners({ write, me, leaves, before, owners }: Claim) {
  const live = new Map(leavesOf(before).map(({ path, value }) => [path, value]));
  const fought = leaves
    .filter(({ path, value }) => live.has(path) && !same(live.get(path), value))
    .map(({ path }) => path);
  const next = new Map<string, ReadonlySet<string>>();
  const conflicts = new Map<string, string>();
  for (const [manager, paths] of owners) {
    if (manager === me) continue;
    for (const path of fought) if (paths.has(path)) conflicts.set(path, manager);
    const kept = new Set([...paths].filter((path) => !fought.includes(path)));
    if (kept.size > 0) next.set(manager, kept);
  }
  if (conflicts.size > 0 && write.call.query['force'] !== 'true')
    throw new Refusal(conflictsAnswer(write.kind, conflicts));
  const mine = new Set(leaves.map(({ path }) => path));
  next.set(me, mine);
  const shared = (path: string) => [...next.values()].some((paths) => paths.has(path));
  const dropped = new Set([...(owners.get(me) ?? [])].filter((path) => !shared(path)));
  const changed = !same([...mine].sort(), [...(owners.get(me) ?? [])].sort()) || conflicts.size > 0;
  return { next, dropped, changed };
}

function conflictsAnswer(kind: Kind, conflicts: ReadonlyMap<string, string>): Answer {
  const causes = [...conflicts].map(([field, manager]) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${JSON.stringify(manager)}`,
    field,
  }));
  const { name: _name, kind: _kind, group: _group, ...details } = detailsOf(kind, '');
  return failure(409, 'Conflict', `Apply failed with ${causes.length} conflicts`, { ...details, causes });
}

// What a status says of an update: that it failed, that it still counts as failed, and that it is over. By whatever versions
// may have been decided on; lenient among them.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Member } from '../../../src/api/status.ts';
import { listAt, objectAt } from '../../../src/identity/json.ts';
import type { Call, Stored } from '../server/types.ts';
import { isStatus, isWrite } from './calls.ts';
import { appsKnown, controllerOf, fieldOf, ordinalIn, readySinceMs, wantedOf } from './facts.ts';
import { hashIn, revisionOf } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

interface Told {
  readonly app: string;
  readonly failed: unknown;
  readonly current: unknown;
  readonly update: unknown;
}

export function verdictOnUpdate(knowledge: Knowledge, call: Call): string | undefined {
  const { plural, namespace, name } = call;
  if (plural !== 'statefulapps' || !isStatus(call) || !isWrite(call) || name === undefined) return undefined;
  const told: Told = {
    app: name,
    failed: fieldOf(call.body, 'status', 'failedRevision') ?? undefined,
    current: fieldOf(call.body, 'status', 'currentRevision'),
    update: fieldOf(call.body, 'status', 'updateRevision'),
  };
  const uid = fieldOf(call.body, 'metadata', 'uid');
  const known = appsKnown(knowledge, namespace, name).filter(({ metadata }) => metadata.uid === uid);
  const apps = known.filter(({ status }) => status?.appUID === uid);
  // Whoever was told of a status that is lost begins anew.
  if (apps.length === 0 || apps.length < known.length || told.update === undefined) return undefined;
  return failedWrongly(knowledge, apps, told) ?? overTooEarly(knowledge, apps, told) ?? forgotten(apps, call);
}

/** What a pod was made from does not change, whatever labels somebody takes off it. */
function forgotten(apps: readonly StatefulApp[], { body }: Call): string | undefined {
  const entries = listAt(objectAt(body, 'status'), 'members');
  const forgets = entries.find((entry) => {
    const [ordinal, uid] = [fieldOf(entry, 'ordinal'), fieldOf(entry, 'podUID')];
    const isSame = (member: Member) =>
      member.ordinal === ordinal && member.podUID === uid && member.revision !== undefined;
    if (uid === undefined || (fieldOf(entry, 'revision') ?? undefined) !== undefined) return false;
    return apps.every(({ status }) => status?.members?.some(isSame) === true);
  });
  return forgets === undefined ? undefined : `it forgets the revision of member ${fieldOf(forgets, 'ordinal')}`;
}

function failedWrongly(
  knowledge: Knowledge,
  apps: readonly StatefulApp[],
  { app, failed, current, update }: Told,
): string | undefined {
  const before = apps.map(({ status }) => status?.failedRevision);
  if (failed === undefined) {
    const isForgotten = update !== current && before.every((revision) => revision === update);
    return isForgotten ? `it says no more that the update to ${update} failed` : undefined;
  }
  // What a former version of the app was told stays while its spec is not understood.
  if (before.includes(String(failed)) && apps.some(({ status }) => status?.updateRevision === failed)) return undefined;
  if (failed !== update) return `it says that ${failed} failed, and the update is ${update}`;
  const isAsked = ({ spec: { updateStrategy } }: StatefulApp) =>
    updateStrategy.type === 'RollingUpdate' && updateStrategy.rollingUpdate.onFailure === 'Rollback';
  if (!apps.some(isAsked)) return `it says that ${failed} failed, and nobody asked for a rollback`;
  const fails = (pod: Stored | undefined) =>
    pod !== undefined && revisionOf(pod) === hashIn(app, String(failed)) && readySinceMs(pod) === undefined;
  // One that left its watch is told of as it was last seen, until it was asked for (seed 71).
  const isRecorded = ({ revision, state }: Member) => revision === hashIn(app, String(failed)) && state !== 'Available';
  const isSeen =
    podKeys(knowledge, apps).some((key) => knowledge.was(key, fails)) ||
    apps.some(({ status }) => status?.members?.some(isRecorded));
  return isSeen ? undefined : `it says that ${failed} failed, and no member with it is known not to be Ready`;
}

function podKeys(knowledge: Knowledge, [app]: readonly StatefulApp[]): readonly string[] {
  if (app === undefined) return [];
  const { name, namespace } = app.metadata;
  return [...knowledge.keys('pods', namespace)].filter(
    (key) => ordinalIn(name, key.slice(key.lastIndexOf('/') + 1)) !== undefined,
  );
}

/** From then on nobody can go back to what worked. */
function overTooEarly(
  knowledge: Knowledge,
  apps: readonly StatefulApp[],
  { app, current, update }: Told,
): string | undefined {
  if (current !== update || apps.some(({ status }) => (status?.currentRevision ?? current) === current))
    return undefined;
  const hash = hashIn(app, String(update));
  const late = apps.map((one) => {
    const { name, namespace, uid } = one.metadata;
    // A revision that is stored no more is nobody's current one.
    const key = keyOf('controllerrevisions', namespace, String(one.status?.currentRevision));
    if (knowledge.was(key, (revision) => revision === undefined || controllerOf(revision)?.uid !== uid))
      return undefined;
    const runs = (entry: { readonly revision?: string | undefined } | undefined) => (pod: Stored | undefined) =>
      pod !== undefined && readySinceMs(pod) !== undefined && (revisionOf(pod) ?? entry?.revision) === hash;
    return wantedOf(one).find((ordinal) => {
      const entry = one.status?.members?.find((member) => member.ordinal === ordinal);
      return !knowledge.was(keyOf('pods', namespace, `${name}-${ordinal}`), runs(entry));
    });
  });
  return late.every((ordinal) => ordinal !== undefined)
    ? `it says that the update to ${update} is over, and member ${late[0]} was never known to run well with it`
    : undefined;
}

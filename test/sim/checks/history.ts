// The history of revisions: none that somebody needs is deleted, and only for an app that was seen alive just before.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call } from '../server/types.ts';
import { appsKnown, controllerOf, fieldOf, isDeleting, ordinalIn } from './facts.ts';
import { hashIn, revisionOf } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { basesOf, hasTwin, updatesOf } from './updates.ts';

export function historyKept(knowledge: Knowledge, call: Call): string | undefined {
  const { verb, plural, namespace, name = '' } = call;
  if (verb !== 'delete' || plural !== 'controllerrevisions') return undefined;
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const owner = knowledge
    .versions(keyOf(plural, namespace, name))
    .flatMap((one) => (one !== undefined && one.metadata.uid === uid ? [controllerOf(one)] : []))
    .findLast((one) => one?.kind === 'StatefulApp');
  if (owner === undefined) return 'it is not known to be of an app';
  const read = knowledge.readSince(keyOf('statefulapps', namespace, owner.name));
  if (!read.some((app) => app?.metadata.uid === owner.uid && !isDeleting(app))) return 'its app was not read before';
  const hash = name.slice(owner.name.length + 1);
  const apps = appsKnown(knowledge, namespace, owner.name).filter(({ metadata }) => metadata.uid === owner.uid);
  const wrong = basesOf(knowledge, apps).map((app) => needed(knowledge, app, hash));
  const early = apps.map((app) => tooEarly(knowledge, app, name));
  if (early.length > 0 && early.every((why) => why !== undefined)) return early[0];
  return wrong.length === 0 ? 'its app is not known' : wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

function needed(knowledge: Knowledge, app: StatefulApp, hash: string): string | undefined {
  const { name, namespace, uid } = app.metadata;
  const { currentRevision, updateRevision = '', members = [] } = app.status ?? {};
  const updates = updatesOf(knowledge, app);
  // Of several that stand for the template one is kept: the one that the status names, when it does (seeds 45907, 15 of volumes).
  const isOther = updateRevision !== `${name}-${hash}` && updates.some((other) => other !== hash);
  if (updates.includes(hash) && !isOther && !hasTwin(knowledge, app, hash)) return 'it is the update revision';
  if (currentRevision === `${name}-${hash}`) return 'it is the current revision';
  const member = members.find(({ revision, updateTo }) => revision === hash || updateTo === hash);
  if (member !== undefined) return `the ledger names it for member ${member.ordinal}`;
  for (const key of knowledge.keys('pods', namespace)) {
    if (ordinalIn(name, key.slice(key.lastIndexOf('/') + 1)) === undefined) continue;
    const runs = !knowledge.was(
      key,
      (pod) => pod === undefined || controllerOf(pod)?.uid !== uid || revisionOf(pod) !== hash,
    );
    if (runs) return `${key} runs it`;
  }
  return undefined;
}

/** As many newer ones as the limit says are kept. */
function tooEarly(knowledge: Knowledge, { metadata, spec }: StatefulApp, name: string): string | undefined {
  const { namespace } = metadata;
  const numbers = (key: string) =>
    knowledge.versions(key).flatMap((one) => (one === undefined ? [] : [Number(fieldOf(one, 'revision'))]));
  const least = Math.min(...numbers(keyOf('controllerrevisions', namespace, name)));
  let newer = 0;
  for (const key of knowledge.keys('controllerrevisions', namespace)) {
    if (hashIn(metadata.name, key.slice(key.lastIndexOf('/') + 1)) !== undefined && Math.max(...numbers(key)) > least)
      newer += 1;
  }
  const limit = spec.revisionHistoryLimit;
  return newer < limit ? `only ${newer} newer ones are known, and ${limit} are to be kept` : undefined;
}

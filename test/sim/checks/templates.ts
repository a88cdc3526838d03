// A new revision is stored only for a template that was tried, was not refused, and is no other way to write one that the
// members come from or to. Judged when it is sent.

import { objectAt, stringAt } from '../../../src/identity/json.ts';
import type { Call, Stored } from '../server/types.ts';
import { appsKnown, controllerOf, fieldOf } from './facts.ts';
import { hashIn, holdsAlias } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

export function templateTried(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'create' || call.plural !== 'controllerrevisions') return undefined;
  const name = String(fieldOf(call.body, 'metadata', 'name'));
  const trials = knowledge.trials.templatesSince(knowledge.sinceMs);
  const trial = trials.findLast((one) => one.name === name);
  if (trial === undefined) return 'its template was not tried';
  const { status, body } = trial.answer ?? { status: 0, body: undefined };
  const words = String(fieldOf(body, 'message'));
  if (status === 422 || (status === 400 && words.includes('strict decoding')))
    return `its template was refused: ${words}`;
  // Which templates mean the same is not known then.
  if (trials.some(({ answer }) => answer?.status !== 201)) return undefined;
  const twin = twinOf(knowledge, call);
  return twin === undefined ? undefined : `it only writes ${twin} in another way`;
}

/** One that is the newest, or that members run, in all that may have been decided on. */
function twinOf(knowledge: Knowledge, { namespace = '', body }: Call): string | undefined {
  const owner = controllerOf(body as Stored);
  if (owner === undefined) return undefined;
  const data = objectAt(objectAt(body, 'data'), 'spec');
  const templates = { template: data['template'], volumeClaimTemplates: data['volumeClaimTemplates'] };
  const apps = appsKnown(knowledge, namespace, owner.name).filter(({ metadata }) => metadata.uid === owner.uid);
  const currents = apps.map(({ status }) => status?.currentRevision);
  const others = [...knowledge.keys('controllerrevisions', namespace)].filter(
    (key) => hashIn(owner.name, key.slice(key.lastIndexOf('/') + 1)) !== undefined,
  );
  const isThere = (one: Stored | undefined) =>
    one !== undefined &&
    controllerOf(one)?.uid === owner.uid &&
    stringAt(one.metadata.labels, 'controller-revision-hash') !== undefined;
  return others
    .map((key) => key.slice(key.lastIndexOf('/') + 1))
    .find((name) => {
      const key = keyOf('controllerrevisions', namespace, name);
      if (knowledge.was(key, (one) => one === undefined || !isThere(one) || !holdsAlias(one, templates))) return false;
      return currents.length > 0 && currents.every((current) => current === name);
    });
}

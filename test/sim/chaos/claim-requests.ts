// What people ask of claims by annotations on the app, with UIDs that are right, old, made up, or several; requests that are
// left behind, taken off, or given while no operator runs. And statuses that are lost or restored while claims are missing.

import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import { listAt, stringAt } from '../../../src/identity/json.ts';
import { NAMESPACE } from '../apps.ts';
import type { Random } from '../random.ts';
import type { Stored } from '../server/types.ts';
import { next } from './moments.ts';
import { type Act, anApp, type Intervention, later, one, type Stage, sabotage, specOf } from './stage.ts';
import { removePodOf, swap } from './volumes.ts';

const CLAIMS = 'persistentvolumeclaims';

/** Null takes it off. */
export function annotate(stage: Stage, app: Stored, key: string, value: string | null): void {
  const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
  if (now?.metadata.uid !== app.metadata.uid) return;
  const { [key]: _before, ...others } = now.metadata.annotations ?? {};
  const annotations = value === null ? others : { ...others, [key]: value };
  stage.user.edit('statefulapps', now, (it) => ({ ...it, metadata: { ...it.metadata, annotations } }));
}

interface Named {
  readonly claim: string;
  readonly uid: string;
}

/** As the ledger names them. */
function recorded(app: Stored): readonly Named[] {
  return listAt(app['status'], 'members').flatMap((member) =>
    listAt(member, 'claims').flatMap((claim) => {
      const [name, uid] = [stringAt(claim, 'name'), stringAt(claim, 'uid')];
      return name === undefined || uid === undefined ? [] : [{ claim: name, uid }];
    }),
  );
}

/** As they are. */
function present({ server }: Stage, app: Stored): readonly Named[] {
  return server
    .all(CLAIMS, NAMESPACE)
    .filter(({ metadata: { name } }) => new RegExp(`-${app.metadata.name}-\\d+$`).test(name))
    .map(({ metadata: { name, uid } }) => ({ claim: name, uid }));
}

/** Right ones for the most part. */
function drawRequest(stage: Stage, app: Stored, random: Random): string | undefined {
  const known = random.chance(0.5) ? recorded(app) : present(stage, app);
  const first = one(known, random);
  if (first === undefined) return undefined;
  const key = ({ claim, uid }: Named) => `${claim}=${uid}`;
  const second = random.pick(known);
  return random.pick([
    key(first),
    key(first),
    key(first),
    `${key(first)}, ${key(second)}`,
    known.map(key).join(','),
    key({ claim: first.claim, uid: second.uid }),
    key({ claim: first.claim, uid: `uid-${random.between(1, 60)}` }),
    `${first.claim}, ${key(second)}`,
  ]);
}

function request(key: string): Act {
  return (stage, random) => {
    const app = anApp(stage, random);
    const value = app && drawRequest(stage, app, random);
    if (app === undefined || value === undefined) return undefined;
    annotate(stage, app, key, value);
    const ms = random.delay(100, 60_000);
    const isTakenOff = random.chance(0.4);
    if (isTakenOff) later(stage, ms, 'user: takes the request off', () => annotate(stage, app, key, null));
    return `${app.metadata.name}: ${value}${isTakenOff ? ` for ${ms} ms` : ''}`;
  };
}

/** It is given while nobody looks, and found by who comes next. */
const whileDown: Act = (stage, random) => {
  const app = anApp(stage, random);
  const key = random.pick([ANNOTATION.rebuild, ANNOTATION.acceptVolumeLoss]);
  const value = app && drawRequest(stage, app, random);
  if (app === undefined || value === undefined) return undefined;
  for (const host of stage.crew.hosts) stage.crew.kill(host);
  annotate(stage, app, key, value);
  later(stage, random.delay(100, 20_000), 'an operator starts', () => void stage.crew.start());
  return `${app.metadata.name}: ${value}`;
};

/** A rebuild, and while it goes on another member's pod is deleted, or the operator dies. */
const rebuildAndLose: Act = (stage, random) => {
  const app = anApp(stage, random);
  const first = app && one(present(stage, app), random);
  if (app === undefined || first === undefined) return undefined;
  const digits = /\d+$/.exec(first.claim)?.[0] ?? '';
  annotate(stage, app, ANNOTATION.rebuild, `${first.claim}=${first.uid}`);
  const dies = random.chance(0.4);
  later(stage, random.delay(5, 3_000), 'in the midst of a rebuild', () => {
    if (dies) {
      for (const host of stage.crew.hosts) stage.crew.kill(host);
      later(stage, 500, 'an operator starts', () => void stage.crew.start());
      return;
    }
    const others = stage.server
      .all('pods', NAMESPACE)
      .filter(({ metadata: { name } }) => name !== `${app.metadata.name}-${digits}`);
    const pod = one(others, random);
    if (pod !== undefined) stage.user.remove('pods', pod, { graceSeconds: 0 });
  });
  return `${first.claim}=${first.uid}${dies ? ', and the operator dies' : ''}`;
};

/** A rebuild that is taken off again at the moment when an operator has announced it, and is about to carry it out. */
const rebuildAndTakeBack: Act = (stage, random) => {
  const app = anApp(stage, random);
  const first = app && one(present(stage, app), random);
  if (app === undefined || first === undefined) return undefined;
  const ms = random.between(0, 40);
  annotate(stage, app, ANNOTATION.rebuild, `${first.claim}=${first.uid}`);
  next(
    stage,
    ({ actor, object }) => stage.crew.isOperator(actor) && object.metadata.uid === app.metadata.uid,
    () => later(stage, ms, 'user: takes the rebuild off', () => annotate(stage, app, ANNOTATION.rebuild, null)),
  );
  return `${first.claim}=${first.uid}, until ${ms} ms after the next status`;
};

/** A recorded claim is lost with its pod, and the loss is accepted in the words of the status; claims may be people's to make. */
const loseAndAccept: Act = (stage, random) => {
  const app = anApp(stage, random);
  const lost = app && one(recorded(app), random);
  const claim = lost && stage.server.find(CLAIMS, NAMESPACE, lost.claim);
  if (app === undefined || lost === undefined || claim?.metadata.uid !== lost.uid) return undefined;
  const volumeLossPolicy = random.pick(['Require', 'Block']);
  stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), volumeLossPolicy } }));
  stage.user.remove(CLAIMS, claim);
  removePodOf(stage, claim);
  const ms = random.delay(100, 20_000);
  const request = `${lost.claim}=${lost.uid}`;
  later(stage, ms, 'user: accepts it', () => annotate(stage, app, ANNOTATION.acceptVolumeLoss, request));
  return `${request} under ${volumeLossPolicy}, accepted after ${ms} ms`;
};

/** What a backup holds is put back later, or nothing at all; a claim is deleted meanwhile. */
const restoreStatus: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const status = random.chance(0.5) ? app['status'] : {};
  const ms = random.delay(500, 60_000);
  const claim = random.chance(0.6) ? one(present(stage, app), random) : undefined;
  const found = claim && stage.server.find(CLAIMS, NAMESPACE, claim.claim);
  if (found !== undefined) stage.user.remove(CLAIMS, found);
  // Without its pod it is gone before the status is.
  if (found !== undefined) removePodOf(stage, found);
  later(stage, ms, 'user: restores the status', () => {
    const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
    if (now?.metadata.uid === app.metadata.uid) stage.user.editStatus('statefulapps', now, (it) => ({ ...it, status }));
  });
  return `${app.metadata.name} after ${ms} ms${found === undefined ? '' : `, without ${claim?.claim}`}`;
};

/** Another disk behind a claim is accepted, and the request is left behind; then there is another one once more. */
const swapTwice: Act = (stage, random) => {
  const claims = stage.server.all(CLAIMS, NAMESPACE);
  const claim = one(
    claims.filter((each) => stringAt(each['spec'], 'storageClassName') !== undefined),
    random,
  );
  const volume = claim && stringAt(claim['spec'], 'volumeName');
  const label = claim?.metadata.labels?.[LABEL.app] ?? '';
  const app = stage.server.find('statefulapps', NAMESPACE, label);
  if (claim === undefined || volume === undefined || app === undefined) return undefined;
  const { name, uid } = claim.metadata;
  const lose = (handle: string) => {
    swap(stage, volume, { handle, ms: 0 });
    removePodOf(stage, claim);
  };
  lose('second');
  const ms = random.delay(1_000, 10_000);
  later(stage, ms, 'user: accepts it', () => annotate(stage, app, ANNOTATION.acceptVolumeLoss, `${name}=${uid}`));
  later(stage, ms + random.delay(5_000, 60_000), 'user: swaps it again', () => lose('third'));
  return `${name}=${uid}`;
};

export const CLAIM_REQUESTS: readonly Intervention[] = [
  { name: 'accept volume loss', kind: 'user', weight: 4, act: request(ANNOTATION.acceptVolumeLoss) },
  { name: 'rebuild', kind: 'user', weight: 6, act: request(ANNOTATION.rebuild) },
  { name: 'rebuild and lose', kind: 'user', weight: 3, act: rebuildAndLose },
  { name: 'rebuild and take back', kind: 'user', weight: 3, act: rebuildAndTakeBack },
  { name: 'lose and accept', kind: 'user', weight: 3, act: loseAndAccept },
  { name: 'swap twice', kind: 'user', weight: 3, act: swapTwice },
  { name: 'request while down', kind: 'user', weight: 1, act: whileDown },
  sabotage('restore status', 3, restoreStatus),
];

// What people do to whom claims belong, and to which members there are while claims end with them: policies that flip in the
// midst of scaling, an app that is scaled to nothing and back within seconds, claims that are there before their member,
// apps that are deleted with their claims and applied again. And hands that add or take off owners.

import { API_VERSION, KIND, LABEL } from '../../../src/api/names.ts';
import { listAt } from '../../../src/identity/json.ts';
import { drawRetention, NAMESPACE } from '../apps.ts';
import { fieldOf } from '../checks/facts.ts';
import type { Random } from '../random.ts';
import type { Owner, Raw, Stored } from '../server/types.ts';
import { next } from './moments.ts';
import { OTHER_OWNER } from './saboteur.ts';
import {
  type Act,
  aClaim,
  anApp,
  forAWhile,
  type Intervention,
  later,
  one,
  type Stage,
  sabotage,
  specOf,
  stopSlowly,
  withMeta,
} from './stage.ts';

const POLICY = 'persistentVolumeClaimRetentionPolicy';

/** Unless another app has taken its place. */
function set(stage: Stage, app: Stored, fields: Raw): void {
  const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
  if (now?.metadata.uid === app.metadata.uid)
    stage.user.edit('statefulapps', now, (it) => ({ ...it, spec: { ...specOf(it), ...fields } }));
}

const retention: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const policy = drawRetention(random);
  set(stage, app, { [POLICY]: policy });
  return `${app.metadata.name}: ${JSON.stringify(policy)}`;
};

const replicasOf = (app: Stored) => Number(specOf(app)['replicas'] ?? 1);

/** Some members are to go, and before they are gone the policy is another one. */
const flipMidScale: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const [before, after] = [drawRetention(random), drawRetention(random)];
  const replicas = random.between(0, Math.max(0, replicasOf(app) - 1));
  set(stage, app, { [POLICY]: before, replicas });
  const ms = random.delay(0, 12_000);
  later(stage, ms, 'user: changes the retention policy', () => set(stage, app, { [POLICY]: after }));
  return `${app.metadata.name}: ${replicas} under ${JSON.stringify(before)}, and ${JSON.stringify(after)} after ${ms} ms`;
};

/** To nothing, or to fewer, and back, while the claims end with their members, which may take their time. */
const backAgain: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const replicas = Math.max(1, replicasOf(app));
  const to = random.pick([0, 0, replicas - 1]);
  if (random.chance(0.5)) for (const node of stage.nodes) stopSlowly(stage, node);
  set(stage, app, { [POLICY]: { whenDeleted: random.pick(['Retain', 'Delete']), whenScaled: 'Delete' }, replicas: to });
  const ms = random.delay(0, 20_000);
  later(stage, ms, 'user: scales back', () => set(stage, app, { replicas }));
  return `${app.metadata.name}: to ${to}, and to ${replicas} after ${ms} ms`;
};

/** A member that has no pod is not wanted, and is wanted again as soon as the status says that its claims go. */
const atTheLastMoment: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const { name, uid } = app.metadata;
  const replicas = Math.max(1, replicasOf(app));
  const isGone = (member: unknown) =>
    fieldOf(member, 'reason') === 'ClaimsDeleted' &&
    stage.server.find('pods', NAMESPACE, String(fieldOf(member, 'pod'))) === undefined;
  next(
    stage,
    ({ plural, actor, object }) =>
      plural === 'statefulapps' &&
      object.metadata.uid === uid &&
      stage.crew.isOperator(actor) &&
      listAt(object['status'], 'members').some(isGone),
    () => later(stage, random.between(0, 30), 'user: scales back', () => set(stage, app, { replicas })),
  );
  const pods = stage.server.all('pods', NAMESPACE).filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === uid);
  set(stage, app, { [POLICY]: { whenScaled: 'Delete' }, replicas: 0 });
  for (const pod of pods) stage.user.remove('pods', pod, { graceSeconds: 0 });
  return `${name}: to 0, and to ${replicas} when its claims go`;
};

/** A member is removed by its name, and now and then it comes back, or the first ordinal is another one. */
const excludeOne: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const ordinals = { start: random.pick([0, 0, 1]), excluded: [random.between(0, 3)] };
  set(stage, app, { [POLICY]: { whenScaled: 'Delete' }, ordinals });
  const returns = random.chance(0.5);
  const ms = random.delay(0, 30_000);
  if (returns)
    later(stage, ms, 'user: wants it again', () => set(stage, app, { ordinals: { start: 0, excluded: [] } }));
  return `${app.metadata.name}: ${JSON.stringify(ordinals)}${returns ? ` for ${ms} ms` : ''}`;
};

/** A claim is there before its member: restored by hand, maybe with what a backup knows of its owners. */
const claimAhead: Act = (stage, random) => {
  const app = anApp(stage, random);
  const idea = stage.ideas.find(({ name }) => name === app?.metadata.name);
  const volume = one(idea?.volumes ?? [], random);
  if (app === undefined || volume === undefined) return undefined;
  const ordinal = random.between(0, 5);
  const name = `${volume}-${app.metadata.name}-${ordinal}`;
  if (stage.server.find('persistentvolumeclaims', NAMESPACE, name) !== undefined) return undefined;
  stage.user.create('persistentvolumeclaims', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE, ...random.pick<Raw>([{}, { labels: { [LABEL.app]: app.metadata.name } }]) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  return name;
};

/** With its claims, and again before these are gone. */
const replaceApp: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  set(stage, app, { [POLICY]: { whenDeleted: 'Delete' } });
  const policy = random.pick(['Background', 'Foreground', 'Orphan'] as const);
  const ms = random.delay(200, 8_000);
  const { apiVersion, kind, spec } = app as Stored & { readonly spec?: unknown };
  const { name, namespace } = app.metadata;
  later(stage, ms, 'user: deletes the app', () => stage.user.remove('statefulapps', app, { policy }));
  for (let turn = 1; turn <= 20; turn += 1)
    later(stage, ms + turn * 100, 'user: applies it again', () => {
      if (stage.server.find('statefulapps', NAMESPACE, name) === undefined)
        stage.user.create('statefulapps', { apiVersion, kind, metadata: { name, namespace }, spec });
    });
  return `${name} with ${policy} after ${ms} ms`;
};

const BYSTANDER = { apiVersion: 'v1', kind: 'Service' };

/** The app and the pod that a claim is named after, by the app's ideas. */
function memberOf({ ideas }: Stage, claim: Stored): { readonly app: string; readonly pod: string } | undefined {
  const name = ideas.map((idea) => idea.name).find((each) => new RegExp(`-${each}-\\d+$`).test(claim.metadata.name));
  const digits = /\d+$/.exec(claim.metadata.name)?.[0] ?? '';
  return name === undefined ? undefined : { app: name, pod: `${name}-${digits}` };
}

/** Owners of every kind, the most harmful among them. */
function drawOwner(stage: Stage, claim: Stored, random: Random): Owner | undefined {
  const member = memberOf(stage, claim);
  const service = one(stage.server.all('services', NAMESPACE), random);
  const pod = member === undefined ? undefined : stage.server.find('pods', NAMESPACE, member.pod);
  const choices = [
    OTHER_OWNER,
    service && { ...BYSTANDER, name: service.metadata.name, uid: service.metadata.uid },
    service && { ...BYSTANDER, name: service.metadata.name, uid: service.metadata.uid },
    member && {
      apiVersion: 'v1',
      kind: 'Pod',
      name: member.pod,
      uid: `former-${random.between(1, 9)}`,
      controller: true,
    },
    member && { apiVersion: API_VERSION, kind: KIND, name: member.app, uid: 'former-app', controller: true },
    pod && { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid, controller: true },
  ];
  return one(random.chance(0.15) ? [] : choices.filter((choice) => choice !== undefined), random);
}

/** What is there already is taken off, kept, or replaced. */
const meddleWithOwners: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  if (claim === undefined) return undefined;
  const owner = drawOwner(stage, claim, random);
  const before = random.chance(0.4) ? [] : (claim.metadata.ownerReferences ?? []);
  const others = owner?.controller === true ? before.filter(({ controller }) => controller !== true) : before;
  const ownerReferences = owner === undefined ? [] : [...others, owner];
  const done = withMeta(stage, 'persistentvolumeclaims', claim, () => ({ ownerReferences }));
  if (owner === OTHER_OWNER && random.chance(0.5))
    forAWhile(stage, { ms: random.delay(2_000, 120_000), undo: () => takeOff(stage, claim, owner.uid) });
  return `${done}: ${owner === undefined ? 'none' : `${owner.kind} ${owner.uid}`}`;
};

function takeOff(stage: Stage, { metadata: { name, uid } }: Stored, owner: string): void {
  const now = stage.server.find('persistentvolumeclaims', NAMESPACE, name);
  if (now?.metadata.uid !== uid) return;
  const left = (now.metadata.ownerReferences ?? []).filter((each) => each.uid !== owner);
  withMeta(stage, 'persistentvolumeclaims', now, () => ({ ownerReferences: left }));
}

export const RETENTION: readonly Intervention[] = [
  { name: 'retention', kind: 'user', weight: 4, act: retention },
  { name: 'flip mid-scale', kind: 'user', weight: 4, act: flipMidScale },
  { name: 'back again', kind: 'user', weight: 4, act: backAgain },
  { name: 'at the last moment', kind: 'user', weight: 2, act: atTheLastMoment },
  { name: 'exclude with claims', kind: 'user', weight: 2, act: excludeOne },
  { name: 'claim ahead', kind: 'user', weight: 2, act: claimAhead },
  { name: 'replace app', kind: 'user', weight: 2, act: replaceApp },
  sabotage('claim owner', 4, meddleWithOwners),
];

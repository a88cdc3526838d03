// What people do to their apps: the workflows of a run.

import { ANNOTATION } from '../../../src/api/names.ts';
import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { drawApp, NAMESPACE } from '../apps.ts';
import type { Random } from '../random.ts';
import type { Stored } from '../server/types.ts';
import { foreignClaim } from './saboteur.ts';
import { anApp, aPod, type Intervention, later, one, type Stage, specOf } from './stage.ts';

type Edit = (spec: Readonly<Record<string, unknown>>, random: Random) => Readonly<Record<string, unknown>>;

/** kubectl apply of one changed field. */
function edits(name: string, weight: number, change: Edit): Intervention {
  return {
    name,
    kind: 'user',
    weight,
    act: (stage, random) => {
      const app = anApp(stage, random);
      if (app === undefined) return undefined;
      const changed = change(specOf(app), random);
      stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), ...changed } }));
      return `${app.metadata.name}: ${JSON.stringify(changed)}`;
    },
  };
}

const replicasOf = (spec: Readonly<Record<string, unknown>>) => Number(spec['replicas'] ?? 1);

function create(stage: Stage, random: Random): string | undefined {
  const missing = stage.ideas.filter(({ name }) => stage.server.find('statefulapps', NAMESPACE, name) === undefined);
  const idea = one(missing, random);
  if (idea === undefined) return undefined;
  stage.user.create('statefulapps', drawApp(idea, random));
  return idea.name;
}

function removeApp(stage: Stage, random: Random): string | undefined {
  const app = anApp(stage, random);
  if (app === undefined || app.metadata.deletionTimestamp !== undefined) return undefined;
  const policy = random.pick(['Background', 'Background', 'Foreground', 'Orphan'] as const);
  stage.user.remove('statefulapps', app, { policy });
  // Mostly it comes back under the same name, often before anything of the old one is gone.
  const again = random.chance(0.8);
  const seed = random.next();
  if (again) {
    later(stage, random.delay(0, 40_000), 'user: applies it again', () => {
      const idea = stage.ideas.find(({ name }) => name === app.metadata.name);
      if (idea !== undefined && stage.server.find('statefulapps', NAMESPACE, idea.name) === undefined)
        stage.user.create('statefulapps', seed < 0.5 ? bare(app) : drawApp(idea, random));
    });
  }
  return `${app.metadata.name} with ${policy}${again ? ', and applies it again' : ''}`;
}

/** As it is in the user's files. */
export function bare({ apiVersion, kind, metadata, spec }: Stored & { readonly spec?: unknown }) {
  return { apiVersion, kind, metadata: { name: metadata.name, namespace: metadata.namespace }, spec };
}

/** 3 -> 1 -> 3 faster than anybody looks. */
function bounce(stage: Stage, random: Random): string | undefined {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const replicas = replicasOf(specOf(app));
  const scale = (to: number) =>
    stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), replicas: to } }));
  const between = random.between(0, 5);
  scale(between);
  later(stage, random.delay(0, 3_000), 'user: scales back', () => scale(replicas));
  return `${app.metadata.name}: ${replicas} -> ${between} -> ${replicas}`;
}

function removePod(force: boolean) {
  return (stage: Stage, random: Random): string | undefined => {
    const pod = aPod(stage, random);
    if (pod === undefined) return undefined;
    stage.user.remove('pods', pod, force ? { graceSeconds: 0 } : {});
    return pod.metadata.name;
  };
}

function acceptLoss(stage: Stage, random: Random): string | undefined {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const volumeLossPolicy = random.pick(['Block', 'Recreate', 'Require']);
  stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), volumeLossPolicy } }));
  return `${app.metadata.name}: volumeLossPolicy ${volumeLossPolicy}`;
}

function ignoreSet(stage: Stage, random: Random): string | undefined {
  const app = anApp(stage, random);
  const set = app === undefined ? undefined : stage.server.find('statefulsets', NAMESPACE, app.metadata.name);
  if (app === undefined || set === undefined) return undefined;
  const annotations = { ...app.metadata.annotations, [ANNOTATION.ignoreStatefulSet]: set.metadata.uid };
  stage.user.edit('statefulapps', app, (now) => ({ ...now, metadata: { ...now.metadata, annotations } }));
  return app.metadata.name;
}

/** A claim template more, or less; now and then somebody else's claim is there before. */
function anotherVolume(stage: Stage, random: Random): string | undefined {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const { name } = app.metadata;
  const claim = `log-${name}-${random.between(0, 3)}`;
  const isTaken = random.chance(0.4) && stage.server.find('persistentvolumeclaims', NAMESPACE, claim) === undefined;
  if (isTaken) stage.user.create('persistentvolumeclaims', foreignClaim(claim, random));
  const log = {
    metadata: { name: 'log' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  stage.user.edit('statefulapps', app, (now) => {
    const before = listAt(specOf(now), 'volumeClaimTemplates');
    const others = before.filter((template) => stringAt(objectAt(template, 'metadata'), 'name') !== 'log');
    const volumeClaimTemplates = others.length < before.length ? others : [...others, log];
    return { ...now, spec: { ...specOf(now), volumeClaimTemplates } };
  });
  return `${name}${isTaken ? `, and ${claim} is somebody else's` : ''}`;
}

export const USERS: readonly Intervention[] = [
  { name: 'create', kind: 'user', weight: 10, act: create },
  edits('scale', 10, (_, random) => ({ replicas: random.between(0, 5) })),
  { name: 'bounce', kind: 'user', weight: 4, act: bounce },
  edits('exclude', 3, (_, random) => ({
    ordinals: { start: random.pick([0, 0, 1, 2]), excluded: random.chance(0.6) ? [random.between(0, 4)] : [] },
  })),
  edits('pause', 2, (spec) => ({ paused: spec['paused'] !== true })),
  edits('strategy', 2, (_, random) => ({ updateStrategy: random.pick([{}, { type: 'OnDelete' }]) })),
  edits('history', 1, (_, random) => ({ revisionHistoryLimit: random.between(0, 2) })),
  edits('minReady', 1, (_, random) => ({ minReadySeconds: random.pick([0, 3, 20]) })),
  edits('management', 1, (_, random) => ({ podManagementPolicy: random.pick(['OrderedReady', 'Parallel']) })),
  { name: 'delete app', kind: 'user', weight: 3, act: removeApp },
  { name: 'delete pod', kind: 'user', weight: 6, act: removePod(false) },
  { name: 'force delete pod', kind: 'user', weight: 3, act: removePod(true) },
  { name: 'another volume', kind: 'user', weight: 2, act: anotherVolume },
  { name: 'accept loss', kind: 'user', weight: 1, act: acceptLoss },
  { name: 'ignore StatefulSet', kind: 'user', weight: 1, act: ignoreSet },
];

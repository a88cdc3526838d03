// What people and storage do to claims and the disks behind them: grow, take back, relabel; volumes made again under their
// name, on another disk or on the same; claims made again, bound to the volume that there was or to another one; volumes
// that may not be read for a while, and webhooks that set a label back. Which members give their data up: claim-requests.ts.

import { LABEL } from '../../../src/api/names.ts';
import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { NAMESPACE } from '../apps.ts';
import { fieldOf, isDeleting } from '../checks/facts.ts';
import { ALTERED } from '../checks/followed.ts';
import type { Random } from '../random.ts';
import type { Call, Raw, Stored } from '../server/types.ts';
import { failure } from '../server/wire.ts';
import { type Act, aClaim, anApp, forAWhile, type Intervention, later, type Stage, sabotage, specOf } from './stage.ts';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';

/** Every claim template becomes another one, of the same name. */
export function retemplate(stage: Stage, app: Stored, change: (template: Raw) => Raw): void {
  const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
  if (now?.metadata.uid !== app.metadata.uid) return;
  stage.user.edit('statefulapps', now, (it) => ({
    ...it,
    spec: {
      ...specOf(it),
      volumeClaimTemplates: listAt(specOf(it), 'volumeClaimTemplates').map((one) => change(one as Raw)),
    },
  }));
}

const withSize = (storage: string) => (template: Raw) => ({
  ...template,
  spec: { ...objectAt(template, 'spec'), resources: { requests: { storage } } },
});

/** Too much, now and then, and mostly it is taken back when it does not come. */
const grow: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const size = random.pick(['1Gi', '2Gi', '2Gi', '3Gi', '1024Mi', '200Gi']);
  const back = random.pick(['1Gi', '1500Mi', '4Gi']);
  const ms = random.delay(200, 120_000);
  const takesBack = random.chance(0.5);
  retemplate(stage, app, withSize(size));
  if (takesBack) later(stage, ms, 'user: takes it back', () => retemplate(stage, app, withSize(back)));
  return `${app.metadata.name}: ${size}${takesBack ? `, and ${back} after ${ms} ms` : ''}`;
};

const METADATA: readonly Raw[] = [
  {},
  { labels: { tier: 'gold' } },
  { labels: { tier: 'iron', team: 'a' } },
  { annotations: { 'example.com/backup': 'daily' } },
  { labels: { tier: 'gold' }, annotations: { 'example.com/backup': 'none', 'example.com/who': 'me' } },
];

const relabel: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const metadata = random.pick(METADATA);
  retemplate(stage, app, (template) => ({
    ...template,
    metadata: { name: objectAt(template, 'metadata')['name'], ...metadata },
  }));
  return `${app.metadata.name}: ${JSON.stringify(metadata)}`;
};

const attributes: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const volumeAttributesClassName = random.pick(['fast', 'slow']);
  retemplate(stage, app, (template) => ({
    ...template,
    spec: { ...objectAt(template, 'spec'), volumeAttributesClassName },
  }));
  return `${app.metadata.name}: ${volumeAttributesClassName}`;
};

/** Others have their own words on claims: these are to stay. */
const noteOnClaim: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  if (claim === undefined) return undefined;
  const word = random.pick(['x', 'y']);
  const key = random.pick(['velero.io/restore', 'tier', 'team']);
  stage.user.edit(CLAIMS, claim, (now) => ({
    ...now,
    metadata: { ...now.metadata, labels: { ...now.metadata.labels, [key]: word } },
  }));
  return `${claim.metadata.name}: ${key}=${word}`;
};

/** The volume goes, whatever protects it, and comes back under its name. */
export function swap(
  stage: Stage,
  name: string,
  choice: { readonly handle: string | undefined; readonly ms: number },
): void {
  const volume = stage.server.find(VOLUMES, undefined, name);
  if (volume === undefined) return;
  stage.user.remove(VOLUMES, volume);
  const now = stage.server.find(VOLUMES, undefined, name);
  if (now !== undefined)
    stage.user.edit(VOLUMES, now, (it) => ({ ...it, metadata: { ...it.metadata, finalizers: [] } }));
  const spec = { ...specOf(volume) };
  const csi = objectAt(spec, 'csi');
  if (choice.handle !== undefined && spec['csi'] !== undefined) spec['csi'] = { ...csi, volumeHandle: choice.handle };
  const create = () =>
    void stage.user.create(VOLUMES, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec });
  if (choice.ms === 0) create();
  else later(stage, choice.ms, 'user: makes the volume again', create);
}

const volumeOf = (claim: Stored) => stringAt(specOf(claim), 'volumeName');

const swapVolume: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  const name = claim && volumeOf(claim);
  if (claim === undefined || name === undefined) return undefined;
  const handle = random.chance(0.6) ? `other-${random.between(1, 3)}` : undefined;
  const ms = random.chance(0.5) ? 0 : random.delay(50, 20_000);
  swap(stage, name, { handle, ms });
  const returns = handle !== undefined && random.chance(0.3);
  const backMs = ms + random.delay(5_000, 120_000);
  const before = stringAt(
    objectAt(specOf(stage.server.find(VOLUMES, undefined, name) ?? claim), 'csi'),
    'volumeHandle',
  );
  if (returns) later(stage, backMs, 'user: brings the disk back', () => swap(stage, name, { handle: before, ms: 0 }));
  if (random.chance(0.4)) removePodOf(stage, claim);
  return `${name}: ${handle ?? 'the same disk'} after ${ms} ms`;
};

export function removePodOf(stage: Stage, claim: Stored): void {
  for (const pod of stage.server.all('pods', NAMESPACE))
    if (claim.metadata.name.endsWith(`-${pod.metadata.name}`)) stage.user.remove('pods', pod, { graceSeconds: 0 });
}

const TRIES = 60;

/** A claim is deleted and made again, bound to the volume that it had, or to another claim's that is left. */
const bindAgain: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  const name = claim && volumeOf(claim);
  const volume = name === undefined ? undefined : stage.server.find(VOLUMES, undefined, name);
  if (claim === undefined || volume === undefined || isDeleting(claim)) return undefined;
  const isOther = random.chance(0.3);
  const target = isOther ? `restored-${random.between(1, 9)}` : volume.metadata.name;
  keep(stage, volume);
  if (isOther) restoredVolume(stage, volume, target);
  stage.user.remove(CLAIMS, claim);
  removePodOf(stage, claim);
  const labels = random.pick<Raw>([{}, { ...claim.metadata.labels }]);
  for (let turn = 1; turn <= TRIES; turn += 1)
    later(stage, turn * 100, 'user: makes the claim again', () => remake(stage, claim, { target, labels }));
  return `${claim.metadata.name} on ${target}`;
};

function keep(stage: Stage, volume: Stored): void {
  stage.user.edit(VOLUMES, volume, (now) => ({
    ...now,
    spec: { ...specOf(now), persistentVolumeReclaimPolicy: 'Retain' },
  }));
}

function restoredVolume(stage: Stage, like: Stored, name: string): void {
  const { claimRef: _of, ...spec } = specOf(like);
  const csi = spec['csi'] === undefined ? {} : { csi: { ...objectAt(spec, 'csi'), volumeHandle: `disk-of-${name}` } };
  stage.user.create(VOLUMES, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { ...spec, ...csi },
  });
}

function remake(
  stage: Stage,
  claim: Stored,
  { target, labels }: { readonly target: string; readonly labels: Raw },
): void {
  const { name } = claim.metadata;
  if (stage.server.find(CLAIMS, NAMESPACE, name) !== undefined) return;
  const volume = stage.server.find(VOLUMES, undefined, target);
  if (volume === undefined) return;
  const { uid: _former, ...claimRef } = objectAt(specOf(volume), 'claimRef');
  stage.user.edit(VOLUMES, volume, (now) => ({ ...now, spec: { ...specOf(now), claimRef } }));
  const spec = { ...specOf(claim), volumeName: target };
  stage.user.create(CLAIMS, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE, labels },
    spec,
  });
}

/** The right to read volumes is taken away for a while. */
const forbidReads: Act = (stage, random) => {
  const { rules } = stage.server;
  const rule = ({ actor, plural }: Call) =>
    plural === VOLUMES && stage.crew.isOperator(actor)
      ? failure(403, 'Forbidden', 'persistentvolumes is forbidden: User "operator" cannot get resource', {
          kind: plural,
        })
      : undefined;
  rules.push(rule);
  const ms = random.delay(5_000, 300_000);
  forAWhile(stage, { ms, undo: () => void rules.splice(rules.indexOf(rule), 1) });
  return `for ${ms} ms`;
};

/** A webhook that has its own mind of a label: operators' patches are taken, and it is set to something else on its way. */
const webhook: Act = (stage, random) => {
  const { rules } = stage.server;
  const rule = (call: Call) => {
    const sent = fieldOf(call.body, 'metadata', 'labels', 'tier');
    const isMeant = stage.crew.isOperator(call.actor) && call.plural === CLAIMS && call.verb === 'patch';
    if (!isMeant || sent === undefined || sent === ALTERED) return undefined;
    const metadata = objectAt(call.body, 'metadata');
    const labels = { ...objectAt(metadata, 'labels'), tier: ALTERED };
    return stage.server.handle({ ...call, body: { ...(call.body as Raw), metadata: { ...metadata, labels } } });
  };
  rules.push(rule);
  const ms = random.delay(10_000, 300_000);
  forAWhile(stage, { ms, undo: () => void rules.splice(rules.indexOf(rule), 1) });
  const app = anApp(stage, random);
  if (app === undefined) return `for ${ms} ms`;
  retemplate(stage, app, (template) => ({
    ...template,
    metadata: { ...objectAt(template, 'metadata'), labels: { tier: 'steel' } },
  }));
  return `for ${ms} ms, and ${app.metadata.name} labels its claims`;
};

/** With two-digit ordinals, `data-web-1` begins like `data-web-10`. */
const highOrdinals: Act = (stage, random: Random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const ordinals = { start: 1, excluded: [2, 3, 4, 5, 6, 7, 8, 9] };
  stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), ordinals, replicas: 3 } }));
  return `${app.metadata.name}: 1, 10 and 11`;
};

/** A claim loses its stamps, but for the app's label. */
const stripStamps: Act = (stage, random) => {
  const claim = aClaim(stage, random);
  const app = claim?.metadata.labels?.[LABEL.app];
  if (claim === undefined || app === undefined) return undefined;
  stage.user.edit(CLAIMS, claim, (now) => ({ ...now, metadata: { ...now.metadata, annotations: {} } }));
  return claim.metadata.name;
};

export const VOLUME_FAULTS: readonly Intervention[] = [
  { name: 'grow', kind: 'user', weight: 5, act: grow },
  { name: 'relabel claims', kind: 'user', weight: 3, act: relabel },
  { name: 'attributes class', kind: 'user', weight: 1, act: attributes },
  { name: 'high ordinals', kind: 'user', weight: 1, act: highOrdinals },
  sabotage('swap volume', 3, swapVolume),
  sabotage('bind claim again', 3, bindAgain),
  sabotage('note on claim', 1, noteOnClaim),
  sabotage('strip stamps', 1, stripStamps),
  sabotage('volumes unreadable', 2, forbidReads),
  sabotage('webhook', 1, webhook),
];

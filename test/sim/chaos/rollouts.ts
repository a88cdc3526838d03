// What people do to templates and to how updates come: good templates, bad ones that they correct later or not, back and
// forth within seconds, canaries. Which images do what is the kubelets' (control/pod-worker.ts).

import { NAMESPACE } from '../apps.ts';
import type { Random } from '../random.ts';
import type { Raw, Stored } from '../server/types.ts';
import { failure } from '../server/wire.ts';
import { type Act, anApp, type Intervention, later, type Stage, specOf } from './stage.ts';

const GOOD = ['store:v1', 'store:v2', 'store:v3'];
/** One whose pods stay broken, never become Ready, or take their time. */
const BAD: readonly Raw[] = [
  { image: 'store:bad' },
  { image: 'store:bad' },
  { image: 'store:bad-config' },
  { image: 'store:bad-name' },
  { image: 'store:crash' },
  { image: 'store:crash' },
  { image: 'store:unready' },
  { image: 'store:unready' },
  { image: 'store:unready' },
  { image: 'store:slow' },
  { nodeSelector: { disk: 'none' } },
];

/** The app with another template: one image, what it asks for, the nodes it may run on; and no misspelt field. */
export function withTemplate(app: Stored, { image, nodeSelector, resources }: Raw, annotations?: Raw): Raw {
  const spec = specOf(app);
  const template = spec['template'] as Raw;
  const { nodeSelector: _nodes, dnsPolice: _typo, ...pod } = template['spec'] as Raw;
  const [first] = pod['containers'] as readonly Raw[];
  const { resources: _former, ...container } = first ?? {};
  const asked = resources === undefined ? {} : { resources };
  const containers = [{ ...container, image: image ?? container['image'], ...asked }];
  const metadata = template['metadata'] as Raw;
  const next = {
    ...template,
    ...(annotations === undefined ? {} : { metadata: { ...metadata, annotations } }),
    spec: { ...pod, containers, ...(nodeSelector === undefined ? {} : { nodeSelector }) },
  };
  return { ...app, spec: { ...spec, template: next } };
}

function set(stage: Stage, app: Stored, next: Raw): void {
  const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
  if (now?.metadata.uid === app.metadata.uid) stage.user.edit('statefulapps', now, (it) => withTemplate(it, next));
}

const update: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const image = random.pick(GOOD);
  set(stage, app, { image });
  return `${app.metadata.name}: ${image}`;
};

/** A bad template, which people mostly correct some time later: by another, or by the one that was. */
const spoil: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const bad = random.pick(BAD);
  set(stage, app, bad);
  const image = random.pick(GOOD);
  const ms = random.delay(1_000, 240_000);
  const corrects = random.chance(0.7);
  if (corrects) later(stage, ms, 'user: corrects the template', () => set(stage, app, { image }));
  return `${app.metadata.name}: ${JSON.stringify(bad)}${corrects ? `, and ${image} after ${ms} ms` : ''}`;
};

/** A bad template for an app that is to be rolled back by itself, all in one apply; nobody corrects it soon. */
const risk: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const bad = random.pick(BAD);
  const strategy = (specOf(app)['updateStrategy'] ?? {}) as Raw;
  const rollingUpdate = { ...(strategy['rollingUpdate'] as Raw), onFailure: 'Rollback', partition: 0, paused: false };
  stage.user.edit('statefulapps', app, (now) => {
    const next = withTemplate(now, bad);
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate };
    return { ...next, spec: { ...(next['spec'] as Raw), updateStrategy } };
  });
  return `${app.metadata.name}: ${JSON.stringify(bad)}, to be rolled back`;
};

/** A bad template, and while it fails at one member somebody lets more of them be away. */
const push: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const bad = random.pick(BAD);
  const more = (rollingUpdate: Raw) => {
    const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
    if (now?.metadata.uid !== app.metadata.uid) return;
    const strategy = { type: 'RollingUpdate', rollingUpdate: { paused: false, partition: 0, ...rollingUpdate } };
    stage.user.edit('statefulapps', now, (it) => ({ ...it, spec: { ...specOf(it), updateStrategy: strategy } }));
  };
  set(stage, app, bad);
  more({});
  later(stage, random.between(20_000, 60_000), 'user: lets more be away', () => more({ maxUnavailable: '100%' }));
  return `${app.metadata.name}: ${JSON.stringify(bad)}, and then 100% may be away`;
};

/** A, B, and A again. */
const flip: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const before = specOf(app)['template'];
  const other = random.chance(0.3) ? random.pick(BAD) : { image: random.pick(GOOD) };
  set(stage, app, other);
  const ms = random.delay(0, 8_000);
  later(stage, ms, 'user: takes the template back', () => {
    const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
    if (now?.metadata.uid !== app.metadata.uid) return;
    stage.user.edit('statefulapps', now, (it) => ({ ...it, spec: { ...specOf(it), template: before } }));
  });
  return `${app.metadata.name}: ${JSON.stringify(other)} for ${ms} ms`;
};

/** What the API server would fill in; images of a run have tags. */
const DEFAULTS: readonly { readonly pod?: Raw; readonly container?: Raw }[] = [
  { pod: { dnsPolicy: 'ClusterFirst' } },
  { pod: { schedulerName: 'default-scheduler', restartPolicy: 'Always' } },
  { pod: { securityContext: {} } },
  { container: { imagePullPolicy: 'IfNotPresent' } },
  { container: { resources: {} } },
  { container: { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' } },
];

function withSpec(app: Stored, { pod, container }: { readonly pod?: Raw; readonly container?: Raw }): Raw {
  const spec = specOf(app);
  const template = spec['template'] as Raw;
  const before = template['spec'] as Raw;
  const containers = (before['containers'] as readonly Raw[]).map((one) => ({ ...one, ...container }));
  return { ...app, spec: { ...spec, template: { ...template, spec: { ...before, ...pod, containers } } } };
}

/** Another tool writes defaults out: nobody is to be restarted for it. */
const writeOut: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const more = random.pick(DEFAULTS);
  stage.user.edit('statefulapps', app, (now) => withSpec(now, more));
  return `${app.metadata.name}: ${JSON.stringify(more)}`;
};

/** A field that there is not; the next edit corrects it. */
const misspell: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  stage.user.edit('statefulapps', app, (now) => withSpec(now, { pod: { dnsPolice: 'None' } }));
  if (random.chance(0.6))
    later(stage, random.delay(1_000, 120_000), 'user: corrects the field', () => set(stage, app, {}));
  return app.metadata.name;
};

/** A template that asks for more than the quota has, for good. */
const greed: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const words =
    'pods is forbidden: exceeded quota: cpu, requested: requests.cpu=9, used: requests.cpu=4, limited: requests.cpu=8';
  const answer = failure(403, 'Forbidden', words, { kind: 'pods' });
  stage.server.rules.push(({ verb, plural, body }) =>
    verb === 'create' && plural === 'pods' && JSON.stringify(body).includes('"cpu":"9"') ? answer : undefined,
  );
  const image = random.pick(GOOD);
  set(stage, app, { image, resources: { requests: { cpu: '9' } } });
  if (random.chance(0.6))
    later(stage, random.delay(1_000, 120_000), 'user: asks for less', () => set(stage, app, { image }));
  return app.metadata.name;
};

/** kubectl rollout restart. */
const restart: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const restartedAt = String(random.between(1, 1_000_000));
  stage.user.edit('statefulapps', app, (now) =>
    withTemplate(now, {}, { 'kubectl.kubernetes.io/restartedAt': restartedAt }),
  );
  return app.metadata.name;
};

/** One field of how members come to a new template. */
function rolling(name: string, weight: number, draw: (random: Random, before: Raw) => Raw): Intervention {
  return {
    name,
    kind: 'user',
    weight,
    act: (stage, random) => {
      const app = anApp(stage, random);
      if (app === undefined) return undefined;
      const strategy = (specOf(app)['updateStrategy'] ?? {}) as Raw;
      const before = (strategy['rollingUpdate'] ?? {}) as Raw;
      const changed = draw(random, before);
      const updateStrategy = { ...strategy, rollingUpdate: { ...before, ...changed } };
      stage.user.edit('statefulapps', app, (now) => ({ ...now, spec: { ...specOf(now), updateStrategy } }));
      return `${app.metadata.name}: ${JSON.stringify(changed)}`;
    },
  };
}

export const ROLLOUTS: readonly Intervention[] = [
  { name: 'template', kind: 'user', weight: 7, act: update },
  { name: 'bad template', kind: 'user', weight: 5, act: spoil },
  { name: 'risky template', kind: 'user', weight: 3, act: risk },
  { name: 'bold template', kind: 'user', weight: 2, act: push },
  { name: 'flip template', kind: 'user', weight: 2, act: flip },
  { name: 'restart', kind: 'user', weight: 2, act: restart },
  { name: 'default written out', kind: 'user', weight: 3, act: writeOut },
  { name: 'misspelt template', kind: 'user', weight: 1, act: misspell },
  { name: 'greedy template', kind: 'user', weight: 1, act: greed },
  rolling('partition', 3, (random) => ({ partition: random.pick([0, 0, 1, 2, 3, 99]) })),
  rolling('budget', 2, (random) => ({ maxUnavailable: random.pick<unknown>([1, 2, 3, '25%', '50%', '100%']) })),
  rolling('pause updates', 2, (_, before) => ({ paused: before['paused'] !== true })),
  rolling('on failure', 2, (random) => ({ onFailure: random.pick(['Pause', 'Rollback']) })),
];

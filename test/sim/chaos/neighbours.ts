// What others in the cluster do that an operator has to live with: quotas, rights, later versions, controllers and tools.

import { NAMESPACE } from '../apps.ts';
import type { Answer, Call } from '../server/types.ts';
import { failure } from '../server/wire.ts';
import {
  type Act,
  anApp,
  forAWhile,
  type Intervention,
  later,
  one,
  type Stage,
  sabotage,
  specOf,
  withMeta,
} from './stage.ts';

/** The server answers operators so for a while. */
function answerSo(stage: Stage, ms: number, rule: (call: Call) => Answer | undefined): void {
  const forOperators = (call: Call) => (stage.crew.isOperator(call.actor) ? rule(call) : undefined);
  stage.server.rules.push(forOperators);
  forAWhile(stage, { ms, undo: () => void stage.server.rules.splice(stage.server.rules.indexOf(forOperators), 1) });
}

const refuse =
  (plural: string, words: string): Act =>
  (stage, random) => {
    const answer = failure(403, 'Forbidden', `${plural} is forbidden: ${words}`, { kind: plural });
    const rule = (call: Call) => (call.verb === 'create' && call.plural === plural ? answer : undefined);
    answerSo(stage, random.delay(2_000, 120_000), rule);
    return plural;
  };

/** A policy takes no pods of one image, tried or made. */
const policy: Act = (stage, random) => {
  const image = `store:v${random.between(1, 3)}`;
  const words = `admission webhook "policy.example.com" denied the request: no ${image} here`;
  answerSo(stage, random.delay(5_000, 300_000), ({ verb, plural, body }) =>
    verb === 'create' && plural === 'pods' && JSON.stringify(body).includes(`"${image}"`)
      ? failure(403, 'Forbidden', words, { kind: 'pods' })
      : undefined,
  );
  return image;
};

const EMPTY_ANSWERS: readonly Answer[] = [
  // A webhook with side effects: it lets pods be made, and takes no part in dry runs.
  failure(400, 'BadRequest', 'admission webhook "sidecar.example.com" does not support dry run', {}),
  failure(500, 'InternalError', 'failed calling webhook "sidecar.example.com": context deadline exceeded', {}),
  // As many pods as there may be, each in the way of its own successor.
  failure(
    403,
    'Forbidden',
    'pods is forbidden: exceeded quota: full, requested: pods=1, used: pods=9, limited: pods=9',
    {},
  ),
];

/** Pods can be made, and nobody can tell beforehand; now and then for good. */
const emptyTrials: Act = (stage, random) => {
  const answer = random.pick(EMPTY_ANSWERS);
  const ms = random.delay(5_000, 300_000);
  const rule = ({ verb, plural, query }: Call) =>
    verb === 'create' && plural === 'pods' && query['dryRun'] !== undefined ? answer : undefined;
  const isForGood = random.chance(0.3);
  if (isForGood) stage.server.rules.push(rule);
  else answerSo(stage, ms, rule);
  return `${answer.status} ${isForGood ? 'for good' : `for ${ms} ms`}`;
};

/** RBAC is taken away for one resource, or all, and given back. */
const revoke: Act = (stage, random) => {
  const plural = random.pick(['pods', 'persistentvolumeclaims', 'statefulapps', 'leases', 'everything']);
  answerSo(stage, random.delay(1_000, 90_000), (call) =>
    plural === 'everything' || call.plural === plural
      ? failure(403, 'Forbidden', `User "operator" cannot ${call.verb} resource "${call.plural}"`, {})
      : undefined,
  );
  return plural;
};

/** A value that a later version may bring. */
const NEWER = 'Quantum';

const newer: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined) return undefined;
  const before = specOf(app)['podRecoveryPolicy'];
  if (before === NEWER) return undefined;
  const set = (value: unknown) => {
    const now = stage.server.find('statefulapps', NAMESPACE, app.metadata.name);
    if (now !== undefined)
      stage.server.force('statefulapps', { ...now, spec: { ...specOf(now), podRecoveryPolicy: value } });
  };
  set(NEWER);
  forAWhile(stage, { ms: random.delay(5_000, 60_000), undo: () => set(before) });
  return app.metadata.name;
};

const shadow: Act = (stage, random) => {
  const app = anApp(stage, random);
  if (app === undefined || stage.server.find('statefulsets', NAMESPACE, app.metadata.name) !== undefined)
    return undefined;
  const { name } = app.metadata;
  const labels = { app: 'set' };
  stage.user.create('statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: labels },
      serviceName: name,
      template: { metadata: { labels }, spec: { containers: [] } },
    },
  });
  return name;
};

/** Somebody's tool writes to an object again and again. */
const conflicts: Act = (stage, random) => {
  const plural = random.pick(['pods', 'statefulapps', 'persistentvolumeclaims']);
  const object = one(stage.server.all(plural, NAMESPACE), random);
  if (object === undefined) return undefined;
  for (let turn = 0; turn < 20; turn += 1) {
    later(stage, turn * random.between(5, 300), 'user: annotates', () => {
      const now = stage.server.find(plural, NAMESPACE, object.metadata.name);
      if (now?.metadata.uid !== object.metadata.uid) return;
      withMeta(stage, plural, now, (meta) => ({
        annotations: { ...meta.annotations, 'example.com/turn': String(turn) },
      }));
    });
  }
  return `${plural} ${object.metadata.name}`;
};

export const NEIGHBOURS: readonly Intervention[] = [
  sabotage('refuse pods', 2, refuse('pods', 'exceeded quota: few, requested: pods=1, used: pods=9, limited: pods=9')),
  sabotage('policy', 2, policy),
  sabotage('empty trials', 2, emptyTrials),
  sabotage('refuse claims', 1, refuse('persistentvolumeclaims', 'exceeded quota: few')),
  sabotage('revoke rights', 1, revoke),
  sabotage('newer field', 1, newer),
  sabotage('StatefulSet', 1, shadow),
  sabotage('conflicts', 2, conflicts),
];

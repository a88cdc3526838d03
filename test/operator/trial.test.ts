// Dry runs before an act that could leave an app worse off: a new template, and the successor of a pod.

import { describe, expect, test } from 'vitest';
import { execute } from '../../src/operator/execute.ts';
import type { Action } from '../../src/plan/types.ts';
import { APP, type Raw, rawApp, rawPod, rawRevision, template } from '../plan/objects.ts';
import type { Answer, Call } from '../sim/server/types.ts';
import { LEAST, refusal } from './api.ts';
import { bench, KEY } from './hands.ts';

const reason = 'so it is wanted';
const trialObject = (version: string) => ({
  apiVersion: 'v1',
  kind: 'PodTemplate',
  metadata: { name: `web-${version}`, namespace: APP.namespace },
  template: template(version),
});
const storedRevision = () => {
  const raw = rawRevision({ version: 'v1', number: 1 });
  return { ...raw, metadata: { ...(raw['metadata'] as Raw), namespace: APP.namespace } };
};
const firstPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: APP.namespace },
  ...LEAST['pods'],
};
const isTrial = ({ verb, plural }: Pick<Call, 'verb' | 'plural'>) => verb === 'create' && plural === 'podtemplates';

describe('a new template', () => {
  function recording(more: readonly Action[] = []) {
    const made = bench();
    const old = made.api.add('controllerrevisions', storedRevision());
    const { name, uid, resourceVersion } = old.metadata;
    const patch = { metadata: { uid, resourceVersion, annotations: { alias: 'v2' } } };
    const action: Action = {
      type: 'createRevision',
      object: {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: 'web-v2', namespace: APP.namespace },
        ...LEAST['controllerrevisions'],
      } as never,
      trial: {
        hash: 'v2',
        object: trialObject('v2'),
        rivals: [{ revision: { name, uid, resourceVersion }, object: trialObject('v1'), patch }],
      },
      reason,
    };
    const isStored = () => made.api.find('controllerrevisions', 'web-v2') !== undefined;
    const alias = () => made.api.find('controllerrevisions', name)?.metadata.annotations?.['alias'];
    return { ...made, isStored, alias, go: () => execute(made.pass, made.job(), [action, ...more]) };
  }
  /** What the server makes of a template: for v2 what it makes of v1. */
  const defaulted = (): ((call: Call) => Answer | undefined) => (call) =>
    isTrial(call) ? { status: 201, body: { ...trialObject('v1'), metadata: { name: 'any', uid: 'dry' } } } : undefined;

  test('is tried, strictly and without being stored, and recorded', async () => {
    const { go, api, isStored, alias } = recording();
    await expect(go()).resolves.toBeUndefined();
    const trials = api.sent.filter(isTrial).map(({ query }) => query);
    expect(trials).toEqual([1, 2].map(() => ({ dryRun: 'All', fieldValidation: 'Strict' })));
    expect([isStored(), alias(), api.find('podtemplates', 'web-v2')]).toEqual([true, undefined, undefined]);
  });

  test('that the server makes equal to one that we have becomes its alias', async () => {
    const { go, api, isStored, alias, gate } = recording();
    api.rule(defaulted());
    await go();
    expect([isStored(), alias()]).toEqual([false, 'v2']);
    expect(gate.enter(KEY)).toBe(false);
  });

  test('is recorded although one that we have is not taken any more: that is not the same', async () => {
    const { go, api, isStored, alias, gate } = recording();
    const invalid = refusal(422, 'Invalid', 'spec.template: no');
    let trials = 0;
    api.rule((call) => {
      if (isTrial(call)) trials += 1;
      return isTrial(call) && trials === 2 ? invalid : undefined;
    });
    await expect(go()).resolves.toBeUndefined();
    expect([trials, isStored(), alias(), gate.refusalsOf(KEY)]).toEqual([2, true, undefined, []]);
  });

  test('that becomes an alias drops the rest of its plan, which rests on a revision that there will not be', async () => {
    const { go, api, alias, told } = recording([
      { type: 'createPod', ordinal: 0, revision: 'v2', object: firstPod, reason },
    ]);
    api.rule(defaulted());
    await go();
    expect([alias(), api.find('pods', 'web-0'), told()]).toEqual(['v2', undefined, []]);
  });

  test.each([
    ['is not valid', refusal(422, 'Invalid', 'spec.containers[0].image: Required value')],
    [
      'has a field that the server does not know',
      refusal(400, 'BadRequest', 'strict decoding error: unknown field "spec.imagee"'),
    ],
  ])('that %s is refused in the server`s words, and nothing is recorded', async (_, answer) => {
    const { go, api, isStored, gate } = recording();
    api.rule((call) => (isTrial(call) ? answer : undefined));
    await go();
    const { message } = answer.body as { message: string };
    expect(gate.refusalsOf(KEY)).toMatchObject([
      { key: 'createRevision/web-v2', what: 'spec.template is refused', message },
    ]);
    expect(isStored()).toBe(false);
  });

  test.each([
    ['a quota on PodTemplates', refusal(403, 'Forbidden', 'exceeded quota: few, requested: count/podtemplates=1')],
    ['no right to try', refusal(403, 'Forbidden', 'podtemplates is forbidden')],
    ['a webhook that takes no dry runs', refusal(400, 'BadRequest', 'admission webhook "a" does not support dry run')],
    ['a server that is ill', refusal(500, 'InternalError', 'failed calling webhook "a"')],
  ])('goes on after %s, which says nothing about pods, and that is told', async (_, answer) => {
    const { go, api, isStored, told } = recording();
    api.rule((call) => (isTrial(call) ? answer : undefined));
    await expect(go()).resolves.toBeUndefined();
    expect(isStored()).toBe(true);
    expect(told().join()).toContain(
      'Warning TrialUnknown: cannot tell beforehand whether the API server takes PodTemplate web-v2',
    );
  });

  test.each([
    [429, 'TooManyRequests'],
    [503, 'ServiceUnavailable'],
    [504, 'Timeout'],
  ])('is tried again later after %d: what it may equal cannot be told once members moved', async (code, why) => {
    const { go, api, isStored } = recording();
    api.rule((call) => (isTrial(call) ? refusal(code, why) : undefined));
    await expect(go()).rejects.toThrow(why);
    expect(isStored()).toBe(false);
  });
});

describe('the successor of a pod', () => {
  function updating(because: 'outdated' | 'broken' = 'outdated') {
    const made = bench(rawApp({ replicas: 5 }));
    const raw = rawPod({ ordinal: 4, state: 'Available', revision: 'v1', seconds: 60 });
    const spec = { containers: [{ name: 'main', image: 'web:v1', resources: { requests: { cpu: '500m' } } }] };
    const pod = made.show('Pod', 'pods', { ...raw, spec });
    const { uid, resourceVersion } = pod.metadata;
    const successor = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-4', namespace: APP.namespace },
      ...LEAST['pods'],
    };
    const action: Action = {
      type: 'deletePod',
      ordinal: 4,
      name: 'web-4',
      uid,
      resourceVersion,
      because,
      successor,
      reason,
    };
    const isLeft = () => {
      const now = made.api.find('pods', 'web-4');
      return now !== undefined && now.metadata.deletionTimestamp === undefined;
    };
    const answer = (given: Answer) =>
      made.api.rule(({ verb, plural, query }) =>
        verb === 'create' && plural === 'pods' && query['dryRun'] ? given : undefined,
      );
    return { ...made, isLeft, answer, go: () => execute(made.pass, made.job(), [action]) };
  }
  const quota = (requested: string) =>
    refusal(
      403,
      'Forbidden',
      `pods "web-4" is forbidden: exceeded quota: few, requested: ${requested}, used: pods=5, limited: pods=5`,
    );

  test.each(['outdated', 'broken'] as const)(
    'is tried under the member`s own name, and taken when that alone stands against it (%s)',
    async (because) => {
      const { go, api, isLeft } = updating(because);
      await go();
      const trials = api.sent.filter(({ verb, plural }) => verb === 'create' && plural === 'pods');
      expect(trials).toMatchObject([
        { query: { dryRun: 'All', fieldValidation: 'Strict' }, body: { metadata: { name: 'web-4' } } },
      ]);
      expect(isLeft()).toBe(false);
    },
  );

  test.each([
    ['Pod Security', refusal(403, 'Forbidden', 'violates PodSecurity "restricted:latest"')],
    ['a webhook', refusal(400, 'BadRequest', 'admission webhook "a" denied the request')],
    ['validation', refusal(422, 'Invalid', 'spec.containers[0].image: Required value')],
    ['a quota that it asks more of', quota('requests.cpu=600m')],
    ['a quota on what the pod that is there does not use', quota('requests.memory=1')],
    ['a quota in words that nobody understands', refusal(403, 'Forbidden', 'exceeded quota: few')],
  ])('that %s refuses is not made room for: the pod lives on, and the words are told', async (_, given) => {
    const { go, answer, isLeft, gate } = updating();
    answer(given);
    await go();
    expect(isLeft()).toBe(true);
    expect(gate.refusalsOf(KEY)).toMatchObject([
      {
        key: 'deletePod/web-4',
        what: 'web-4 is not replaced, since its successor would be refused',
        message: (given.body as { message: string }).message,
      },
    ]);
  });

  test.each([['pods=1'], ['requests.cpu=500m'], ['pods=1,requests.cpu=0.5']])(
    'may ask a full quota for as much as the pod that is there uses: %s',
    async (requested) => {
      const { go, answer, isLeft } = updating();
      answer(quota(requested));
      await go();
      expect(isLeft()).toBe(false);
    },
  );

  test.each([
    ['a webhook that takes no dry runs', refusal(400, 'BadRequest', 'admission webhook "a" does not support dry run')],
    ['a server that is ill', refusal(503, 'ServiceUnavailable', 'down')],
  ])('is unknown after %s: the update goes on, and says so', async (_, given) => {
    const { go, answer, isLeft, told } = updating();
    answer(given);
    await go();
    expect(isLeft()).toBe(false);
    expect(told().join()).toContain(
      'Warning TrialUnknown: cannot tell beforehand whether the API server takes Pod web-4',
    );
  });

  test('does not come when the pod has become another version meanwhile: that it may go was decided on its state', async () => {
    const { go, api, isLeft, answer } = updating('broken');
    answer(refusal(409, 'AlreadyExists'));
    api.edit('pods', 'web-4', { status: { phase: 'Running' } });
    api.edit('pods', 'web-4', { metadata: { annotations: { a: 'b' } } });
    await go();
    expect(isLeft()).toBe(true);
  });
});

test('an old revision is deleted as the object and version that was looked at, after the app was read', async () => {
  const { api, pass, job, show, gate } = bench();
  const revision = show('ControllerRevision', 'controllerrevisions', storedRevision());
  const { name, uid, resourceVersion } = revision.metadata;
  await execute(pass, job(), [{ type: 'deleteRevision', name, uid, resourceVersion, reason }]);
  const [read, deletion] = api.sent.filter(({ plural }) => plural !== 'events');
  expect([read?.verb, read?.plural, deletion?.body]).toMatchObject([
    'get',
    'statefulapps',
    { preconditions: { uid, resourceVersion } },
  ]);
  expect(api.find('controllerrevisions', name)).toBeUndefined();
  // Its watch has to tell of it before anything else is planned.
  expect(gate.enter(KEY)).toBe(false);
});

// Carrying a plan out: the exact request of each action, and what each answer means.

import { describe, expect, test } from 'vitest';
import { execute } from '../../src/operator/execute.ts';
import { AFTERWARDS_MS } from '../../src/operator/hands.ts';
import type { Action } from '../../src/plan/types.ts';
import { APP, owner, type Raw, rawApp, rawPod, rawService } from '../plan/objects.ts';
import { type Api, LEAST, refusal, type Sent } from './api.ts';
import { settled } from './daemon.ts';
import { bench, KEY } from './hands.ts';

const reason = 'so it is wanted';
const object = (kind: string, name: string) => ({
  apiVersion: kind === 'ControllerRevision' ? 'apps/v1' : 'v1',
  kind,
  metadata: { name, namespace: APP.namespace },
  ...LEAST[`${kind.toLowerCase()}s`],
});
const patched = (name: string, resourceVersion = '55') => ({
  name,
  uid: `${name}-uid`,
  resourceVersion,
  patch: { metadata: { uid: `${name}-uid`, resourceVersion, labels: { a: 'b' } } },
  reason,
});
/** What `patched` is about, as the server has it. */
const patchable = (name: string) => ({ metadata: { name, namespace: APP.namespace, uid: `${name}-uid` } });
const createPod = {
  type: 'createPod',
  ordinal: 0,
  revision: '1a',
  object: object('Pod', 'web-0'),
  reason,
} satisfies Action;
const createRevision = {
  type: 'createRevision',
  object: object('ControllerRevision', 'web-1a'),
  trial: {
    hash: '1a',
    object: { ...object('PodTemplate', 'web-1a'), template: LEAST['pods'] },
    rivals: [],
  },
  reason,
} satisfies Action;
const podOf = (words: Partial<Parameters<typeof rawPod>[0]> = {}) =>
  rawPod({ ordinal: 4, state: 'Available', revision: 'abc', seconds: 60, ...words });
const removal = (
  pod: { metadata: { uid: string; resourceVersion: string; name: string } },
  because: 'ended' | 'condemned',
) =>
  ({
    type: 'deletePod',
    ordinal: 4,
    because,
    name: pod.metadata.name,
    uid: pod.metadata.uid,
    resourceVersion: pod.metadata.resourceVersion,
    reason,
  }) satisfies Action;

/** As a user of curl would write it; a body by its essentials. */
const spoken = ({ verb, path, query, contentType, body }: Sent) => ({ verb, path, query, contentType, body });
const notAnEvent = ({ plural }: Sent) => plural !== 'events';

const CREATES: readonly (readonly [Action, path: string, plural: string])[] = [
  [{ type: 'createService', object: object('Service', 'web'), reason }, '/api/v1/namespaces/prod/services', 'services'],
  [createRevision, '/apis/apps/v1/namespaces/prod/controllerrevisions', 'controllerrevisions'],
  [
    { type: 'createClaim', ordinal: 0, object: object('PersistentVolumeClaim', 'data-web-0'), reason },
    '/api/v1/namespaces/prod/persistentvolumeclaims',
    'persistentvolumeclaims',
  ],
  [createPod, '/api/v1/namespaces/prod/pods', 'pods'],
];

test.each(CREATES)(
  '$type posts the object as it was planned, and waits until its watch shows it',
  async (action, path, plural) => {
    const { api, pass, job, gate } = bench();
    const isQuiet = action.type === 'createClaim' || action.type === 'createPod';
    await expect(execute(pass, job(), [action])).resolves.toBe(isQuiet ? AFTERWARDS_MS : undefined);
    const planned = 'object' in action ? action.object : {};
    const isTrial = ({ plural: tried }: Sent) => tried === 'podtemplates';
    expect(api.sent.filter((sent) => notAnEvent(sent) && !isTrial(sent)).map(spoken)).toEqual([
      {
        verb: 'create',
        path,
        query: { fieldManager: 'statefulapp-operator' },
        contentType: 'application/json',
        body: planned,
      },
    ]);
    expect(gate.enter(KEY)).toBe(false);
    gate.progress(plural, '10000');
    expect(gate.enter(KEY)).toBe(true);
  },
);

const PATCHES = [
  [{ type: 'releaseService' }, '/api/v1/namespaces/prod/services/web'],
  [{ type: 'adoptService' }, '/api/v1/namespaces/prod/services/web'],
  [{ type: 'renumberRevision' }, '/apis/apps/v1/namespaces/prod/controllerrevisions/web-1a'],
  [{ type: 'adoptRevision' }, '/apis/apps/v1/namespaces/prod/controllerrevisions/web-1a'],
  [{ type: 'stampClaim', ordinal: 0 }, '/api/v1/namespaces/prod/persistentvolumeclaims/data-web-0'],
  [{ type: 'adoptPod', ordinal: 0 }, '/api/v1/namespaces/prod/pods/web-0'],
] as const;

test.each(PATCHES)(
  '$type merges its patch, which names the UID and the version, and waits for its watch',
  async (change, path) => {
    const { api, pass, job, gate } = bench();
    const [plural = '', name = ''] = path.split('/').slice(-2);
    const { resourceVersion } = api.add(plural, patchable(name)).metadata;
    await execute(pass, job(), [{ ...change, ...patched(name, resourceVersion) }]);
    expect(api.sent.filter(notAnEvent).map(spoken)).toEqual([
      {
        verb: 'patch',
        path,
        query: { fieldManager: 'statefulapp-operator' },
        contentType: 'application/merge-patch+json',
        body: { metadata: { uid: `${name}-uid`, resourceVersion, labels: { a: 'b' } } },
      },
    ]);
    expect(api.find(plural, name)?.metadata.labels).toEqual({ a: 'b' });
    expect(gate.enter(KEY)).toBe(false);
    gate.progress(plural, api.find(plural, name)?.metadata.resourceVersion ?? '');
    expect(gate.enter(KEY)).toBe(true);
  },
);

test('applyService applies our fields by force, onto the Service with this UID', async () => {
  const { api, pass, job } = bench();
  const service = { ...object('Service', 'web'), metadata: { name: 'web', namespace: 'prod', uid: 'svc-uid' } };
  api.add('services', service);
  await execute(pass, job(), [{ type: 'applyService', uid: 'svc-uid', object: service, reason }]);
  expect(api.sent.filter(notAnEvent).map(spoken)).toEqual([
    expect.objectContaining({ verb: 'get', path: expect.stringMatching(/statefulapps\/web$/) }),
    {
      verb: 'apply',
      path: '/api/v1/namespaces/prod/services/web',
      query: { fieldManager: 'statefulapp-operator', force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: service,
    },
  ]);
});

/** Another app takes its name. */
function replaceApp(api: Api): void {
  api.remove('statefulapps', 'web');
  api.add('statefulapps', rawApp({ metadata: { uid: 'another' } }));
}

describe('an object is given an owner only after a fresh look at the app: garbage collection removes what a dead one owns', () => {
  const adoption = (resourceVersion = '55'): Action => {
    const { patch, ...adopted } = patched('web-0', resourceVersion);
    const metadata = { ...patch.metadata, ownerReferences: [owner()] };
    return { type: 'adoptPod', ordinal: 0, ...adopted, patch: { metadata } };
  };

  test('it is there', async () => {
    const { api, pass, job } = bench();
    const { resourceVersion } = api.add('pods', patchable('web-0')).metadata;
    await expect(execute(pass, job(), [adoption(resourceVersion)])).resolves.toBeUndefined();
    expect(api.deeds.filter((deed) => !deed.includes('events'))).toEqual(['patch pods web-0']);
  });

  test.each<readonly [string, (api: Api) => unknown]>([
    ['it is gone', (api) => api.remove('statefulapps', 'web')],
    ['it is being deleted', (api) => api.markDeleted('statefulapps', 'web')],
    ['another of its name is there', replaceApp],
  ])('%s: nothing is written', async (_, change) => {
    const { api, pass, job } = bench();
    const planned = job();
    change(api);
    await expect(execute(pass, planned, [adoption()])).resolves.toBe(200);
    expect(api.writes).toEqual([]);
  });
});

describe('a process that has just begun to lead', () => {
  const newTerm = () => {
    const given = bench();
    given.cache.newTerm();
    return given;
  };

  test('asks for an app before its first write for it, once', async () => {
    const { api, pass, job } = newTerm();
    await execute(pass, job(), [createPod]);
    await execute(pass, job(), [{ ...createPod, object: object('Pod', 'web-1') }]);
    expect(api.sent.filter(notAnEvent).map(({ verb, plural }) => `${verb} ${plural}`)).toEqual([
      'get statefulapps',
      'create pods',
      'create pods',
    ]);
  });

  test('asks for no app for which nothing is to be written', async () => {
    const { api, pass, job } = newTerm();
    await execute(pass, job(), [{ type: 'look', kind: 'Pod', name: 'web-0', reason }]);
    await execute(pass, job(), []);
    expect(api.sent.map(({ plural }) => plural)).toEqual(['pods']);
  });

  test('writes nothing on a view from before what its predecessor wrote, until its watch shows that', async () => {
    const { api, pass, job, gate, tell } = newTerm();
    const planned = job();
    api.edit('statefulapps', 'web', { status: { members: [{ ordinal: 0, pod: 'web-0', podUID: 'former' }] } });
    await expect(execute(pass, planned, [createPod])).resolves.toBe(200);
    expect([api.writes, gate.enter(KEY)]).toEqual([[], false]);
    tell('StatefulApp', 'statefulapps', 'web');
    expect(gate.enter(KEY)).toBe(true);
    await execute(pass, job(), [createPod]);
    expect(api.deeds).toContain('create pods web-0');
  });

  test('fails when it cannot ask', async () => {
    const { api, pass, job } = newTerm();
    api.rule(({ verb, plural }) => (verb === 'get' && plural === 'statefulapps' ? refusal(503, 'x') : undefined));
    await expect(execute(pass, job(), [createPod])).rejects.toThrow('cannot get StatefulApp prod/web');
    expect(api.writes).toEqual([]);
  });
});

describe('when the Service of an app went away, the app is asked for before anything is made for it', () => {
  const withoutService = () => {
    const given = bench();
    const service = given.show('Service', 'services', rawService({ namespace: 'prod' }));
    given.cache.apply('Service', { type: 'deleted', observed: 'watch', object: service }, 0);
    return given;
  };
  const reads = (api: Api) => api.sent.filter(({ verb, plural }) => verb === 'get' && plural === 'statefulapps').length;

  test('once, while it lives', async () => {
    const { api, pass, job } = withoutService();
    await execute(pass, job(), [createPod]);
    await execute(pass, job(), [{ ...createPod, object: object('Pod', 'web-1') }]);
    expect([reads(api), api.deeds.filter((deed) => deed.includes('pods'))]).toEqual([
      1,
      ['create pods web-0', 'create pods web-1'],
    ]);
  });

  test('and forgotten when it is gone, whatever its watch still shows', async () => {
    const { api, pass, job, cache } = withoutService();
    const planned = job();
    api.remove('statefulapps', 'web');
    await expect(execute(pass, planned, [createPod])).resolves.toBe(200);
    expect([reads(api), api.writes, cache.apps()]).toEqual([1, [], []]);
  });

  test('a pod that went away is no reason to ask: replacements cost no more requests', async () => {
    const { api, pass, job, show, cache } = bench();
    const pod = show('Pod', 'pods', podOf({ state: 'Terminating' }));
    cache.apply('Pod', { type: 'deleted', observed: 'watch', object: pod }, 0);
    await execute(pass, job(), [createPod]);
    expect(reads(api)).toBe(0);
  });
});

test('a pod that has ended is deleted with the UID and the version that the decision rested on, without a further read', async () => {
  const { api, pass, job, show, gate, cache } = bench();
  const pod = show('Pod', 'pods', podOf({ state: 'Failed' }));
  await execute(pass, job(), [removal(pod, 'ended')]);
  expect(api.sent.filter(notAnEvent).map(spoken)).toEqual([
    {
      verb: 'delete',
      path: '/api/v1/namespaces/prod/pods/web-4',
      query: {},
      contentType: 'application/json',
      body: {
        apiVersion: 'meta.k8s.io/v1',
        kind: 'DeleteOptions',
        preconditions: { uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion },
      },
    },
  ]);
  // It went at once: its watch has to tell so.
  expect(cache.shows(KEY, { kind: 'Pod', name: 'web-4', uid: pod.metadata.uid })).toBe(true);
  expect(gate.enter(KEY)).toBe(false);
  gate.gone(KEY, pod.metadata.uid);
  expect(gate.enter(KEY)).toBe(true);
});

test('a deletion that the watch has told before it was answered holds nothing up', async () => {
  const { api, pass, job, show, gate, cache, clock } = bench();
  const pod = show('Pod', 'pods', podOf({ state: 'Failed' }));
  api.server.onCommit(({ type }) => {
    if (type !== 'DELETED') return;
    cache.apply('Pod', { type: 'deleted', object: pod, observed: 'watch' }, clock.now());
    gate.gone(KEY, pod.metadata.uid);
  });
  await execute(pass, job(), [removal(pod, 'ended')]);
  expect(gate.enter(KEY)).toBe(true);
});

test('a pod that is not wanted is deleted after the app and the pod were read again, with the version just read', async () => {
  const { api, pass, job, show, gate } = bench();
  const pod = show('Pod', 'pods', podOf());
  const plan = [removal(pod, 'condemned')];
  const now = api.edit('pods', 'web-4', { metadata: { annotations: { seen: 'by nobody yet' } } });
  await execute(pass, job(), plan);
  const [first, second, last] = api.sent.filter(notAnEvent);
  expect([first?.path, second?.path].sort()).toEqual([
    '/api/v1/namespaces/prod/pods/web-4',
    '/apis/statefulapp.dev/v1alpha1/namespaces/prod/statefulapps/web',
  ]);
  expect(last).toMatchObject({
    verb: 'delete',
    body: { preconditions: { uid: pod.metadata.uid, resourceVersion: now.metadata.resourceVersion } },
  });
  expect(gate.enter(KEY)).toBe(false);
  gate.progress('pods', '10000');
  expect(gate.enter(KEY)).toBe(true);
});

const BEHIND: readonly (readonly [string, (api: Api) => void])[] = [
  ['the app is gone', (api) => api.remove('statefulapps', 'web')],
  ['another app has its name', replaceApp],
  ['its spec has changed', (api) => api.edit('statefulapps', 'web', { spec: { replicas: 7 } })],
  ['it is being deleted', (api) => api.markDeleted('statefulapps', 'web')],
  ['the pod is gone', (api) => api.remove('pods', 'web-4')],
  [
    'another pod has its name',
    (api) => {
      api.remove('pods', 'web-4');
      api.add('pods', { ...podOf(), metadata: { ...(podOf()['metadata'] as Raw), uid: 'another' } });
    },
  ],
  ['the pod is being deleted', (api) => api.markDeleted('pods', 'web-4')],
  [
    'the pod belongs to somebody else',
    (api) => api.edit('pods', 'web-4', { metadata: { ownerReferences: [owner({ uid: 'another' })] } }),
  ],
  ['the pod belongs to nobody', (api) => api.edit('pods', 'web-4', { metadata: { ownerReferences: [] } })],
];

test.each(BEHIND)('a pod that is not wanted is left alone when at the server %s', async (_, change) => {
  const { api, pass, job, show, told } = bench();
  const pod = show('Pod', 'pods', podOf());
  const planned = job();
  change(api);
  await expect(execute(pass, planned, [removal(pod, 'condemned')])).resolves.toBe(200);
  expect(api.writes.filter(({ verb }) => verb === 'delete')).toEqual([]);
  await settled(1);
  expect(told()).toEqual([]);
});

test('a pod that is not wanted is left alone when the server cannot be asked', async () => {
  const { api, pass, job, show } = bench();
  const pod = show('Pod', 'pods', podOf());
  api.rule(({ verb, plural }) => (verb === 'get' && plural === 'statefulapps' ? refusal(503, 'x') : undefined));
  await expect(execute(pass, job(), [removal(pod, 'condemned')])).rejects.toThrow('cannot get StatefulApp prod/web');
  expect(api.writes).toEqual([]);
});

test('a delete without a UID is never sent', async () => {
  const { api, pass, job } = bench();
  const nameless = { metadata: { name: 'web-4', uid: '', resourceVersion: '1' } };
  await expect(execute(pass, job(), [removal(nameless, 'ended')])).rejects.toThrow(TypeError);
  expect(api.sent).toEqual([]);
});

test('a pod whose name is taken is no success: the taker is read, and seen by the next plan', async () => {
  const { api, pass, job, gate, told, metrics } = bench();
  api.add('pods', { ...podOf({ ordinal: 0, state: 'Foreign' }) });
  await expect(execute(pass, job(), [createPod])).resolves.toBe(200);
  expect(api.sent.map(({ verb }) => verb)).toEqual(['create', 'get']);
  expect(job().observed.strays).toMatchObject([
    { kind: 'Pod', name: 'web-0', view: { controller: { uid: 'rs-uid' } } },
  ]);
  expect(gate.refusalsOf(KEY)).toEqual([]);
  expect(told()).toEqual([]);
  expect(await metrics('statefulapp_actions_total')).toEqual([
    'statefulapp_actions_total{type="createPod",result="stale"} 1',
  ]);
});

test('a pod that would come back at a revision which is gone is made once nothing of that name is found', async () => {
  const { api, pass, job } = bench();
  await execute(pass, job(), [{ ...createPod, unless: 'web-old' }]);
  expect(api.sent.filter(notAnEvent).map(({ verb, plural }) => `${verb} ${plural}`)).toEqual([
    'get controllerrevisions',
    'create pods',
  ]);
});

test('so is one whose revision turns out to be a stranger`s', async () => {
  const { api, pass, job } = bench();
  const { metadata, ...rest } = object('ControllerRevision', 'web-old');
  const ownerReferences = [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'stranger', controller: true }];
  api.add('controllerrevisions', { ...rest, metadata: { ...metadata, ownerReferences } });
  await execute(pass, job(), [{ ...createPod, unless: 'web-old' }]);
  expect(api.writes.map(({ plural }) => plural)).toContain('pods');
});

test('a pod that would come back at a revision which is only not watched waits for the next plan', async () => {
  const { api, pass, job } = bench();
  api.add('controllerrevisions', object('ControllerRevision', 'web-old'));
  await expect(execute(pass, job(), [{ ...createPod, unless: 'web-old' }])).resolves.toBe(200);
  expect(api.writes).toEqual([]);
  expect(job().observed.strays).toMatchObject([{ kind: 'ControllerRevision', name: 'web-old' }]);
});

test.each([
  [
    'createClaim',
    { type: 'createClaim', ordinal: 0, object: object('PersistentVolumeClaim', 'data-web-0'), reason },
    'persistentvolumeclaims',
  ],
  ['createService', { type: 'createService', object: object('Service', 'web'), reason }, 'services'],
] as const)('%s that finds its name taken reads the taker', async (_, action, plural) => {
  const { api, pass, job } = bench();
  api.add(plural, action.object);
  await execute(pass, job(), [action]);
  expect(job().observed.strays).toMatchObject([{ kind: action.object.kind, name: action.object.metadata.name }]);
});

test('a name that is taken by what cannot be found, or is not looked for, is a refusal, so that it is tried ever more rarely', async () => {
  const { api, pass, job, gate } = bench();
  api.rule(({ verb }) => (verb === 'create' ? refusal(409, 'AlreadyExists', 'it exists') : undefined));
  await execute(pass, job(), [createRevision]);
  await execute(pass, job(), [createPod]);
  expect(gate.refusalsOf(KEY)).toMatchObject([
    { key: 'createRevision/web-1a', message: 'it exists' },
    { key: 'createPod/web-0', message: 'it exists' },
  ]);
});

test.each([
  ['409 Conflict', refusal(409, 'Conflict')],
  ['404 NotFound', refusal(404, 'NotFound')],
])(
  'a change that is answered with %s found another state: the app is looked at again, and nobody is bothered',
  async (_, answer) => {
    const { api, pass, job, gate, told } = bench();
    api.rule(({ verb }) => (verb === 'patch' ? answer : undefined));
    await expect(execute(pass, job(), [{ type: 'adoptPod', ordinal: 0, ...patched('web-0') }])).resolves.toBe(200);
    expect(gate.refusalsOf(KEY)).toEqual([]);
    expect(gate.enter(KEY)).toBe(true);
    expect(told()).toEqual([]);
  },
);

test.each([
  ['403 Forbidden', refusal(403, 'Forbidden', 'exceeded quota: pods, requested: 1, used: 2, limited: 2')],
  ['422 Invalid', refusal(422, 'Invalid', 'spec.containers[0].image: Required value')],
  ['400 BadRequest', refusal(400, 'BadRequest', 'no such field')],
  ['404 for its namespace', refusal(404, 'NotFound', 'namespaces "prod" not found')],
])(
  'a create that is answered with %s is refused: kept in the words of the server, and told by an Event',
  async (_, answer) => {
    const { api, pass, job, gate, clock, told, metrics } = bench();
    api.rule(({ plural }) => (plural === 'pods' ? answer : undefined));
    await expect(execute(pass, job(), [createPod])).resolves.toBe(0);
    const words = (answer.body as { message: string }).message;
    expect(gate.refusalsOf(KEY)).toEqual([{ key: 'createPod/web-0', message: words, retryAtMs: clock.now() + 1000 }]);
    await settled(1);
    expect(told()).toEqual([
      `Warning Refused: cannot create Pod web-0: so it is wanted. The API server says: ${words}`,
    ]);
    expect(await metrics('statefulapp_actions_total')).toEqual([
      'statefulapp_actions_total{type="createPod",result="refused"} 1',
    ]);
  },
);

test('a pod whose volume may not be read is not made, and that says nothing about the pod', async () => {
  const { api, pass, job, gate } = bench();
  api.rule(({ plural }) => (plural === 'persistentvolumes' ? refusal(403, 'Forbidden', 'not for you') : undefined));
  const disks = [{ claim: 'data-web-0', volume: 'pv', disk: 'a' }];
  await expect(execute(pass, job(), [{ ...createPod, disks }])).resolves.toBe(0);
  expect(gate.refusalsOf(KEY)).toMatchObject([{ key: 'createPod/web-0', read: true, message: 'not for you' }]);
  expect(api.find('pods', 'web-0')).toBeUndefined();
});

test('an action that succeeds after a refusal is refused no more, and is told by an Event', async () => {
  const { api, pass, job, gate, told } = bench();
  gate.refused(KEY, { key: 'createPod/web-0', message: 'quota', atMs: 0 });
  await execute(pass, job(), [createPod]);
  expect(gate.refusalsOf(KEY)).toEqual([]);
  pass.events.flush();
  await settled(1);
  expect(told()).toEqual(['Normal SuccessfulCreate: create Pod web-0: so it is wanted']);
  expect(api.find('pods', 'web-0')).toBeDefined();
});

test('what is made in a plan is one Event, also when the plan ends halfway, with a reason for each member', async () => {
  const { api, pass, job, told } = bench();
  const createClaim = (ordinal: number, name: string) =>
    ({ type: 'createClaim', ordinal, object: object('PersistentVolumeClaim', name), reason: 'no claim' }) as const;
  api.rule(({ verb, plural }) => (verb === 'create' && plural === 'pods' ? tooManyAfterFirst() : undefined));
  let pods = 0;
  const tooManyAfterFirst = () => (pods++ === 0 ? undefined : refusal(500, 'InternalError'));
  const actions = [
    { type: 'createService', object: object('Service', 'web'), reason: 'no Service' } as const,
    createClaim(0, 'data-web-0'),
    createClaim(0, 'wal-web-0'),
    createPod,
    createClaim(1, 'data-web-1'),
    { ...createPod, ordinal: 1, object: object('Pod', 'web-1') },
  ];
  await expect(execute(pass, job(), actions)).rejects.toMatchObject({ name: 'KubeError' });
  pass.events.flush();
  await settled(2);
  expect(told()).toEqual([
    'Normal SuccessfulCreate: create Service web, create PersistentVolumeClaim data-web-0, create PersistentVolumeClaim wal-web-0, create Pod web-0: so it is wanted; ' +
      'create PersistentVolumeClaim data-web-1: no claim',
  ]);
});

test.each([
  ['500', refusal(500, 'InternalError')],
  ['503', refusal(503, 'ServiceUnavailable')],
  ['429', refusal(429, 'TooManyRequests')],
  ['401', refusal(401, 'Unauthorized')],
])('%s says nothing about the action: the pass fails, for the queue to try again', async (_, answer) => {
  const { api, pass, job, gate, metrics } = bench();
  api.rule(({ plural }) => (plural === 'pods' ? answer : undefined));
  await expect(execute(pass, job(), [createPod])).rejects.toMatchObject({ name: 'KubeError' });
  expect(gate.refusalsOf(KEY)).toEqual([]);
  expect(await metrics('statefulapp_actions_total')).toEqual([
    'statefulapp_actions_total{type="createPod",result="failed"} 1',
  ]);
});

test('a broken connection fails the pass', async () => {
  const { api, pass, job } = bench();
  const held = api.hold(() => true);
  const acting = execute(pass, job(), [createPod]);
  await api.until(() => held.caught.length > 0);
  held.fail(new Error('ECONNRESET'));
  await expect(acting).rejects.toMatchObject({ code: 'Network', outcomeUnknown: true });
});

test('a look puts what it finds before the next plan, at once', async () => {
  const { api, pass, job, told } = bench();
  api.add('pods', podOf({ ordinal: 0, state: 'Bare' }));
  await expect(execute(pass, job(), [{ type: 'look', kind: 'Pod', name: 'web-0', reason }])).resolves.toBe(0);
  expect(job().observed.strays).toMatchObject([{ name: 'web-0', reads: 1 }]);
  expect(told()).toEqual([]);
});

test.each([
  ['look', { type: 'look', kind: 'Pod', name: 'web-0', reason }],
  ['survey', { type: 'survey', selector: 'app=web', reason }],
] as const)(
  'a %s that is forbidden is an unknown answer: the pass fails, and is not made again at once',
  async (_, action) => {
    const { api, pass, job, gate } = bench();
    api.rule(() => refusal(403, 'Forbidden'));
    await expect(execute(pass, job(), [action])).rejects.toMatchObject({ code: 'Forbidden' });
    expect(gate.refusalsOf(KEY)).toEqual([]);
    expect(job().observed.strays).toEqual([]);
    expect(job().observed.survey).toBeNull();
  },
);

describe('a survey reads the pods that it is asked for', () => {
  const bare = (ordinal: number) =>
    rawPod({ ordinal, state: 'Available', revision: 'abc', seconds: 60, labels: {} } as never);
  const asked = (pods: readonly string[]): Action => ({ type: 'survey', selector: '', pods, reason });

  test('by name, and keeps what it finds', async () => {
    const { api, pass, job } = bench();
    api.add('pods', { ...bare(1), metadata: { ...(bare(1)['metadata'] as Raw), namespace: 'prod', labels: {} } });
    await execute(pass, job(), [asked(['web-1', 'web-2'])]);
    expect(job().observed.strays).toMatchObject([{ kind: 'Pod', name: 'web-1', reads: 1 }]);
    expect(api.sent.filter(({ plural }) => plural === 'pods').map(({ verb, name }) => [verb, name])).toEqual([
      ['get', 'web-1'],
      ['get', 'web-2'],
    ]);
  });

  test('in one list when they are many', async () => {
    const { api, pass, job } = bench();
    api.add('pods', { ...bare(1), metadata: { ...(bare(1)['metadata'] as Raw), namespace: 'prod', labels: {} } });
    await execute(pass, job(), [asked(Array.from({ length: 17 }, (_, ordinal) => `web-${ordinal}`))]);
    expect(job().observed.strays).toMatchObject([{ kind: 'Pod', name: 'web-1', reads: 1 }]);
    expect(api.sent.filter(({ plural }) => plural === 'pods').map(({ verb }) => verb)).toEqual(['list']);
  });
});

test('a survey finds the StatefulSet of the name, and what matches the selector without our label', async () => {
  const { api, pass, job } = bench();
  api.add('statefulsets', { metadata: { name: 'web', namespace: 'prod', uid: 'sts-uid' } });
  api.add('pods', podOf({ ordinal: 0, state: 'Unlabelled' }));
  api.add('pods', podOf({ ordinal: 1 }));
  api.add('pods', { metadata: { name: 'stranger', namespace: 'prod', labels: { app: 'web' } } });
  api.add('persistentvolumeclaims', { metadata: { name: 'data-web-3', namespace: 'prod', labels: { app: 'web' } } });
  await expect(execute(pass, job(), [{ type: 'survey', selector: 'app=web', reason }])).resolves.toBe(0);
  const { survey, strays } = job().observed;
  expect(survey).toMatchObject({ generation: 1, statefulSetUid: 'sts-uid', reads: 1 });
  expect(strays.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Pod web-0', 'PersistentVolumeClaim data-web-3']);
});

test('a survey by the default selector needs no lists: what matches carries our label', async () => {
  const { api, pass, job } = bench();
  await execute(pass, job(), [{ type: 'survey', selector: '', reason }]);
  expect(api.sent.map(({ verb, plural }) => `${verb} ${plural}`)).toEqual(['get statefulsets']);
  expect(job().observed.survey).toMatchObject({ statefulSetUid: null });
});

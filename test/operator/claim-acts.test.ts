// What the hands do to claims: changes that a webhook may alter on their way, and deletions, each after a last look at what it
// rests on (R2, R3, R5). Whatever has changed since it was planned, nothing goes.

import { describe, expect, test } from 'vitest';
import { execute } from '../../src/operator/execute.ts';
import type { Action } from '../../src/plan/types.ts';
import { APP, type Raw, rawApp, rawPod } from '../plan/objects.ts';
import { type Api, refusal } from './api.ts';
import { settled } from './daemon.ts';
import { bench, KEY } from './hands.ts';

const reason = 'so it is wanted';
const CLAIM = 'data-web-0';
const deeds = (api: Api) => api.deeds.filter((deed) => !deed.includes('events'));
const readsOf = (api: Api, plural: string) => api.sent.filter((sent) => sent.verb === 'get' && sent.plural === plural);

const claimOf = (metadata: Raw = {}) => ({ metadata: { name: CLAIM, namespace: APP.namespace, ...metadata } });

/** By force, past its protection. */
function vanish(api: Api): void {
  api.edit('persistentvolumeclaims', CLAIM, { metadata: { finalizers: null } });
  api.remove('persistentvolumeclaims', CLAIM);
}

function replace(api: Api): void {
  vanish(api);
  api.add('persistentvolumeclaims', claimOf({ uid: 'another' }));
}

describe('a change of a claim', () => {
  function changing(patch: Raw = {}) {
    const made = bench();
    const { uid, resourceVersion } = made.api.add(
      'persistentvolumeclaims',
      claimOf({ labels: { own: 'x', old: 'y' } }),
    ).metadata;
    const { labels, annotations, spec } = patch as {
      labels?: Record<string, string | null>;
      annotations?: Record<string, string>;
      spec?: object;
    };
    const action: Action = {
      type: 'changeClaim',
      ordinal: 0,
      name: CLAIM,
      uid,
      resourceVersion,
      patch: {
        metadata: { uid, resourceVersion, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
        ...(spec === undefined ? {} : { spec }),
      },
      reason,
    };
    return { ...made, action };
  }

  test('is one patch that names the UID and the version, without a look at the app', async () => {
    const { api, pass, job, action } = changing({ labels: { tier: 'db', old: null } });
    await expect(execute(pass, job(), [action])).resolves.toBeUndefined();
    expect(deeds(api)).toEqual([`patch persistentvolumeclaims ${CLAIM}`]);
    expect(readsOf(api, 'statefulapps')).toEqual([]);
    expect(api.find('persistentvolumeclaims', CLAIM)?.metadata.labels).toEqual({ own: 'x', tier: 'db' });
  });

  test.each([
    ['sets a label back', { labels: { own: 'x', old: 'y' } }],
    ['sets another value', { labels: { own: 'x', tier: 'web' } }],
    ['keeps one that is to go', { labels: { own: 'x', tier: 'db', old: 'y' } }],
    ['takes all labels off', { labels: undefined }],
  ])('on whose way a webhook %s is as good as refused: it is tried ever more rarely', async (_, stored) => {
    const { api, pass, job, action, gate, clock } = changing({ labels: { tier: 'db', old: null } });
    api.rule(({ verb, plural }) => {
      if (verb !== 'patch' || plural !== 'persistentvolumeclaims') return undefined;
      const { labels: _before, ...metadata } = api.find(plural, CLAIM)?.metadata ?? {};
      const body = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...metadata, ...stored } };
      return { ...refusal(200, ''), status: 200, body };
    });
    const waits: number[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      await expect(execute(pass, job(), [action])).resolves.toBe(0);
      const [found] = gate.refusalsOf(KEY);
      expect(found?.key).toBe(`changeClaim/${CLAIM}`);
      expect(found?.message).toMatch(/^it was taken, and .* set to something else on its way$/);
      waits.push((found?.retryAtMs ?? 0) - clock.now());
    }
    for (const [index, wait] of waits.entries()) if (index > 0) expect(wait).toBeGreaterThan(waits[index - 1] ?? 0);
  });

  test('that is refused for its size is told in the words of the API server', async () => {
    const { api, pass, job, action, gate, told } = changing({ spec: { resources: { requests: { storage: '2Gi' } } } });
    const message = 'only dynamically provisioned pvc can be resized';
    api.rule(({ verb }) => (verb === 'patch' ? refusal(403, 'Forbidden', message) : undefined));
    await execute(pass, job(), [action]);
    expect(gate.refusalsOf(KEY)).toMatchObject([{ key: `changeClaim/${CLAIM}`, message }]);
    await settled(1);
    expect(told()).toMatchObject([expect.stringContaining(`The API server says: ${message}`)]);
  });

  test('of a claim that is another by now is no change', async () => {
    const { api, pass, job, action } = changing({ labels: { tier: 'db' } });
    replace(api);
    await expect(execute(pass, job(), [action])).resolves.toBe(200);
    expect(api.find('persistentvolumeclaims', CLAIM)?.metadata).not.toHaveProperty('labels.tier');
  });
});

describe('a claim is deleted', () => {
  const REBUILD = 'statefulapp.dev/rebuild';
  function removing(because: 'rebuild' | 'scaled') {
    const app = rawApp({ metadata: { annotations: { [REBUILD]: `${CLAIM}=claim-uid`, note: 'x' } } });
    const made = bench(app);
    const claim = made.show('PersistentVolumeClaim', 'persistentvolumeclaims', {
      ...claimOf({ uid: 'claim-uid', labels: { 'statefulapp.dev/name': 'web' } }),
    });
    const { uid, resourceVersion } = claim.metadata;
    const action: Action = { type: 'deleteClaim', ordinal: 0, name: CLAIM, uid, resourceVersion, because, reason };
    return { ...made, action, planned: made.job() };
  }
  const addPod = (api: Api) => api.add('pods', rawPod({ ordinal: 0, state: 'Available', revision: '1a', seconds: 60 }));
  const annotate = (text: string | null) => (api: Api) =>
    api.edit('statefulapps', 'web', { metadata: { annotations: { [REBUILD]: text } } });

  test.each(['rebuild', 'scaled'] as const)(
    '(%s) by its UID and version, after the app was read again',
    async (because) => {
      const { api, pass, action, planned } = removing(because);
      await execute(pass, planned, [action]);
      expect(readsOf(api, 'statefulapps')).toHaveLength(1);
      expect(api.writes.filter(({ verb }) => verb === 'delete')).toMatchObject([
        {
          path: `/api/v1/namespaces/prod/persistentvolumeclaims/${CLAIM}`,
          body: {
            preconditions: {
              uid: action.type === 'deleteClaim' ? action.uid : '',
              resourceVersion: expect.any(String),
            },
          },
        },
      ]);
    },
  );

  const BOTH: readonly (readonly [string, (api: Api) => unknown])[] = [
    ['the app is gone', (api) => api.remove('statefulapps', 'web')],
    ['the app is being deleted', (api) => api.markDeleted('statefulapps', 'web')],
    ['its spec has changed', (api) => api.edit('statefulapps', 'web', { spec: { replicas: 7 } })],
    ['the claim is gone', vanish],
    ['another claim has its name', replace],
    [
      'the claim has changed since',
      (api) => api.edit('persistentvolumeclaims', CLAIM, { metadata: { labels: { a: 'b' } } }),
    ],
  ];
  const CASES: readonly (readonly ['rebuild' | 'scaled', string, (api: Api) => unknown])[] = [
    ...BOTH.flatMap(([what, change]) => [['rebuild', what, change] as const, ['scaled', what, change] as const]),
    ['rebuild', 'the request was taken off', annotate(null)],
    ['rebuild', 'the request names another claim', annotate('data-web-1=x')],
    ['rebuild', 'the request names another UID', annotate(`${CLAIM}=another`)],
    ['rebuild', 'the request names more', annotate(`${CLAIM}=claim-uid,data-web-1=x`)],
    ['scaled', 'its member has a pod again', addPod],
  ];

  test.each(CASES)('(%s) not when %s', async (because, what, change) => {
    const { api, pass, action, planned } = removing(because);
    change(api);
    const there = api.find('persistentvolumeclaims', CLAIM)?.metadata.uid;
    await expect(execute(pass, planned, [action])).resolves.toBe(200);
    // Its version alone is the API server's to compare.
    const isAsked = api.writes.some(({ verb }) => verb === 'delete');
    expect(isAsked).toBe(what === 'the claim has changed since');
    const claim = api.find('persistentvolumeclaims', CLAIM);
    expect([claim?.metadata.uid, claim?.metadata.deletionTimestamp]).toEqual([there, undefined]);
  });

  test('(rebuild) while its member has a pod, and whatever else is noted on the app', async () => {
    const { api, pass, action, planned } = removing('rebuild');
    addPod(api);
    api.edit('statefulapps', 'web', { metadata: { annotations: { note: 'y' } } });
    await execute(pass, planned, [action]);
    expect(deeds(api)).toContain(`delete persistentvolumeclaims ${CLAIM}`);
  });

  test.each(['rebuild', 'scaled'] as const)('(%s) not when the app cannot be asked for', async (because) => {
    const { api, pass, action, planned } = removing(because);
    api.rule(({ verb, plural }) => (verb === 'get' && plural === 'statefulapps' ? refusal(503, 'x') : undefined));
    await expect(execute(pass, planned, [action])).rejects.toThrow('cannot get StatefulApp prod/web');
    expect(api.writes).toEqual([]);
  });
});

test('a pod goes for a rebuild only while the very request stands', async () => {
  const REBUILD = 'statefulapp.dev/rebuild';
  const { api, pass, job, show } = bench(rawApp({ metadata: { annotations: { [REBUILD]: `${CLAIM}=claim-uid` } } }));
  const { metadata } = show('Pod', 'pods', {
    ...rawPod({ ordinal: 0, state: 'Available', revision: '1a', seconds: 60 }),
  });
  const { uid, resourceVersion } = metadata;
  const gone: Action = {
    type: 'deletePod',
    ordinal: 0,
    name: 'web-0',
    uid,
    resourceVersion,
    because: 'rebuild',
    reason,
  };
  const planned = job();
  api.edit('statefulapps', 'web', { metadata: { annotations: { [REBUILD]: null } } });
  await expect(execute(pass, planned, [gone])).resolves.toBe(200);
  expect(deeds(api)).toEqual([]);
  api.edit('statefulapps', 'web', { metadata: { annotations: { [REBUILD]: `${CLAIM}=claim-uid` } } });
  await execute(pass, planned, [gone]);
  expect(deeds(api)).toEqual(['delete pods web-0']);
});

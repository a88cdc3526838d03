// What the demo waits for, and what it calls an exact copy: each part that may be wrong is found.
import { describe, expect, test } from 'vitest';
import { copyBreaches, describeCopy, keptBreaches } from '../../e2e/demo/copies.ts';
import { type ClaimFacts, type Facts, factsOf, missing, type View } from '../../e2e/demo/view.ts';
import { claim, healthy, pod, without } from './samples.ts';

const well = healthy(2);
const host = 'web-1.web.default.svc.cluster.local';
const status = { ...well.app?.status };
const [first, second] = status.members ?? [];

describe('the demo waits', () => {
  test.each<readonly [what: string, change: Partial<View>, lack: string | undefined]>([
    ['for nothing', {}, undefined],
    ['for the app', { app: undefined }, 'the app to exist'],
    ['for a pod', { pods: without(well.pods, 'web-1') }, 'pod web-1 to exist'],
    ['for Ready', { pods: new Map([...well.pods, ['web-1', pod(1, { conditions: [] })]]) }, 'pod web-1 to be Ready'],
    [
      'for a claim',
      { claims: new Map([...well.claims, ['data-web-1', claim(1, 'Pending')]]) },
      'claim data-web-1 to be Bound (it is Pending)',
    ],
    [
      'for a lost claim',
      { claims: without(well.claims, 'data-web-1') },
      'claim data-web-1 to be Bound (it is missing)',
    ],
    [
      'for the status to know this very pod',
      {
        app: {
          ...well.app,
          status: {
            ...status,
            members: [
              { ...first, ordinal: 0 },
              { ...second, ordinal: 1, podUID: 'old' },
            ],
          },
        } as View['app'],
      },
      'status.members to say that web-1 is Available (it says Available)',
    ],
    [
      'for DNS',
      { addresses: new Map(well.addresses).set(host, null) },
      `${host} to resolve to 10.0.0.1 (it leads to nothing)`,
    ],
    ['for a pod to go', { pods: new Map([...well.pods, ['web-2', pod(2)]]) }, 'pod web-2 to be gone'],
    [
      'for the spec to be seen',
      { app: { ...well.app, status: { ...status, observedGeneration: 0 } } as View['app'] },
      'the operator to see the current spec',
    ],
    [
      'for Ready of the app',
      {
        app: {
          ...well.app,
          status: { ...status, conditions: [{ type: 'Ready', status: 'False', message: 'no' }] },
        } as View['app'],
      },
      'the app to be Ready (it says: no)',
    ],
  ])('%s', (_what, change, lack) => {
    expect(missing({ ...well, ...change }, [0, 1])).toBe(lack);
  });
});

const before = factsOf(well, 1) as Facts;
const data = before.claims[0] as ClaimFacts;
const after: Facts = { ...before, podUid: 'new-pod-uid', address: '10.0.0.9', resolved: '10.0.0.9' };

test('the facts are those of the pod, its mounted claims and CoreDNS', () => {
  expect(before).toEqual({
    pod: 'web-1',
    podUid: 'pod-uid-1',
    dnsName: host,
    address: '10.0.0.1',
    resolved: '10.0.0.1',
    revision: 'abc',
    claims: [{ name: 'data-web-1', uid: 'claim-uid-1', volume: 'pv-1', phase: 'Bound' }],
  });
  expect(factsOf(well, 7)).toBeUndefined();
});

describe('an exact copy', () => {
  test.each<readonly [what: string, copy: Facts, breaches: readonly string[]]>([
    ['is one', after, []],
    ['has another name', { ...after, pod: 'web-7' }, ['its name was web-1 and is web-7']],
    ['has another DNS name', { ...after, dnsName: 'x' }, [`its DNS name was ${host} and is x`]],
    ['has another revision', { ...after, revision: 'def' }, ['its revision was abc and is def']],
    ['is the same pod', { ...after, podUid: before.podUid }, ['it is still the same pod']],
    [
      'has no claim',
      { ...after, claims: [] },
      ['its list of claims was data-web-1 and is absent', 'claim data-web-1 is gone'],
    ],
    [
      'has a new claim of the old name',
      { ...after, claims: [{ ...data, uid: 'x' }] },
      ['claim data-web-1 is another one: UID claim-uid-1 before, x now'],
    ],
    [
      'has another volume',
      { ...after, claims: [{ ...data, volume: 'x' }] },
      ['claim data-web-1 has another volume: pv-1 before, x now'],
    ],
    ['is not to be found', { ...after, resolved: '10.0.0.1' }, ['its DNS name resolves to 10.0.0.1, not 10.0.0.9']],
  ])('%s', (_what, copy, breaches) => {
    expect(copyBreaches(before, copy)).toEqual(breaches);
  });

  test('says what stayed and what is new', () => {
    expect(describeCopy(before, after)).toBe(
      `same name, same DNS name ${host}, same claim data-web-1 claim-ui, same revision abc; pod pod-uid- is now new-pod-`,
    );
  });

  test('a member without claims or revision proves nothing', () => {
    const bare = { ...before, claims: [], revision: '' };
    expect(copyBreaches(bare, { ...bare, podUid: 'x' })).toEqual(['it carries no revision', 'it has no claims']);
  });
});

test('a claim that lost its volume is not kept', () => {
  expect(keptBreaches([data], [{ ...data, phase: 'Lost' }])).toEqual(['claim data-web-1 is Lost, not Bound']);
});

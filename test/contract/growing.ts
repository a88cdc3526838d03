// What the API server lets a bound claim become: larger where its class allows that, smaller above what the volume has, and of
// another class of volume attributes. Lacks what storage then makes of it: no controller runs here.
import { expect } from 'vitest';
import { type Behaviour, causesOf, refusal, type Stage, type Told, told } from './stage.ts';

const CLAIMS = 'persistentvolumeclaims';
const REFUSED =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

/** A class of this namespace's own name: classes are the whole cluster's. */
async function classOf(s: Stage, allowVolumeExpansion: boolean): Promise<string> {
  const name = `${s.namespace}-${allowVolumeExpansion ? 'grows' : 'stays'}`;
  const body = { metadata: { name }, provisioner: 'example.com/none', allowVolumeExpansion };
  told(await s.ask('POST', '/apis/storage.k8s.io/v1/storageclasses', body));
  return name;
}

const storage = (size: string) => ({ resources: { requests: { storage: size } } });

/** As the volume binder leaves it. */
async function bound(s: Stage, spec: object, capacity = '1Gi'): Promise<Told> {
  await s.make(CLAIMS, 'a', { spec: { ...storage('1Gi'), ...spec } });
  told(await s.patch(CLAIMS, 'a', { spec: { volumeName: `${s.namespace}-pv` } }));
  const status = { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: capacity } };
  return told(await s.patch(CLAIMS, 'a', { status }, { subresource: 'status' }));
}

const ask = (s: Stage, size: string) => s.patch(CLAIMS, 'a', { spec: storage(size) });

export const GROWING: readonly Behaviour[] = [
  [
    'a bound claim grows where its class allows that',
    async (s) => {
      await bound(s, { storageClassName: await classOf(s, true) });
      const { spec } = told(await ask(s, '2Gi')) as Told & { readonly spec?: unknown };
      expect(spec).toMatchObject(storage('2Gi'));
      const { metadata } = told(await ask(s, '2Gi'));
      expect(metadata.resourceVersion).toBe(told(await s.get(CLAIMS, 'a')).metadata.resourceVersion);
    },
  ],
  [
    'a bound claim of a class that allows no growth, of none, or of one that is gone, is Forbidden to grow, in these words',
    async (s) => {
      await bound(s, { storageClassName: await classOf(s, false) });
      const refused = await ask(s, '2Gi');
      expect(refusal(refused)).toBe('403 Forbidden');
      expect(refused.body['message']).toBe(`persistentvolumeclaims "a" is forbidden: ${REFUSED}`);
      await s.make(CLAIMS, 'b', { spec: { ...storage('1Gi'), storageClassName: 'nobody-has-this' } });
      const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
      told(await s.patch(CLAIMS, 'b', { status }, { subresource: 'status' }));
      const other = await s.patch(CLAIMS, 'b', { spec: storage('2Gi') });
      expect([refusal(other), String(other.body['message']).endsWith(REFUSED)]).toEqual(['403 Forbidden', true]);
    },
  ],
  [
    'a claim that is not bound takes no other size',
    async (s) => {
      await s.make(CLAIMS, 'a', { spec: { ...storage('1Gi'), storageClassName: await classOf(s, true) } });
      const refused = await ask(s, '2Gi');
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec']]);
    },
  ],
  [
    'a larger request is taken back above what the volume has, and no further',
    async (s) => {
      await bound(s, { storageClassName: await classOf(s, true) }, '2Gi');
      told(await ask(s, '5Gi'));
      told(await ask(s, '3Gi'));
      for (const size of ['2Gi', '1Gi']) {
        const refused = await ask(s, size);
        expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec.resources.requests.storage']]);
      }
      // The same amount in other words is no change of it.
      expect((await ask(s, '3072Mi')).status).toBe(200);
    },
  ],
  [
    'a bound claim takes another class of volume attributes, and nothing else',
    async (s) => {
      await bound(s, { storageClassName: await classOf(s, true) });
      const { spec } = told(await s.patch(CLAIMS, 'a', { spec: { volumeAttributesClassName: 'gold' } })) as Told & {
        readonly spec?: unknown;
      };
      expect(spec).toMatchObject({ volumeAttributesClassName: 'gold' });
      for (const change of [{ accessModes: ['ReadWriteMany'] }, { storageClassName: 'other' }]) {
        const refused = await s.patch(CLAIMS, 'a', { spec: change });
        expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec']]);
      }
    },
  ],
];

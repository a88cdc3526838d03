// What else of a claim follows its template, what only new claims follow, and what comes of claim templates that are added or
// taken away, on a real API server (docs/using.md, Volumes). Also a mutating admission that sets back what is asked for.

import { describe, expect, test } from 'vitest';
import { until } from '../../../e2e/cluster/requests.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { ApiResource } from '../../../src/kube/resources.ts';
import { operatorRequests } from '../audit.ts';
import { A, updated } from '../semantics/rolling.ts';
import { app, condition, type Scene, version } from '../stage.ts';
import {
  ATTRIBUTES_CLASSES,
  alwaysReady,
  BY_CLUSTER,
  CLAIMS,
  claimTemplate,
  onDisks,
  record,
  requestOf,
  specOf,
  storageClass,
  type Template,
  templates,
} from './disks.ts';
import { BY_ACTOR, resizer } from './resizer.ts';

const two = (spec: object = {}) => app({ spec: { replicas: 2, ...A, ...spec } });
const data = (template: Template = {}) => templates(claimTemplate('data', template));
const both = ['data-web-0', 'data-web-1'];
const siblingsOf = (claim: KubeObject | undefined) => claim?.metadata.annotations?.['statefulapp.dev/claims'];
const mounts = (pod: KubeObject | undefined): readonly string[] => {
  const { volumes = [] } = (pod?.['spec'] ?? {}) as {
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  return volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [claim.claimName]));
};
const patchesOf = (scene: Scene) =>
  operatorRequests(scene.cluster.auditLog).filter(
    ({ verb, resource, namespace }) =>
      verb === 'patch' && resource === 'persistentvolumeclaims' && namespace === scene.name,
  );

export function aboutFollowing(open: () => Promise<Scene>): void {
  describe.concurrent('claims follow their template:', () => {
    test('a size below the capacity is left and said, and nothing is asked of the API server', async () => {
      const scene = await open();
      await scene.start(two(data({ size: '2Gi', metadata: BY_ACTOR })));
      await scene.edit('web', data({ size: '1Gi', metadata: BY_ACTOR }));
      const { message } = await scene.reason('web', 'AsSpecified', 'ClaimDiffers');
      expect(message).toContain(
        'Claim data-web-0 (and 1 more): it asks for 2Gi where the template says 1Gi, and a volume cannot shrink',
      );
      await scene.twoRounds('web');
      expect(both.map((name) => requestOf(scene.claim(name)))).toEqual(['2Gi', '2Gi']);
      expect(patchesOf(scene)).toEqual([]);
      expect(condition(scene.app('web'), 'Ready')?.status).toBe('True');
      // A new member gets what the template says.
      await scene.edit('web', { replicas: 3 });
      await scene.ready('web');
      expect(requestOf(scene.claim('data-web-2'))).toBe('1Gi');
    });

    test('labels and annotations come, change and go with it; those of others stay, and no pod is touched', async () => {
      const scene = await open();
      await scene.start(two(data({ metadata: { labels: { tier: 'db' } } })));
      const pods = scene.uids('pods');
      await scene.patch(CLAIMS, 'data-web-0', { metadata: { labels: { team: 'blue' }, annotations: { own: 'yes' } } });
      const metadata = { labels: { tier: 'store', zone: 'a' }, annotations: { 'backup.example/plan': 'daily' } };
      const edited = await scene.edit('web', data({ metadata }));
      for (const name of both)
        await scene.until(`${name} to follow`, () => {
          const { labels, annotations } = scene.claim(name)?.metadata ?? {};
          return labels?.['tier'] === 'store' && labels['zone'] === 'a' && annotations?.['backup.example/plan'];
        });
      expect(scene.claim('data-web-0')?.metadata.labels).toMatchObject({ team: 'blue' });
      await scene.edit('web', data());
      for (const name of both)
        await scene.until(`${name} to lose them`, () => {
          const { labels = {}, annotations = {} } = scene.claim(name)?.metadata ?? {};
          return !('tier' in labels) && !('zone' in labels) && !('backup.example/plan' in annotations);
        });
      const { labels, annotations } = scene.claim('data-web-0')?.metadata ?? {};
      expect(labels).toMatchObject({ team: 'blue', app: 'web', 'statefulapp.dev/name': 'web' });
      expect(annotations).toMatchObject({ own: 'yes', 'statefulapp.dev/ordinal': '0' });
      expect(annotations).not.toHaveProperty('statefulapp.dev/template-keys');
      expect(scene.uids('pods')).toEqual(pods);
      expect(alwaysReady(scene, edited)).toBe(true);
    });

    test('a class of volume attributes is asked for, and no pod is touched', async () => {
      const scene = await open();
      const classes = ['silver', 'gold'].map((name) => `${scene.name}-${name}`);
      for (const name of classes)
        await scene.client.create(ATTRIBUTES_CLASSES, {
          metadata: { name },
          driverName: 'disks.test',
          parameters: { name },
        });
      const wish = await onDisks(scene);
      const web = await scene.start(wish, 90);
      const pods = scene.uids('pods');
      const [template] = (web['spec'] as { readonly volumeClaimTemplates: readonly ReturnType<typeof claimTemplate>[] })
        .volumeClaimTemplates;
      for (const volumeAttributesClassName of classes) {
        await scene.edit(
          'web',
          templates({
            ...template,
            metadata: { name: 'data' },
            spec: { ...template?.spec, volumeAttributesClassName },
          }),
        );
        for (const name of both)
          await scene.until(
            `${name} to ask for ${volumeAttributesClassName}`,
            () => specOf(scene.claim(name)).volumeAttributesClassName === volumeAttributesClassName,
          );
      }
      expect(scene.uids('pods')).toEqual(pods);
      await scene.reason('web', 'AsSpecified', 'AsSpecified');
    });

    test('another storage class and access mode are for new claims only, and that is said', async () => {
      const scene = await open();
      await scene.start(two());
      const before = scene.claims();
      const storageClassName = await storageClass(scene, BY_CLUSTER);
      await scene.edit('web', data({ spec: { storageClassName, accessModes: ['ReadWriteOncePod'] } }));
      const { message } = await scene.reason('web', 'AsSpecified', 'ClaimDiffers');
      expect(message).toBe(
        `Claim data-web-0 (and 1 more): it is of storage class standard where the template says ${storageClassName}; its access ` +
          'modes are ReadWriteOnce where the template says ReadWriteOncePod; that holds for new claims only.',
      );
      await scene.edit('web', { replicas: 3 });
      await scene.ready('web');
      expect(specOf(scene.claim('data-web-2'))).toMatchObject({ storageClassName, accessModes: ['ReadWriteOncePod'] });
      expect(both.map((name) => scene.claim(name))).toEqual(before);
      expect(scene.made('pods')).toHaveLength(3);
    });

    test('one that is added: its claims are made ahead, members are replaced in order, and all bear the names of all', async () => {
      const scene = await open();
      await scene.start(two());
      const before = scene.uids('claims');
      await scene.edit('web', templates(claimTemplate('data'), claimTemplate('wal', { size: '3Gi' })));
      await updated(scene);
      for (const ordinal of [1, 0]) {
        const claim = scene.made('claims', `wal-web-${ordinal}`);
        const [old] = scene.made('pods', `web-${ordinal}`);
        const left = scene.firstState(old?.metadata.uid ?? '', (pod) => pod.metadata.deletionTimestamp !== undefined);
        expect(claim).toHaveLength(1);
        expect(version(claim[0])).toBeLessThan(version(left));
        expect(mounts(scene.pod(`web-${ordinal}`))).toEqual([`data-web-${ordinal}`, `wal-web-${ordinal}`]);
      }
      expect(scene.gone('pods').map(({ metadata }) => metadata.name)).toEqual(['web-1', 'web-0']);
      expect(scene.uids('claims')).toMatchObject(before);
      await scene.until('all to bear both names', () =>
        scene.claims().every((claim) => siblingsOf(claim) === 'data,wal'),
      );
      expect((await record(scene, 'wal-web-1')).volume).toBe(specOf(scene.claim('wal-web-1')).volumeName);
    });

    test('one that is taken away: its claims are kept, mounted by nobody, and listed; added again, they are used', async () => {
      const scene = await open();
      await scene.start(two(templates(claimTemplate('data'), claimTemplate('wal'))));
      const before = scene.uids('claims');
      await record(scene, 'wal-web-1');
      await scene.edit('web', data());
      await updated(scene);
      expect(scene.uids('claims')).toEqual(before);
      for (const name of ['web-0', 'web-1']) expect(mounts(scene.pod(name))).toEqual([`data-${name}`]);
      const left = await record(scene, 'wal-web-1', ({ unmounted }) => unmounted === true);
      expect(left).toMatchObject({ uid: before['wal-web-1'], disk: expect.any(String) });
      const said = await scene.until('it to be said', () => {
        const found = condition(scene.app('web'), 'AsSpecified');
        return found?.message.includes('mounted by nobody') && found;
      });
      expect(said).toMatchObject({ status: 'True' });
      expect(said.message).toContain('Claim wal-web-0 and 1 more (status.members[].claims, unmounted)');
      await scene.edit('web', templates(claimTemplate('data'), claimTemplate('wal')));
      await updated(scene);
      expect(scene.uids('claims')).toEqual(before);
      await record(scene, 'wal-web-1', ({ uid, unmounted }) => uid === before['wal-web-1'] && unmounted === undefined);
    });
  });

  describe.concurrent('an admission that sets back what is asked for', () => {
    test('is told as a refusal, asked ever more rarely, and holds nothing up', async () => {
      const scene = await open();
      await scene.start(two(data({ metadata: { labels: { tier: 'db' } } })));
      await setsBack(scene, 'tier', 'fixed');
      const edited = await scene.edit('web', data({ size: '2Gi', metadata: { labels: { tier: 'store' } } }));
      const end = resizer(scene);
      const { message } = await scene.reason('web', 'AsSpecified', 'ClaimRefused');
      expect(message).toContain('it was taken, and tier set to something else on its way');
      // The rest of the same patch is in effect.
      await scene.until('both to ask for more', () => both.every((name) => requestOf(scene.claim(name)) === '2Gi'));
      await scene.twoRounds('web');
      end();
      expect(both.map((name) => scene.claim(name)?.metadata.labels?.['tier'])).toEqual(['fixed', 'fixed']);
      // After 1, 2, 4 … 60 s: in two minutes, the most that a test may take, seven each.
      const most = 2 * 8;
      expect(patchesOf(scene).length).toBeLessThanOrEqual(most);
      expect(patchesOf(scene).length).toBeGreaterThanOrEqual(2);
      expect(alwaysReady(scene, edited)).toBe(true);
      expect(scene.made('pods').filter(({ metadata }) => metadata.name.startsWith('web-'))).toHaveLength(2);
    });
  });
}

const admission = (kind: string, plural: string): ApiResource => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: false,
});

/** A MutatingAdmissionPolicy (GA in 1.36) for the claims of this namespace; resolves once it is in force. */
async function setsBack(scene: Scene, label: string, value: string): Promise<void> {
  const { name, client } = scene;
  const expression = `Object{metadata: Object.metadata{labels: {"${label}": "${value}"}}}`;
  await client.create(admission('MutatingAdmissionPolicy', 'mutatingadmissionpolicies'), {
    metadata: { name },
    spec: {
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['persistentvolumeclaims'] },
        ],
      },
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    },
  });
  await client.create(admission('MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings'), {
    metadata: { name },
    spec: { policyName: name },
  });
  // No watch tells that it is in force.
  const trial = { type: 'merge', body: { metadata: { annotations: { trial: 'x' } } }, dryRun: true } as const;
  const isInForce = async () => {
    const { metadata } = await client.patch(CLAIMS, { namespace: name, name: 'data-web-0' }, trial);
    return metadata.labels?.[label] === value;
  };
  await until(isInForce, 30_000, () => 'the MutatingAdmissionPolicy has no effect after 30 s');
}

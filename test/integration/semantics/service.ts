// The headless Service and what it is for: members are found under their names (semantics.md, Names, DNS, Service).

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, condition, isReady, resolves, type Scene, statusOf, version } from '../stage.ts';

const specOf = (service: KubeObject | undefined) => (service?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;
const NOT_FIT = { selector: { app: 'somebody-else' }, ports: [{ port: 80 }] };
const HEADLESS = { clusterIP: 'None', publishNotReadyAddresses: true };

export function aboutTheService(open: () => Promise<Scene>): void {
  describe.concurrent('the Service', () => {
    test('is there before the first pod, headless, with the ports of the containers', async () => {
      const scene = await open();
      const ports = [
        { containerPort: 5432, name: 'postgres' },
        { containerPort: 9187 },
        { containerPort: 5432, protocol: 'UDP' },
      ];
      await scene.start(app({ podSpec: { containers: [{ name: 'main', image: 'pause', ports }] } }));
      const [service] = scene.made('services', 'web');
      expect(version(service)).toBeLessThan(version(scene.made('pods')[0]));
      expect(version(service)).toBeLessThan(version(scene.made('claims')[0]));
      expect(specOf(service)).toMatchObject({ ...HEADLESS, selector: { app: 'web' } });
      expect(specOf(service)['ports']).toEqual([
        expect.objectContaining({ name: 'postgres', port: 5432, protocol: 'TCP' }),
        expect.objectContaining({ name: 'tcp-9187', port: 9187, protocol: 'TCP' }),
        expect.objectContaining({ name: 'udp-5432', port: 5432, protocol: 'UDP' }),
      ]);
      expect(service?.metadata.ownerReferences).toMatchObject([
        { uid: scene.app('web')?.metadata.uid, controller: true },
      ]);
    });

    test('gives each member a name in DNS, which follows the member to its next pod', async () => {
      const scene = await open();
      await scene.start(app({ spec: { serviceName: 'peers' } }));
      const name = (member: string) => `${member}.peers.${scene.name}.svc.cluster.local`;
      const address = (member: string) => statusOf(scene.pod(member)).podIP ?? '';
      const members = ['web-0', 'web-1', 'web-2'];
      for (const member of members) await resolves(scene.cluster, name(member), [address(member)]);
      await resolves(scene.cluster, `peers.${scene.name}.svc.cluster.local`, members.map(address));
      const before = scene.pod('web-1')?.metadata.uid;
      await scene.deletePod('web-1');
      await scene.until(
        'web-1 to be back',
        () => isReady(scene.pod('web-1')) && scene.pod('web-1')?.metadata.uid !== before,
      );
      await resolves(scene.cluster, name('web-1'), [address('web-1')]);
    });

    test('publishes members that are not Ready: peers look each other up to become so', async () => {
      const scene = await open();
      await scene.create(APPS, app({ annotations: { 'kwok.statefulapp.dev/play': 'never-ready' } }));
      const pod = await scene.until('web-0 with an address', () => {
        const found = scene.pod('web-0');
        return statusOf(found).podIP !== undefined && found;
      });
      await resolves(scene.cluster, `web-0.web.${scene.name}.svc.cluster.local`, [statusOf(pod).podIP ?? '']);
    });

    test("that is somebody else's is used and never changed; what makes it unfit is reported, until it is fit", async () => {
      const scene = await open();
      const foreign = await scene.create(RESOURCES.services, { metadata: { name: 'web' }, spec: NOT_FIT });
      await scene.start(app());
      const { status, message } = await scene.reason('web', 'AsSpecified', 'ServiceUnfit');
      expect(status).toBe('False');
      for (const fault of ['not headless', 'publishNotReadyAddresses', 'does not select the members'])
        expect(message).toContain(fault);
      await scene.twoRounds('web');
      expect(scene.service('web')).toEqual(foreign);
      await scene.kubectl('delete', 'service', 'web');
      const spec = { ...HEADLESS, selector: { app: 'web' }, ports: [{ port: 80 }] };
      const fit = await scene.create(RESOURCES.services, { metadata: { name: 'web' }, spec }).catch(() => undefined);
      await scene.reason('web', 'AsSpecified', 'AsSpecified');
      // Whoever was faster: the user's is used as it is, ours has an owner.
      const owned = scene.service('web')?.metadata.ownerReferences !== undefined;
      expect(owned).toBe(fit === undefined);
    });

    test('is mended when its selector is edited by hand, while other fields stay the user’s', async () => {
      const scene = await open();
      await scene.start(app());
      const edited = await scene.patch(RESOURCES.services, 'web', {
        metadata: { annotations: { mine: 'yes' }, labels: { team: 'a' } },
        spec: { selector: { app: 'other' }, publishNotReadyAddresses: false, ports: [{ port: 1234, name: 'mine' }] },
      });
      expect(specOf(edited)['publishNotReadyAddresses'] ?? false).toBe(false);
      const mended = await scene.until('web to select the members again', () => {
        const service = scene.service('web');
        const selector = JSON.stringify(specOf(service)['selector']);
        return version(service) > version(edited) && selector === '{"app":"web"}' && service;
      });
      expect(specOf(mended)).toMatchObject({ ...HEADLESS, ports: [{ port: 1234, name: 'mine' }] });
      expect(mended.metadata.annotations).toMatchObject({ mine: 'yes' });
      expect(mended.metadata.labels).toMatchObject({ team: 'a', 'statefulapp.dev/name': 'web' });
    });

    test('is made again when it is deleted, and no pod is touched for it', async () => {
      const scene = await open();
      await scene.start(app());
      const before = scene.uids('pods');
      await scene.kubectl('delete', 'service', 'web');
      await scene.until('another Service', () => scene.made('services', 'web').length === 2);
      expect(specOf(scene.service('web'))).toMatchObject(HEADLESS);
      await scene.twoRounds('web');
      expect(scene.uids('pods')).toMatchObject(before);
    });

    test('made for an app can be found by its label after the label was taken off: it is looked up by name', async () => {
      const scene = await open();
      await scene.start(app());
      const before = scene.service('web')?.metadata.uid;
      await scene.kubectl('label', 'service', 'web', 'statefulapp.dev/name-');
      await scene.twoRounds('web');
      expect(scene.service('web')?.metadata.uid).toBe(before);
      expect(scene.made('services', 'web')).toHaveLength(1);
      expect(condition(scene.app('web'), 'Ready')?.status).toBe('True');
    });

    test.each([
      ['Helm', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }],
      ['kubectl apply', { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } }],
    ])('that %s takes over is released: no owner, and not changed any more', async (_, metadata) => {
      const scene = await open();
      await scene.start(app());
      await scene.patch(RESOURCES.services, 'web', { metadata });
      await scene.until(
        'web to be released',
        () => (scene.service('web')?.metadata.ownerReferences ?? []).length === 0,
      );
      const theirs = await scene.patch(RESOURCES.services, 'web', { spec: { publishNotReadyAddresses: false } });
      await scene.reason('web', 'AsSpecified', 'ServiceUnfit');
      await scene.twoRounds('web');
      expect(scene.service('web')?.metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);
    });
  });
}

// What is tried before a healthy pod is given up for an update, and what becomes of revisions (semantics.md, Revisions).
// In every test: how many members were away by the operator's own hand.

import { describe, expect, test } from 'vitest';
import type { KubeObjectInput } from '../../../src/kube/objects.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { app, condition, isReady, type Scene } from '../stage.ts';
import {
  A,
  B,
  goneOf,
  hashOf,
  imageOf,
  images,
  mostAway,
  revisionsOf,
  rolling,
  run,
  START_AFTER,
  template,
  updated,
} from './rolling.ts';

const QUOTAS = { ...RESOURCES.pods, plural: 'resourcequotas', kind: 'ResourceQuota' };
const quota = (hard: object): KubeObjectInput => ({ metadata: { name: 'quota' }, spec: { hard } });
const cpu = (requests: string) => ({ container: { resources: { requests: { cpu: requests } } } });

/** A quota counts as soon as its status says what it allows. */
async function limit(scene: Scene, hard: object): Promise<void> {
  await scene.create(QUOTAS, quota(hard));
  await scene.kubectl('wait', 'resourcequota/quota', '--for=jsonpath={.status.hard}', '--timeout=60s');
}

/** Resolves with the message once what was refused was tried again, and refused again. */
function refusedTwice(scene: Scene): Promise<string> {
  const messages = () =>
    scene.history.flatMap(({ kind, object }) => {
      const ready = kind === 'apps' ? condition(object, 'Ready') : undefined;
      return ready?.reason === 'Refused' ? [ready.message] : [];
    });
  const times = () => new Set(messages().map((message) => /tried again at (\S+)\./.exec(message)?.[1]));
  return scene.until('a second refusal', () => times().size > 1 && messages().at(-1));
}

export function aboutPreflight(open: (labels?: Readonly<Record<string, string>>) => Promise<Scene>): void {
  describe.concurrent('preflight', () => {
    test('a quota that is full does not stop an update to the same size', async () => {
      const scene = await open();
      await limit(scene, { pods: '2', 'requests.cpu': '200m' });
      await scene.start(app({ spec: { replicas: 2, ...template('a:1', cpu('100m')) } }));
      await scene.edit('web', template('b:2', cpu('100m')));
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('a quota that the new template exceeds stops it: the healthy pod lives on, and its words are told', async () => {
      const scene = await open();
      await limit(scene, { 'requests.cpu': '200m' });
      await scene.start(app({ spec: { replicas: 2, ...template('a:1', cpu('100m')) } }));
      const before = scene.uids('pods');
      await scene.edit('web', template('b:2', cpu('150m')));
      const message = await refusedTwice(scene);
      expect(message).toContain('web-1');
      expect(message).toContain('exceeded quota: quota, requested: requests.cpu=150m');
      expect(scene.uids('pods')).toMatchObject(before);
      expect([goneOf(scene), mostAway(scene)]).toEqual([[], 0]);
      await scene.kubectl(
        'patch',
        'resourcequota',
        'quota',
        '--type=merge',
        '-p',
        '{"spec":{"hard":{"requests.cpu":"1"}}}',
      );
      await updated(scene, 90);
      expect(images(scene)).toEqual(['b:2', 'b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('Pod Security that the new template offends stops it likewise', async () => {
      const scene = await open({ 'pod-security.kubernetes.io/enforce': 'restricted' });
      const safe = {
        securityContext: {
          allowPrivilegeEscalation: false,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
      };
      await scene.start(app({ spec: { replicas: 2, ...template('a:1', { container: safe }) } }));
      const before = scene.uids('pods');
      await scene.edit('web', B);
      const message = await refusedTwice(scene);
      expect(message).toContain('violates PodSecurity "restricted:latest"');
      expect(revisionsOf(scene)).toHaveLength(2);
      expect(scene.uids('pods')).toEqual(before);
      await scene.edit('web', template('c:3', { container: safe }));
      await updated(scene);
      expect(images(scene)).toEqual(['c:3', 'c:3']);
      expect(goneOf(scene)).toEqual(['web-1', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });

    test('a template that is not valid is told before anything is touched', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      const before = scene.uids('pods');
      await scene.edit('web', template('b:2', { container: { terminationMessagePolicy: 'Shout' } }));
      const { message } = await scene.reason('web', 'Ready', 'Refused');
      expect(message).toContain('terminationMessagePolicy: Unsupported value: "Shout"');
      expect(revisionsOf(scene)).toHaveLength(1);
      // Members are made again from what is stored.
      await scene.deletePod('web-1');
      await scene.until(
        'web-1 to be back',
        () => scene.made('pods', 'web-1').length === 2 && isReady(scene.pod('web-1')),
      );
      await scene.twoRounds('web');
      expect(scene.uids('pods')).toMatchObject({ 'web-0': before['web-0'], 'web-2': before['web-2'] });
      expect([imageOf(scene.pod('web-1')), revisionsOf(scene).length, mostAway(scene)]).toEqual(['a:1', 1, 0]);
      await scene.edit('web', B);
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('an image that is empty is told before anything is touched', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A } }));
      const before = scene.uids('pods');
      await scene.edit('web', template(''));
      expect(await refusedTwice(scene)).toContain('spec.containers[0].image: Required value');
      expect(scene.uids('pods')).toMatchObject(before);
      expect([goneOf(scene), revisionsOf(scene).length, mostAway(scene)]).toEqual([[], 1, 0]);
    });
  });

  describe.concurrent('history', () => {
    test('revisionHistoryLimit keeps so many older revisions, and those in use', async () => {
      const scene = await open();
      const spec = { replicas: 2, revisionHistoryLimit: 1, ...A, ...rolling({ partition: 1 }) };
      await scene.start(app({ spec, claims: [] }));
      const oldest = revisionsOf(scene)[0]?.metadata.name;
      for (const image of ['b:2', 'c:3', 'd:4']) {
        await scene.edit('web', template(image));
        await run(scene, ['a:1', image]);
      }
      // In use: a (below the partition) and d; one older: c.
      await scene.until('three to be left', () => revisionsOf(scene).length === 3);
      await scene.ready('web');
      expect(revisionsOf(scene).map(({ metadata }) => metadata.name)).toContain(oldest);
      expect(
        revisionsOf(scene)
          .map((one) => one['revision'])
          .sort(),
      ).toEqual([1, 3, 4]);
      await scene.edit('web', { ...rolling({ partition: 0 }), revisionHistoryLimit: 0 });
      await updated(scene);
      await scene.until('one to be left', () => revisionsOf(scene).length === 1);
      expect(images(scene)).toEqual(['d:4', 'd:4']);
      expect(mostAway(scene)).toBe(1);
    });

    test('revisions deleted by hand in the middle of an update: it ends, and nobody is restarted for it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      await scene.edit('web', template('b:2', { annotations: { [START_AFTER]: '2s' } }));
      await scene.until('web-2 to start', () => scene.made('pods', 'web-2').length === 2);
      await scene.kubectl('delete', 'controllerrevisions', '--all');
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      expect(revisionsOf(scene).map(({ metadata }) => metadata.name)).toContain(`web-${hashOf(scene.pod('web-0'))}`);
      expect(mostAway(scene)).toBe(1);
    });

    test('revisions edited by hand in the middle of an update: it ends, and nobody is restarted for it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      const [old = ''] = revisionsOf(scene).map(({ metadata }) => metadata.name);
      await scene.edit('web', template('b:2', { annotations: { [START_AFTER]: '2s' } }));
      await scene.until('web-2 to start', () => scene.made('pods', 'web-2').length === 2);
      const labels = { 'controller-revision-hash': 'mine', 'statefulapp.dev/revision': 'mine' };
      const body = { metadata: { labels }, revision: 9 };
      await scene.patch(RESOURCES.controllerrevisions, old, body);
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      await scene.until('the update to have the highest number', () =>
        revisionsOf(scene).some((one) => one['revision'] === 10 && one.metadata.name !== old),
      );
      await scene.edit('web', template('a:1', { annotations: { [START_AFTER]: null } }));
      const { status } = await updated(scene);
      expect([status?.['currentRevision'], revisionsOf(scene).length]).toEqual([old, 2]);
      expect(mostAway(scene)).toBe(1);
    });

    test('a member whose revision is deleted and that is lost before its turn comes at the update, and nobody waits', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 3, ...A, minReadySeconds: 2 } }));
      const [old = ''] = revisionsOf(scene).map(({ metadata }) => metadata.name);
      await scene.edit('web', B);
      await scene.until('web-2 to be replaced', () => scene.gone('pods', 'web-2').length === 1);
      await scene.kubectl('delete', 'controllerrevision', old);
      await scene.until('it to be gone', () => scene.gone('revisions', old).length === 1);
      await scene.deletePod('web-0');
      await updated(scene);
      expect([scene.made('pods', 'web-0').length, goneOf(scene)]).toEqual([2, ['web-2', 'web-0', 'web-1']]);
    });

    test('a member whose revision is deleted and that is lost before its turn: the status says what to do', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A, ...rolling({ paused: true }) } }));
      const [old = ''] = revisionsOf(scene).map(({ metadata }) => metadata.name);
      const hash = hashOf(scene.pod('web-1'));
      await scene.edit('web', B);
      await scene.until('a second revision', () => revisionsOf(scene).length === 2);
      await scene.kubectl('delete', 'controllerrevision', old);
      await scene.until('it to be gone', () => scene.gone('revisions', old).length === 1);
      await scene.deletePod('web-1');
      const { message } = await scene.member('web', 1, ({ reason }) => reason === 'RevisionLost');
      expect(message).toContain(`no ControllerRevision with hash ${hash} is left`);
      await scene.twoRounds('web');
      expect([scene.made('pods', 'web-1').length, goneOf(scene)]).toEqual([1, ['web-1']]);
      await scene.edit('web', { updateStrategy: { type: 'OnDelete', rollingUpdate: null } });
      await run(scene, ['a:1', 'b:2']);
      expect(mostAway(scene)).toBe(0);
    });
  });
}

// Which revision a member comes back at, and how a template is recorded (semantics.md, "A pod recreated below …").

import { describe, expect, test } from 'vitest';
import { revisionDigest, revisionHash } from '../../src/identity/revision.ts';
import { carryOut } from './carry-out.ts';
import { APP, hashOf, NOW, type Raw, rawRevision, template } from './objects.ts';
import { deeds, type Given, planned, rows, see, waiting, world } from './world.ts';

const app = { replicas: 3, version: 'v2' };
const partition = (value: number) => ({ ...app, updateStrategy: { rollingUpdate: { partition: value } } });
const onDelete = { ...app, updateStrategy: { type: 'OnDelete' } };
const pending = 'web-1 PodPending';
const rollout = 'Updating';
const at = (version: string) => ({ currentRevision: `web-${hashOf(version)}` });

describe('a member that is made again', () => {
  rows([
    {
      it: 'comes back at the revision it had, also in the middle of a rollout',
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      does: 'create Pod web-1 at v1',
      waits: `${pending}, ${rollout}`,
    },
    {
      it: 'comes back at the new revision when it had that',
      app,
      pods: '0 Available @v1, 1 Stopped @v2, 2 Available',
      does: 'create Pod web-1',
      waits: `${pending}, ${rollout}`,
    },
    {
      it: 'comes back at the present template under OnDelete',
      app: onDelete,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available @v1',
      does: 'create Pod web-1',
      waits: pending,
    },
    {
      it: 'below the partition comes back at the old revision',
      app: partition(2),
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      does: 'create Pod web-1 at v1',
      waits: pending,
    },
    {
      it: 'below the partition comes up at the current revision when it never ran',
      app: { ...partition(2), status: at('v1') },
      pods: '0 Available @v1, 1 -, 2 Available',
      does: 'create Pod web-1 at v1',
      waits: pending,
    },
    {
      it: 'from the partition on comes up at the new revision when it never ran',
      app: { ...partition(1), status: at('v1') },
      pods: '0 Available @v1, 1 -, 2 Available',
      does: 'create Pod web-1',
      waits: pending,
    },
    {
      it: 'below the partition comes back at the revision it had, whatever the current one is',
      app: { ...partition(2), status: at('v1') },
      pods: '0 Available @v1, 1 Stopped @v2, 2 Available',
      does: 'create Pod web-1',
      waits: pending,
    },
    {
      it: 'without a status, below the partition, comes back at the revision of the lowest wanted pod',
      app: partition(3),
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available @v2',
      ledger: 'none',
      does: 'create Pod web-1 at v1',
      waits: pending,
    },
    {
      it: 'without a status pods that are not wanted say nothing about the current revision',
      app: { ...partition(5), ordinals: { start: 1 } },
      pods: '0 Available @v1, 1 Available @v2, 2 Stopped, 3 Available @v2',
      ledger: 'none',
      does: 'create Pod web-2',
      waits: 'web-2 PodPending, web-0 PodNotReady',
    },
    {
      it: 'without a status, above the partition, comes back at the new revision',
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available @v1',
      ledger: 'none',
      does: 'create Pod web-1',
      waits: `${pending}, ${rollout}`,
    },
    {
      it: 'without any status or pod comes up at the new revision',
      app: partition(3),
      pods: '0 Stopped @v1',
      ledger: 'none',
      does: 'create Pod web-0',
      waits: 'web-0 PodPending, web-1 PodNotReady',
    },
    {
      it: 'is waited for when its revision is stored nowhere any more, and no update is to reach it',
      app: partition(2),
      pods: '0 Available, 1 Stopped @v1, 2 Available',
      revisions: ['v2'],
      waits: 'web-1 RevisionLost',
      says: `no ControllerRevision with hash ${hashOf('v1')} is left`,
    },
    {
      it: 'has its revision looked for by name: a restored one, or one stripped of our label, is not watched',
      app: { ...app, updateStrategy: { rollingUpdate: { paused: true } } },
      pods: '0 Available, 1 Stopped @v1, 2 Available',
      revisions: ['v2'],
      survey: { atMs: NOW - 1000 },
      does: 'look for a StatefulSet of this name and for pods that match the selector, read ControllerRevision v1',
      waits: 'web-1 RevisionLost',
    },
    {
      it: 'comes at the new revision before its turn when the one it had is stored nowhere any more',
      app,
      pods: '0 Available, 1 Stopped @v1, 2 Available',
      revisions: ['v2'],
      does: 'create Pod web-1',
      waits: pending,
    },
    {
      it: 'comes up at the present template under OnDelete when its revision is lost',
      app: onDelete,
      pods: '0 Available, 1 Stopped @v1, 2 Available',
      revisions: ['v2'],
      does: 'create Pod web-1',
      waits: pending,
    },
    {
      it: 'counts the partition in members, not in ordinals, when some are excluded',
      app: { ...partition(2), ordinals: { excluded: [0] }, status: at('v1') },
      pods: '1 Available @v1, 2 -, 3 Available',
      does: 'create Pod web-2 at v1',
      waits: 'web-2 PodPending',
    },
  ]);

  test('before its turn is made only once its lost revision has been looked for by name', () => {
    const unless = (given: Given) => {
      const [action] = planned(see(world(given))).actions;
      return action?.type === 'createPod' ? action.unless : action?.type;
    };
    const lost = { app, pods: '0 Available, 1 Stopped @v1, 2 Available', revisions: ['v2'] };
    expect(unless(lost)).toBe(`web-${hashOf('v1')}`);
    expect(unless({ ...lost, revisions: ['v1', 'v2'] })).toBeUndefined();
    // Under that name stands a former app's, as far as the watch has told: it may have been let go since (seed 689).
    const seen = world({ ...lost, revisions: ['v1', 'v2'] });
    const foreign = rawRevision({ version: 'v1', number: 1 }) as { metadata: Raw };
    const ownerReferences = [{ kind: 'StatefulApp', name: 'web', uid: 'former-uid', controller: true }];
    seen.revisions.set(String(foreign.metadata['name']), {
      ...foreign,
      metadata: { ...foreign.metadata, ownerReferences },
    });
    const [action] = planned(see(seen)).actions;
    expect(action).toMatchObject({ type: 'createPod', revision: hashOf('v2'), unless: `web-${hashOf('v1')}` });
  });

  test('says so while it runs a revision that is stored nowhere any more, and that no update is to reach', () => {
    const notes = (given: NonNullable<Given['app']>) =>
      planned(see(world({ app: given, pods: '0 Available @v1, 1 Available @v1, 2 Available', revisions: ['v2'] })))
        .notes;
    const message = expect.stringMatching(`^web-0 \\(and 1 more\\) runs revision ${hashOf('v1')}, of which no `);
    expect(notes(partition(2))).toEqual([{ reason: 'RevisionLost', message }]);
    expect(notes(app)).toEqual([]);
    expect(notes(onDelete)).toEqual([]);
  });

  test('keeps its revision also when the label was taken off its pod', () => {
    const seen = world({ app, pods: '0 Available @v1' });
    const pod = seen.pods.get('web-0') as { metadata: { labels: Record<string, string> } };
    delete pod.metadata.labels['controller-revision-hash'];
    expect(planned(see(seen)).status.members?.[0]?.revision).toBe(hashOf('v1'));
  });
});

describe('a template', () => {
  const one = { replicas: 1, version: 'v2' };
  rows([
    {
      it: 'that is new is recorded',
      app: one,
      pods: '0 Available @v1',
      revisions: ['v1'],
      does: 'record ControllerRevision v2',
      waits: rollout,
      says: 'waits for its ControllerRevision to be stored',
    },
    { it: 'that is recorded is not recorded again', app: one, pods: '0 Available' },
    {
      it: 'that comes back takes its old revision, as the newest (A -> B -> A)',
      app: { ...one, version: 'v1' },
      pods: '0 Available @v1',
      revisions: ['v1', 'v2'],
      does: 'make newest ControllerRevision v1',
    },
    {
      it: 'is not said to be rolled out while updates are paused',
      app: { ...one, updateStrategy: { rollingUpdate: { paused: true } } },
      pods: '0 Available @v1',
    },
    {
      it: 'is not said to be rolled out below the partition',
      app: { ...one, updateStrategy: { rollingUpdate: { partition: 1 } } },
      pods: '0 Available @v1',
    },
    { it: 'is not said to be rolled out to a stranger', app: one, pods: '0 Foreign @v1', waits: 'web-0 NameTaken' },
  ]);

  const numbered = (given: Given) => planned(see(world(given))).actions[0];

  test('is recorded with the next number, whole and as written', () => {
    const action = numbered({ app: one, revisions: ['v1'] });
    expect(action).toMatchObject({
      type: 'createRevision',
      object: {
        metadata: { name: `web-${hashOf('v2')}`, ownerReferences: [{ uid: APP.uid }] },
        revision: 2,
        data: { spec: { template: template('v2'), volumeClaimTemplates: [] } },
      },
    });
  });

  test('is recorded also after a number that nothing can follow, which somebody wrote by hand', () => {
    const seen = world({ app: one, pods: '0 Available @v1', revisions: ['v1'] });
    for (const raw of seen.revisions.values()) Object.assign(raw, { revision: 2 ** 63 });
    expect(planned(see(seen)).actions[0]).toMatchObject({ type: 'createRevision', object: { revision: 1 } });
  });

  test('that shares its number with one that was hidden when it was recorded gets the next', () => {
    const seen = world({ app: one, pods: '0 Available', revisions: ['v1', 'v2'] });
    for (const raw of seen.revisions.values()) Object.assign(raw, { revision: 4 });
    const [action] = planned(see(seen)).actions;
    expect(action).toMatchObject({ type: 'renumberRevision', name: `web-${hashOf('v2')}`, patch: { revision: 5 } });
  });

  test('that comes back gets the next number', () => {
    const action = numbered({ app: { ...one, version: 'v1' }, revisions: ['v1', 'v2', 'v3'] });
    expect(action).toMatchObject({
      patch: { revision: 4, metadata: { uid: `web-${hashOf('v1')}-uid`, resourceVersion: '1' } },
    });
  });

  const owned = (ownerReferences: readonly Raw[]) => {
    const revision = rawRevision({ version: 'v2', number: 1 }) as { metadata: Raw };
    return { ...revision, metadata: { ...revision.metadata, ownerReferences } };
  };
  const withRevision = (raw: Raw, given: Given = {}) => {
    const seen = world({ app: one, revisions: [], ...given });
    seen.revisions.set(String((raw['metadata'] as Raw)['name']), raw);
    return planned(see(seen));
  };

  test('whose revision has no owner adopts it', () => {
    expect(deeds(withRevision(owned([])))).toEqual(['adopt ControllerRevision v2', 'create Pod web-0']);
  });

  test('leaves no old revision of ours without an owner, since members may still run it', () => {
    const old = rawRevision({ version: 'v1', number: 0 }) as { metadata: Raw };
    const orphan = { ...old, metadata: { ...old.metadata, ownerReferences: [] } };
    const result = withRevision(orphan, { pods: '0 Stopped @v1', revisions: ['v2'] });
    expect(deeds(result)).toEqual(['adopt ControllerRevision v1', 'create Pod web-0 at v1']);
  });

  test('whose revision belongs to a former app waits for its end, and nothing is made from it meanwhile', () => {
    const result = withRevision(owned([{ kind: 'StatefulApp', name: 'web', uid: 'former-uid', controller: true }]));
    expect([deeds(result), waiting(result)]).toEqual([[], ['RevisionTaken', 'web-0 PodPending']]);
    expect(result.status.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('False');
  });

  test('is known by its revision`s name, which nobody can change, not by its label', () => {
    const revision = rawRevision({ version: 'v2', number: 1 }) as { metadata: Raw };
    const { labels: _, ...metadata } = revision.metadata;
    // Labelled anew, so that the watch shows it again.
    expect(deeds(withRevision({ ...revision, metadata }))).toEqual(['adopt ControllerRevision v2', 'create Pod web-0']);
  });

  test('that nobody runs is kept as one of revisionHistoryLimit, and beyond that deleted, the oldest first', () => {
    const revisions = new Map(
      ['v1', 'v2', 'v3'].map((version, index) => [version, rawRevision({ version, number: index + 1 })]),
    );
    const done = (limit: number) => {
      const given = { app: { ...one, version: 'v3', revisionHistoryLimit: limit }, pods: '0 Available' };
      return deeds(planned(see({ ...world(given), revisions })));
    };
    expect(done(2)).toEqual([]);
    expect(done(1)).toEqual(['delete ControllerRevision v1']);
    expect(done(0)).toEqual(['delete ControllerRevision v2', 'delete ControllerRevision v1']);
  });

  test('that somebody runs, or is to come back at, is never deleted', () => {
    const given = {
      app: { replicas: 3, version: 'v3', revisionHistoryLimit: 0, updateStrategy: { rollingUpdate: { paused: true } } },
      pods: '0 Available @v1, 1 Gone @v2, 2 Available',
    };
    expect(deeds(planned(see(world(given))))).toEqual([]);
  });

  test('of a member that nobody wants any more is kept until the ledger has forgotten it: it may be wanted again', () => {
    const given = { app: { ...one, version: 'v3', revisionHistoryLimit: 0 }, pods: '0 Available, 1 Stopped @v2' };
    const seen = world({ ...given, revisions: ['v2', 'v3'] });
    expect(deeds(planned(see(seen)))).toEqual([]);
    expect(carryOut(seen).actions.map(({ type }) => type)).toEqual(['deleteRevision']);
  });

  describe('that is another way to write one that we have', () => {
    const aliased = (version: string, aliases: string) => {
      const revision = rawRevision({ version, number: 1 }) as { metadata: Raw };
      return { ...revision, metadata: { ...revision.metadata, annotations: { 'statefulapp.dev/aliases': aliases } } };
    };
    const digest = revisionDigest({ template: template('v2') as never, claimTemplates: [] });

    test('is that one: nobody moves, and nothing is recorded', () => {
      const result = withRevision(aliased('v1', `none,${digest}`), { pods: '0 Available @v1' });
      expect([deeds(result), waiting(result), result.status.updateRevision]).toEqual([[], [], `web-${hashOf('v1')}`]);
    });

    test('and whoever is made anew is made from what is stored, so that copies stay exact', () => {
      const { actions } = withRevision(aliased('v1', digest), { pods: '0 Stopped @v1' });
      expect(actions).toMatchObject([{ type: 'createPod', object: { spec: template('v1').spec } }]);
    });

    test('is tried beside those that it may equal: the newest, and the one that members run', () => {
      const given = {
        app: { ...one, version: 'v3', status: at('v1') },
        pods: '0 Available @v1',
        revisions: ['v1', 'v2'],
      };
      const action = numbered(given);
      expect(action).toMatchObject({
        type: 'createRevision',
        trial: {
          object: { kind: 'PodTemplate', template: { spec: template('v3').spec } },
          rivals: ['v1', 'v2'].map((version) => ({
            revision: { name: `web-${hashOf(version)}` },
            object: { template: { spec: template(version).spec } },
          })),
        },
      });
    });

    test('is tried with the volumes of its claims, and without host name and subdomain', () => {
      const app = { replicas: 1, volumes: ['data'], pod: { hostname: 'a', subdomain: 'b' } };
      const action = numbered({ app, revisions: [] });
      if (action?.type !== 'createRevision') throw new Error('no revision is recorded');
      const { spec } = (action.trial.object as { template: { spec: Raw } }).template;
      expect(spec).toEqual({
        ...template('v1').spec,
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      });
    });
  });

  test('that meets another content under its hash gets another hash, and keeps it', () => {
    const other = rawRevision({ version: 'v1', number: 1 }) as { metadata: Raw };
    const clash = { ...other, metadata: { ...other.metadata, name: `web-${hashOf('v2')}` } };
    const result = withRevision(clash);
    const hash = revisionHash({ template: template('v2') as never, claimTemplates: [] }, 1);
    expect(deeds(result)).toEqual([`record ControllerRevision ${hash}`, 'create Pod web-0']);
    expect(result.status).toMatchObject({ collisionCount: 1, updateRevision: `web-${hash}` });
  });

  test('after a collision, one that comes back still takes its old revision', () => {
    const result = planned(
      see(world({ app: { ...one, version: 'v1', status: { collisionCount: 1 } }, pods: '0 Available @v1' })),
    );
    expect(result.actions).toEqual([]);
    expect(result.status.updateRevision).toBe(`web-${hashOf('v1')}`);
  });
});

describe('currentRevision', () => {
  const current = (given: Given) => planned(see(world(given))).status.currentRevision;
  const done = { replicas: 1, version: 'v2' };

  test('becomes updateRevision when all wanted members run it and are ready', () => {
    expect(current({ app: { ...done, status: at('v1') }, pods: '0 Available', revisions: ['v1', 'v2'] })).toBe(
      `web-${hashOf('v2')}`,
    );
  });
  test.each([
    ['one is not ready', '0 NotReady'],
    ['one runs the old one', '0 Available @v1'],
    ['one is missing', '0 Stopped'],
    ['one too many is there', '0 Available, 1 Available'],
    ['an old one too many is there', '0 Available, 1 NotReady @v1'],
  ])('stays while %s', (_, pods) => {
    expect(current({ app: { ...done, status: at('v1') }, pods, revisions: ['v1', 'v2'] })).toBe(`web-${hashOf('v1')}`);
  });
  test('stays under OnDelete', () => {
    const onDeletion = { ...done, updateStrategy: { type: 'OnDelete' }, status: at('v1') };
    expect(current({ app: onDeletion, pods: '0 Available', revisions: ['v1', 'v2'] })).toBe(`web-${hashOf('v1')}`);
  });
});

// What people bring: manifests of StatefulSets with two words changed, the examples, and objects that are wrong in every
// way that the CRD refuses, stored before it did. Same cluster and operator as in semantics.test.ts, and a CRD that
// forgets its rules for a while.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { LABEL } from '../../src/api/names.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../src/kube/resources.ts';
import { APPS } from '../../src/operator/resources.ts';
import { app as bare, converted, examples, statefulSets } from '../api/apps.ts';
import { lax, replace, strict } from '../api/install.ts';
import { REFUSED_BY_RULE } from '../api/rows.ts';
import { apps, connect, DRY_RUN, type Server } from '../api/server.ts';
import { MALFORMED, REFUSED_BY_SHAPE } from '../api/shape-rows.ts';
import { A, goneOf, HELD, images, release, rolling, template, updated } from './semantics/rolling.ts';
import { app, condition, isReady, openStage, type Scene, type Stage } from './stage.ts';

vi.setConfig({ maxConcurrency: 16 });

let stage: Stage;
let server: Server;
let operator: OperatorProcess;
let well: Scene;
const rows = [...REFUSED_BY_RULE, ...REFUSED_BY_SHAPE];
const stored = new Map<string, Scene>();

/** What the schema says to one app too many tells which schema is in force. */
const probe = async () => (await server('POST', apps('default') + DRY_RUN, bare({ replicas: 999_999 }))).status;

beforeAll(async () => {
  stage = await openStage({ name: 'input', nodes: 9 });
  server = connect(stage.cluster.kubeconfig);
  await replace(server, lax(), async () => (await probe()) === 201);
  for (const row of rows) {
    const scene = await stage.namespace();
    stored.set(row.title, scene);
    await scene.create(APPS, row.app as unknown as KubeObject);
  }
  await replace(server, strict(), async () => (await probe()) === 422);
  operator = await startOperatorProcess(stage.cluster);
  well = await stage.namespace();
  await well.start(app());
});
afterAll(async () => {
  await operator?.end('SIGKILL');
  await stage?.end();
});

/** Objects that cannot take a status. Below zero, it is only the scale subresource that fails. */
const MUTE = new Set([...MALFORMED].filter((title) => title !== 'spec.replicas: must be at least 0'));

describe.concurrent('objects stored before a rule existed', () => {
  const found = (title: string): Scene => {
    const scene = stored.get(title);
    if (scene === undefined) throw new Error(`no object was stored for ${title}`);
    return scene;
  };
  const nothingWasMade = (scene: Scene) => {
    const made = (['pods', 'claims', 'services', 'revisions'] as const).flatMap((kind) => scene.made(kind));
    expect(made.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  };

  test.each(rows.filter(({ title }) => !MUTE.has(title)))('$title: a condition says what is wrong', async (row) => {
    const scene = found(row.title);
    const { status, message } = await scene.reason(row.app.metadata.name, 'Stalled', 'InvalidSpec');
    expect(status).toBe('True');
    expect(message).toContain(row.refused?.operator);
    expect(condition(scene.app(row.app.metadata.name), 'Ready')?.status).toBe('False');
    nothingWasMade(scene);
  });

  test.each(rows.filter(({ title }) => MUTE.has(title)))('$title: an Event says what no condition can', async (row) => {
    const scene = found(row.title);
    const told = await scene.until('a Warning', () => scene.events().find(({ reason }) => reason === 'StatusRefused'));
    expect(told['type']).toBe('Warning');
    expect(told['involvedObject']).toMatchObject({ kind: 'StatefulApp', name: row.app.metadata.name });
    expect(told['message']).toContain('correct the object with kubectl edit or apply. The API server says: ');
    nothingWasMade(scene);
  });
});

test('beside all of these, other apps go on', async () => {
  await well.twoRounds('web');
  await well.deletePod('web-2');
  await well.until('web-2 to be back', () => well.made('pods', 'web-2').length === 2 && isReady(well.pod('web-2')));
  expect(operator.log.filter(({ level }) => ['error', 'fatal', 'raw'].includes(level))).toEqual([]);
});

const core = (kind: string, plural: string): ApiResource => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
const CLASSES: ApiResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
};

interface ClaimSpec {
  readonly storageClassName?: string;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly accessModes?: readonly string[];
  readonly volumeMode?: string;
  readonly volumeAttributesClassName?: string;
}

/** The administrator: accounts that the manifest names, volumes for claims that nothing provisions, gates opened. */
async function administer(scene: Scene, account: unknown): Promise<() => void> {
  if (typeof account === 'string' && account !== 'default') {
    await scene.create(core('ServiceAccount', 'serviceaccounts'), { metadata: { name: account } });
  }
  const served = new Set<string>();
  const serve = () => {
    for (const claim of scene.claims()) {
      if (served.has(claim.metadata.uid)) continue;
      served.add(claim.metadata.uid);
      void stage.client.create(RESOURCES.persistentvolumes, volumeFor(claim));
    }
    for (const pod of scene.pods()) {
      const gates = (pod['spec'] as { schedulingGates?: readonly object[] }).schedulingGates ?? [];
      if (gates.length === 0 || served.has(pod.metadata.uid)) continue;
      served.add(pod.metadata.uid);
      void scene.patch(RESOURCES.pods, pod.metadata.name, { spec: { schedulingGates: [] } });
    }
  };
  return scene.listen(serve);
}

function volumeFor({ metadata, spec }: KubeObject) {
  const claim = (spec ?? {}) as ClaimSpec;
  const { name, namespace, uid } = metadata;
  const { storageClassName, volumeMode, volumeAttributesClassName, accessModes } = claim;
  return {
    metadata: { name: `for-${uid}`, labels: claim.selector?.matchLabels ?? {} },
    spec: {
      capacity: { storage: '1Ti' },
      accessModes,
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
      ...(volumeAttributesClassName === undefined ? {} : { volumeAttributesClassName }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
      // Only what a CSI driver serves has attributes.
      ...(volumeAttributesClassName === undefined
        ? { hostPath: { path: '/nowhere' } }
        : { csi: { driver: 'nowhere', volumeHandle: uid } }),
    },
  };
}

describe.concurrent('manifests', () => {
  beforeAll(async () => {
    for (const [index, zone] of [...'abcabcabc'].entries()) {
      await stage.cluster.kubectl(
        'label',
        'node',
        `node-${index}`,
        '--overwrite',
        `topology.kubernetes.io/zone=${zone}`,
      );
    }
    const room = { status: { capacity: { 'hugepages-2Mi': '1Ti' }, allocatable: { 'hugepages-2Mi': '1Ti' } } };
    for (let index = 0; index < 9; index += 1) {
      await stage.cluster.kubectl('patch', 'node', `node-${index}`, '--subresource=status', '-p', JSON.stringify(room));
    }
    const specs = statefulSets().flatMap(
      ([, { spec }]) => (spec['volumeClaimTemplates'] ?? []) as { spec: ClaimSpec }[],
    );
    const names = new Set(specs.map(({ spec }) => spec.storageClassName).filter((name) => name && name !== 'standard'));
    for (const name of names) {
      const metadata = { name: String(name) };
      await stage.client.create(CLASSES, { metadata, provisioner: 'kubernetes.io/no-provisioner' });
    }
  });

  const all = [
    ...examples().map(([file, example]) => [`examples/${file}`, example] as const),
    ...statefulSets().map(([file, set]) => [`test/manifests/${file}`, converted(set)] as const),
  ];
  test.each(all)('%s applies and becomes Ready, and a member that is deleted comes back', async (_, manifest) => {
    const scene = await stage.namespace();
    const { name, labels, annotations } = manifest.metadata;
    const { spec } = manifest.spec.template as { spec: { serviceAccountName?: string } };
    const end = await administer(scene, spec.serviceAccountName);
    const text = JSON.stringify({ ...manifest, metadata: { name, namespace: scene.name, labels, annotations } });
    await stage.cluster.apply(text);
    const { status } = await scene.ready(name, 90);
    const wanted = Number(manifest.spec['replicas'] ?? 1);
    expect(status).toMatchObject({ replicas: wanted, readyReplicas: wanted, updatedReplicas: wanted });
    const templates = (manifest.spec['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[];
    // Generic ephemeral volumes have claims too, which are their pod's.
    const own = () =>
      Object.entries(scene.uids('claims')).filter(
        ([claim]) => scene.claim(claim)?.metadata.labels?.[LABEL.app] === name,
      );
    const claims = own();
    expect(claims).toHaveLength(wanted * templates.length);
    const last = scene.podNames().at(-1) ?? '';
    const before = scene.pod(last)?.metadata.uid;
    await scene.deletePod(last);
    await scene.until(`${last} to be back`, () => isReady(scene.pod(last)) && scene.pod(last)?.metadata.uid !== before);
    expect(own()).toEqual(claims);
    end();
  });
});

describe('a budget that allows nothing or less, stored before the rule against it', () => {
  beforeAll(() => replace(server, lax(), async () => (await probe()) === 201));

  test.each([{ maxUnavailable: 0 }, { maxUnavailable: '0%' }, { maxUnavailable: -1 }, { partition: -1 }])(
    '%j, in the middle of an update: the update halts, a condition says why, and corrected it goes on',
    async (rollingUpdate) => {
      const scene = await stage.namespace();
      const [field = ''] = Object.keys(rollingUpdate);
      await scene.start(app({ spec: { ...A } }));
      await scene.edit('web', template('b:2', HELD));
      await scene.until('web-2 to be updated', () => scene.made('pods', 'web-2').length === 2);
      await scene.patch(APPS, 'web', { spec: rolling(rollingUpdate) });
      const { status, message } = await scene.reason('web', 'Stalled', 'InvalidSpec');
      expect([status, message]).toEqual(['True', expect.stringContaining(`rollingUpdate.${field}`)]);
      await scene.play('web-2', null);
      await scene.until('web-2 to be Ready', () => isReady(scene.pod('web-2')));
      await scene.twoRounds('web');
      expect([goneOf(scene), images(scene)]).toEqual([['web-2'], ['a:1', 'a:1', 'b:2']]);
      const end = release(scene);
      await scene.patch(APPS, 'web', { spec: rolling({ [field]: null }) });
      await updated(scene);
      end();
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
    },
  );
});

describe('a spec that is newer than the operator', () => {
  beforeAll(() => replace(server, lax(), async () => (await probe()) === 201));

  test.each([
    ['an unknown value', { podManagementPolicy: 'Sideways' }, { podManagementPolicy: 'OrderedReady' }],
    ['an unknown field', { maxSurge: 1 }, { maxSurge: null }],
  ])('%s stalls the app and leaves its members untouched, until it is corrected', async (_, newer, corrected) => {
    const scene = await stage.namespace();
    await scene.start(app());
    await scene.patch(APPS, 'web', { spec: { ...newer, replicas: 1 } });
    const { message } = await scene.reason('web', 'Stalled', 'InvalidSpec');
    expect(message).toContain(Object.keys(newer)[0]);
    const ledger = scene.app('web')?.status?.members;
    expect(ledger).toHaveLength(3);
    await scene.deletePod('web-1');
    await scene.until('web-1 to go', () => scene.pod('web-1') === undefined);
    await scene.twoRounds('web');
    expect(scene.podNames().filter((name) => name.startsWith('web'))).toEqual(['web-0', 'web-2']);
    expect(scene.app('web')?.status?.members).toEqual(ledger);
    await scene.patch(APPS, 'web', { spec: { ...corrected, replicas: 3 } });
    await scene.ready('web');
    expect(scene.made('pods', 'web-1')).toHaveLength(2);
    expect(scene.made('claims')).toHaveLength(3);
  });
});

// What users ask of an app, and what they break by hand, so that each right of the operator's account is used for what it is there
// for. Lacks the rules of each: test/integration/semantics.test.ts.
import { expect, test } from 'vitest';
import { until } from '../../cluster/requests.ts';
import { field } from '../probe.ts';
import { type ChartStage, ready, replaced, uidOf } from './stage.ts';
import { change } from './web.ts';

const LABEL = 'statefulapp.dev/name';
const NAME = String.raw`.metadata.labels.statefulapp\.dev/name`;
const WAIT_MS = 60_000;

export function aboutRequests(stage: () => ChartStage): void {
  const asked = (object: string, path: string) => field(stage().cluster, object, path);
  const becomes = (object: string, path: string, value: string) =>
    until(
      async () => (await asked(object, path)) === value,
      WAIT_MS,
      () => `${path} of ${object} is not ${value} after ${WAIT_MS / 1000} s`,
    );

  test('what was changed by hand on a pod, the Service and a revision is put right', async () => {
    const { cluster } = stage();
    const revision = `controllerrevision/${await asked('sapp/web', '.status.currentRevision')}`;
    for (const object of ['pod/web-1', 'service/web', revision]) await cluster.kubectl('label', object, `${LABEL}-`);
    await cluster.kubectl('patch', 'service/web', '-p', '{"spec": {"publishNotReadyAddresses": false}}');
    for (const object of ['pod/web-1', 'service/web', revision]) await becomes(object, NAME, 'web');
    await becomes('service/web', '.spec.publishNotReadyAddresses', 'true');
  });

  test('an update: members get the template, and the old revision goes', async () => {
    const { cluster } = stage();
    const [former, pods] = [await asked('sapp/web', '.status.currentRevision'), await uidsOfPods(stage())];
    const template = { metadata: { annotations: { 'e2e/again': 'yes' } } };
    await change(stage(), { spec: { template, revisionHistoryLimit: 0 } });
    await ready(stage(), 'web');
    expect((await uidsOfPods(stage())).filter((uid) => pods.includes(uid))).toEqual([]);
    await cluster.kubectl('wait', '--for=delete', `controllerrevision/${former}`, '--timeout=60s');
  });

  test('claims grow with their template', async () => {
    const template = (storage: string) => ({
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    });
    await change(stage(), { spec: { volumeClaimTemplates: [template('2Gi')] } });
    for (const claim of ['pvc/data-web-0', 'pvc/data-web-1'])
      await becomes(claim, '.spec.resources.requests.storage', '2Gi');
  });

  test('a member is made anew on request: another claim, another pod', async () => {
    const { cluster } = stage();
    const [claim, pod] = [await uidOf(stage(), 'pvc/data-web-1'), await uidOf(stage(), 'pod/web-1')];
    await cluster.kubectl('annotate', 'sapp/web', `statefulapp.dev/rebuild=data-web-1=${claim}`);
    await replaced(stage(), 'web-1', pod);
    expect(await uidOf(stage(), 'pvc/data-web-1')).not.toBe(claim);
    await ready(stage(), 'web');
  });

  test('a member is removed by name, and its claim ends with it; the other one is left alone', async () => {
    const { cluster } = stage();
    const kept = await Promise.all(['pod/web-1', 'pvc/data-web-1'].map((object) => uidOf(stage(), object)));
    await change(stage(), { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } } });
    await change(stage(), { spec: { replicas: 1, ordinals: { excluded: [0] } } });
    await cluster.kubectl('wait', '--for=delete', 'pod/web-0', 'pvc/data-web-0', '--timeout=60s');
    await ready(stage(), 'web');
    expect(await Promise.all(['pod/web-1', 'pvc/data-web-1'].map((object) => uidOf(stage(), object)))).toEqual(kept);
    // Wanted again, it is a new member.
    await change(stage(), { spec: { replicas: 2, ordinals: null } });
    await ready(stage(), 'web');
  });
}

async function uidsOfPods({ cluster }: ChartStage): Promise<readonly string[]> {
  const uids = await cluster.kubectl('get', 'pods', '-l', `${LABEL}=web`, '-o', 'jsonpath={.items[*].metadata.uid}');
  return uids.split(' ');
}

// The chart's admission policy under a user of a real cluster who may do everything with StatefulApps, and nothing with pods: refused
// in words where pods would be made, and free to delete; a deletion of any kind finishes. Lacks the table of all that is refused:
// test/chart/cluster/policy.test.ts.
import { expect, test } from 'vitest';
import { kubectl } from '../../cluster/kubectl.ts';
import { until } from '../../cluster/requests.ts';
import { field } from '../probe.ts';
import { belongings, type ChartStage, ready, uidOf } from './stage.ts';
import { web } from './web.ts';

const USER = 'developer';
const REFUSED =
  'developer may not create pods in namespace default, and a StatefulApp makes pods there; ask for the right to create pods, ' +
  'or let somebody apply it who has it';
const OTHER_IMAGE = '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "other:1"}]';

export function aboutThePolicy(stage: () => ChartStage): void {
  const developer = async (args: readonly string[], input = '') => {
    const kubeconfig = await stage().cluster.kubeconfigFor(USER);
    return await kubectl({ kubeconfig, args, input, progress: console.log });
  };
  const deleted = (cascade: string) => developer(['delete', 'sapp/web', `--cascade=${cascade}`, '--timeout=60s']);
  const ofWeb = () => belongings(stage(), 'web');

  test('a user who may create StatefulApps, but not pods, can neither create an app nor change its template', async () => {
    const { cluster } = stage();
    const resources = '--resource=statefulapps.statefulapp.dev,statefulapps.statefulapp.dev/scale';
    await cluster.kubectl('create', 'role', USER, '--verb=*', resources);
    await cluster.kubectl('create', 'rolebinding', USER, `--role=${USER}`, `--user=${USER}`);
    await expect(developer(['create', '-f', '-'], web(stage()))).rejects.toThrow(REFUSED);
    expect(await uidOf(stage(), 'sapp/web')).toBe('');
    await cluster.apply(web(stage()));
    await ready(stage(), 'web');
    await expect(developer(['patch', 'sapp/web', '--type=json', '-p', OTHER_IMAGE])).rejects.toThrow(REFUSED);
    expect(await field(cluster, 'sapp/web', '.metadata.generation')).toBe('1');
  });

  test('orphan deletion finishes under it; pods and claims stay as they are, and are those of the app made anew', async () => {
    const { cluster } = stage();
    const before = await ofWeb();
    expect(before).toHaveLength(4);
    await deleted('orphan');
    expect(await ofWeb()).toEqual(before);
    expect(await owners(stage())).toEqual([]);
    await cluster.apply(web(stage()));
    await ready(stage(), 'web');
    expect(await ofWeb()).toEqual(before);
    // Two pods, the Service, the revision.
    expect(await owners(stage())).toEqual(Array(4).fill(await uidOf(stage(), 'sapp/web')));
  });

  test('foreground deletion finishes under it; claims stay, and are those of the app made anew', async () => {
    const { cluster } = stage();
    const claims = (await ofWeb()).filter((one) => one.startsWith('PersistentVolumeClaim'));
    expect(claims).toHaveLength(2);
    await deleted('foreground');
    const isGone = async () => (await ofWeb()).length === 2 && (await owners(stage())).length === 0;
    await until(isGone, 60_000, () => 'more than the claims of a deleted app is left after 60 s');
    expect(await ofWeb()).toEqual(claims);
    await cluster.apply(web(stage()));
    await ready(stage(), 'web');
    expect((await ofWeb()).filter((one) => one.startsWith('PersistentVolumeClaim'))).toEqual(claims);
  });
}

/** The UIDs of all owners of what an app owns. */
async function owners({ cluster }: ChartStage): Promise<readonly string[]> {
  const kinds = 'pods,services,controllerrevisions';
  const path = 'jsonpath={.items[*].metadata.ownerReferences[*].uid}';
  const uids = await cluster.kubectl('get', kinds, '-l', 'statefulapp.dev/name=web', '-o', path);
  return uids.split(/\s+/).filter((uid) => uid !== '');
}

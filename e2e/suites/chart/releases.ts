// What Helm does to an operator that has members: they are left alone, whether it is upgraded, removed or installed again.
import { expect, test } from 'vitest';
import { until } from '../../cluster/requests.ts';
import { belongings, type ChartStage, ready, replaced, uidOf } from './stage.ts';

export function aboutTheRelease(stage: () => ChartStage): void {
  const everything = async () => [...(await belongings(stage(), 'etcd')), ...(await belongings(stage(), 'web'))];

  test('an upgrade rolls the operator, and no member', async () => {
    const { release } = stage();
    const [before, operators] = [await everything(), (await release.pods()).map(({ metadata }) => metadata.name)];
    expect(before).toHaveLength(10);
    await release.upgrade('--set=logLevel=debug');
    await until(
      async () => (await release.pods()).length === 2,
      60_000,
      () => 'the replaced pods are left after 60 s',
    );
    expect((await release.pods()).filter(({ metadata }) => operators.includes(metadata.name))).toEqual([]);
    await release.test();
    expect(await everything()).toEqual(before);
  });

  test('an uninstall leaves the kind, apps, pods and claims alone; installed again, it goes on where it was', async () => {
    const { cluster, release } = stage();
    const [before, apps] = [await everything(), await cluster.kubectl('get', 'sapp', '-o', 'name')];
    await release.uninstall();
    const isGone = async () => (await release.pods()).length === 0;
    await until(isGone, 60_000, () => 'pods of the operator are left 60 s after the uninstall');
    expect(await cluster.kubectl('get', 'sapp', '-o', 'name')).toBe(apps);
    expect(await everything()).toEqual(before);
    const former = await uidOf(stage(), 'pod/web-0');
    await cluster.kubectl('delete', 'pod/web-0');
    const others = await everything();
    expect(before.filter((one) => !others.includes(one))).toEqual([`Pod web-0 ${former}, 0 restarts`]);
    await release.install();
    await replaced(stage(), 'web-0', former);
    await ready(stage(), 'web');
    expect(others.filter((one) => !before.includes(one))).toEqual([]);
    expect(await everything()).toEqual(expect.arrayContaining([...others]));
  });
}

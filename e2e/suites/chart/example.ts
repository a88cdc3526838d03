// An example as it is: its members come up in order, find each other by name, and hold what is written through each of them.
import { expect, test } from 'vitest';
import { field } from '../probe.ts';
import {
  addressOf,
  applyEtcd,
  type Birth,
  followBirths,
  onDisk,
  readAt,
  resolvedIn,
  write,
  writtenThrough,
} from './etcd.ts';
import { type ChartStage, ready } from './stage.ts';

const MEMBERS = ['etcd-0', 'etcd-1', 'etcd-2'];
/** What is in etcd from its first test on. */
export const WRITTEN = writtenThrough(MEMBERS);

export function aboutTheExample(stage: () => ChartStage): void {
  test('kubectl apply of examples/etcd: each member is made once those before it are Ready', async () => {
    const births = await followBirths(stage().cluster, 'etcd');
    try {
      await applyEtcd(stage());
      await ready(stage(), 'etcd');
    } finally {
      await births.end();
    }
    const inOrder = MEMBERS.map((name, at): Birth => [name, MEMBERS.slice(0, at)]);
    expect(births.seen).toEqual(inOrder);
  });

  test('each member finds all others by name, from inside its pod', async () => {
    const { cluster } = stage();
    const addresses = await Promise.all(MEMBERS.map((name) => addressOf(cluster, name)));
    expect(new Set(addresses).size).toBe(3);
    for (const domain of ['etcd', 'etcd.default.svc.cluster.local']) {
      const names = MEMBERS.map((name) => `${name}.${domain}`);
      for (const member of MEMBERS) expect(await resolvedIn(cluster, member, names)).toEqual(addresses);
    }
  });

  test('what is written through each member, all members have, each on its own volume', async () => {
    const { cluster } = stage();
    for (const member of MEMBERS) await write(cluster, member);
    for (const member of MEMBERS) {
      expect(await readAt(cluster, member)).toEqual(WRITTEN);
      expect(await onDisk(cluster, member, MEMBERS)).toEqual(MEMBERS);
    }
    const volumes = await Promise.all(
      MEMBERS.map((member) => field(cluster, `pvc/data-${member}`, '.spec.volumeName')),
    );
    expect(new Set(volumes).size).toBe(3);
  });
}

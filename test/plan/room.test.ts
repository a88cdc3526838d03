// The ledger has the room of one object: what is made, what waits and what is left out when members that go and members
// that come are too many for it together. 16 volumes each make 447 members as many as fit.

import { describe, expect, test } from 'vitest';
import { LEDGER } from '../../src/api/names.ts';
import { statusSchema } from '../../src/api/status.ts';
import type { Plan } from '../../src/plan/types.ts';
import { type Given, planned, see, waiting, world } from './world.ts';

const volumes = Array.from({ length: 16 }, (_, index) => `volume-${index}`);
const moved = { replicas: 447, volumes, ordinals: { start: 447 } };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const all = (from: number, to: number, state: string) => range(from, to).map((ordinal) => `${ordinal} ${state}`);
const of = (given: Given, pods: readonly string[]) => planned(see(world({ ...given, pods: pods.join(', ') })));
const doing = ({ actions }: Plan, type: string) =>
  actions.flatMap((action) => (action.type === type && 'ordinal' in action ? [action.ordinal] : []));

describe('while the ledger is full of members that are not wanted', () => {
  test('none is made, and one says why', () => {
    const result = of({ app: { ...moved, podManagementPolicy: 'Parallel' } }, all(0, 447, 'Available'));
    expect(doing(result, 'createPod')).toEqual([]);
    expect(doing(result, 'deletePod')).toHaveLength(447);
    expect(result.waits[0]).toMatchObject({ ordinal: 447, reason: 'PodPending' });
    expect(result.waits[0]?.message).toContain('the status has no room to record it');
    expect(waiting(result)).not.toContain('web-448 PodPending');
    expect(result.status.members).toHaveLength(447);
  });

  test('as many are made as have gone', () => {
    const result = of({ app: { ...moved, podManagementPolicy: 'Parallel' } }, all(0, 439, 'Terminating'));
    expect(doing(result, 'createPod')).toEqual(range(447, 455));
  });

  test('under OrderedReady too the unwanted go, although what is wanted is not there', () => {
    const full = of({ app: moved }, all(0, 447, 'Available'));
    expect([doing(full, 'createPod'), doing(full, 'deletePod')]).toEqual([[], [446]]);
    const next = of({ app: moved }, all(0, 446, 'Available'));
    expect([doing(next, 'createPod'), doing(next, 'deletePod')]).toEqual([[447], []]);
    const unready = of({ app: moved }, [...all(0, 446, 'Available'), '447 NotReady']);
    expect([doing(unready, 'createPod'), doing(unready, 'deletePod')]).toEqual([[], []]);
  });

  test('a member that the ledger knows is made again: its entry is there', () => {
    const pods = [...all(0, 446, 'Available'), '447 Stopped'];
    const result = of({ app: { ...moved, podManagementPolicy: 'Parallel' } }, pods);
    expect(doing(result, 'createPod')).toEqual([447]);
  });
});

describe('the stored ledger', () => {
  const parallel = { replicas: 4000, podManagementPolicy: 'Parallel', ordinals: { start: 4000 } };

  test('takes members beyond those that are wanted, and has the size of one object', () => {
    const result = of({ app: parallel }, all(0, 4000, 'Available'));
    expect(doing(result, 'createPod')).toEqual(range(4000, 4285));
    expect(result.status.members).toHaveLength(4285);
    expect(statusSchema.safeParse(JSON.parse(JSON.stringify(result.status))).success).toBe(true);
    expect(JSON.stringify(result.status.members).length).toBeLessThan(LEDGER.bytes);
  });

  test('leaves out what only tells a story, the highest first, and nothing that remembers', () => {
    const app = { replicas: 4000, podManagementPolicy: 'Parallel' };
    const refused = range(3000, 4000).map((ordinal) => `createPod/web-${ordinal}`);
    const result = of({ app, refused }, [...all(0, 3000, 'Stopped'), ...all(4000, 5200, 'Available')]);
    const members = result.status.members ?? [];
    const ordinals = members.map(({ ordinal }) => ordinal);
    expect(ordinals).toEqual([...range(0, 3085), ...range(4000, 5200)]);
  });
});

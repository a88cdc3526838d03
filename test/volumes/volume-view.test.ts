// The fingerprint of a disk: the same for a volume that was restored, another for one made anew under its name.

import { describe, expect, test } from 'vitest';
import { readVolume } from '../../src/volumes/volume-view.ts';

const volume = (uid: string, spec: object = {}) => ({ metadata: { name: 'pv-1', uid }, spec });
const csi = (volumeHandle: unknown, driver: unknown = 'ebs.csi.aws.com') => ({ csi: { driver, volumeHandle } });
const diskOf = (raw: unknown) => readVolume(raw).disk;

describe('a disk', () => {
  test('is its driver and handle: a volume restored under another UID is the same', () => {
    expect(diskOf(volume('a', csi('vol-1')))).toBe(diskOf(volume('b', csi('vol-1'))));
  });

  test.each([
    ['another handle', csi('vol-2')],
    ['another driver', csi('vol-1', 'pd.csi.storage.gke.io')],
    ['no driver', { csi: { volumeHandle: 'vol-1' } }],
    ['no handle', { csi: { driver: 'ebs.csi.aws.com' } }],
    ['a handle that is no text', csi(7)],
    ['another kind of volume', { hostPath: { path: '/data' } }],
  ])('with %s is another', (_, spec) => {
    expect(diskOf(volume('a', spec))).not.toBe(diskOf(volume('a', csi('vol-1'))));
  });

  test('without a handle is the object: one made again under the name is another', () => {
    const local = { local: { path: '/mnt/disk' } };
    expect(diskOf(volume('a', local))).toBe(diskOf(volume('a', local)));
    expect(diskOf(volume('a', local))).not.toBe(diskOf(volume('b', local)));
  });

  test('is ten hex digits, however long its handle', () => {
    expect(diskOf(volume('a', csi('x'.repeat(100_000))))).toMatch(/^[0-9a-f]{10}$/);
  });

  test('of driver and handle is not that of what they make when they are joined', () => {
    expect(diskOf(volume('a', csi('c', 'a\nb')))).not.toBe(diskOf(volume('a', csi('bc', 'a'))));
    // A UID has no line break, so no volume without a handle has the fingerprint of one with it.
    expect(diskOf(volume('a\nb'))).toBe(diskOf(volume('z', csi('b', 'a'))));
  });
});

test.each([
  ...[undefined, null, 7, 'pv', [], {}, { metadata: null, spec: [] }, { metadata: { name: 7, uid: {} } }],
  { spec: { csi: 'x' } },
  JSON.parse('{"__proto__": {"metadata": {"name": "pv-1", "uid": "a"}}}'),
])('%j is read as a volume without a name, and a disk that no other has', (raw) => {
  const { name, disk } = readVolume(raw);
  expect([name, disk]).toEqual(['', expect.stringMatching(/^[0-9a-f]{10}$/)]);
  expect(disk).not.toBe(diskOf(volume('a')));
});

// What is read of a claim beside whose it is: how far a resize has come, and what is the binder's and not people's.

import { describe, expect, test } from 'vitest';
import { readClaim, withoutBinder } from '../../src/volumes/claim-view.ts';

const resizing = (status: unknown) => readClaim({ status }).resizing;
const condition = (type: string, more: object = {}) => ({ type, status: 'True', ...more });

describe('of a resize is told', () => {
  test.each<readonly [told: string | null, status: unknown]>([
    [null, {}],
    [null, { conditions: [] }],
    [null, { conditions: [condition('Bound')] }],
    [null, { conditions: [condition('Resizing', { status: 'False' })] }],
    ['Resizing', { conditions: [condition('Resizing')] }],
    ['Resizing: at work', { conditions: [condition('Resizing', { message: 'at work' })] }],
    ['FileSystemResizePending', { conditions: [condition('Resizing'), condition('FileSystemResizePending')] }],
    [
      'ControllerResizeError: no room',
      { conditions: [condition('Resizing'), condition('ControllerResizeError', { message: 'no room' })] },
    ],
    [
      'NodeResizeError: broken',
      { conditions: [condition('FileSystemResizePending'), condition('NodeResizeError', { message: 'broken' })] },
    ],
    ['NodeResizePending', { allocatedResourceStatuses: { storage: 'NodeResizePending' } }],
    [
      'NodeResizePending',
      { allocatedResourceStatuses: { storage: 'NodeResizePending' }, conditions: [condition('Resizing')] },
    ],
    [
      'ControllerResizeInfeasible, ControllerResizeError: too big',
      {
        allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' },
        conditions: [condition('ControllerResizeError', { message: 'too big' })],
      },
    ],
    [null, { allocatedResourceStatuses: { 'example.com/x': 'NodeResizePending' } }],
    [null, { allocatedResourceStatuses: { storage: 7 }, conditions: 'x' }],
    [null, { conditions: [null, 7, 'Resizing', [], { type: 7, status: 'True' }] }],
    ['Resizing', { conditions: [condition('Resizing', { message: { text: 'x' } })] }],
  ])('%j (%#)', (told, status) => {
    expect(resizing(status)).toBe(told);
  });

  test('no more than a sentence of an error, and no half of a character', () => {
    const message = `${'x'.repeat(159)}\u{1f4be}${'y'.repeat(1000)}`;
    const told = resizing({ conditions: [condition('NodeResizeError', { message })] });
    expect(told).toBe(`NodeResizeError: ${'x'.repeat(159)}\ufffd`);
  });
});

describe('a claim', () => {
  test('is read without what the volume binder and the scheduler note on it', () => {
    const binder = {
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
      'volume.kubernetes.io/selected-node': 'node-a',
      'volume.kubernetes.io/storage-provisioner': 'x',
      'volume.beta.kubernetes.io/storage-provisioner': 'x',
      'volume.kubernetes.io/storage-resizer': 'x',
    };
    expect({ ...readClaim({ metadata: { annotations: { ...binder, note: 'mine' } } }).annotations }).toEqual({
      note: 'mine',
    });
    // What people may set there stays theirs.
    expect({ ...withoutBinder({ 'volume.kubernetes.io/mine': 'x' }) }).toEqual({ 'volume.kubernetes.io/mine': 'x' });
  });

  test.each([
    ['data,wal', ['data', 'wal']],
    ['data', ['data']],
    [',data,,', ['data']],
    ['', []],
  ])('stamped with claims %j was made with %j', (stamp, siblings) => {
    expect(readClaim({ metadata: { annotations: { 'statefulapp.dev/claims': stamp } } }).siblings).toEqual(siblings);
  });

  test('has the size, the class and the modes that are texts, and no others', () => {
    const spec = {
      resources: { requests: { storage: '1Gi' } },
      storageClassName: '',
      volumeAttributesClassName: '',
      accessModes: ['ReadWriteOnce', 7, null],
    };
    expect(readClaim({ spec, status: { capacity: { storage: '2Gi' } } })).toMatchObject({
      request: '1Gi',
      capacity: '2Gi',
      // Without a class is not the default one; without attributes is no class of them.
      storageClass: '',
      attributesClass: null,
      accessModes: ['ReadWriteOnce'],
    });
  });
});

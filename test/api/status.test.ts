import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseApp } from '../../src/api/schema.ts';
import { parseStatus, statusSchema } from '../../src/api/status.ts';
import { app, stored } from './apps.ts';

const MEMBER = {
  ordinal: 1,
  pod: 'web-1',
  podUID: 'u1',
  node: 'node-0',
  revision: 'abc',
  state: 'Running',
  since: '2026-11-22T10:00:00Z',
  restarts: 2,
  failures: 0,
  complete: true,
  claims: [{ name: 'data', uid: 'c1', volume: 'pv-1 handle-1' }],
};

describe('parseStatus', () => {
  test('gives a well-typed status as it is', () => {
    const status = {
      observedGeneration: 3,
      replicas: 2,
      appUID: 'u',
      members: [MEMBER],
      conditions: [{ type: 'Ready', status: 'True', reason: 'AllReady', lastTransitionTime: '2026-11-22T10:00:00Z' }],
    };
    expect(parseStatus(status)).toEqual(status);
  });

  test.each([undefined, null, 5, 'text', [], [MEMBER]])('%j is an empty status', (value) => {
    expect(parseStatus(value)).toEqual({});
  });

  test('drops what is mistyped, and nothing else', () => {
    const status = {
      replicas: 'two',
      readyReplicas: 1.5,
      updatedReplicas: 2,
      selector: 7,
      appUID: 'u',
      members: [
        { ...MEMBER, restarts: 'many', complete: 'yes', node: null },
        { ...MEMBER, ordinal: '2' },
        { pod: 'web-3' },
        null,
        { ordinal: 4, claims: 'none' },
        { ordinal: 5, claims: [{ uid: 'x' }, { name: 'data', uid: 5 }] },
      ],
      conditions: { Ready: 'True' },
    };
    const { restarts: _, complete: __, node: ___, ...kept } = MEMBER;
    expect(parseStatus(status)).toEqual({
      updatedReplicas: 2,
      appUID: 'u',
      members: [kept, { ordinal: 4 }, { ordinal: 5, claims: [{ name: 'data' }] }],
    });
  });

  test.each([1, 'x'])('keeps the fields of a newer operator (restarts: %j)', (restarts) => {
    const newer = '{"ordinal":1,"role":"leader","__proto__":{"a":1},"claims":[{"name":"data","fence":{"b":2}}]}';
    const status = { leader: 'web-1', members: [JSON.parse(newer), { ordinal: 2, restarts }] };
    const read = parseStatus(status);
    expect(JSON.stringify(read.members?.[0])).toBe(newer);
    expect(read).toHaveProperty('leader', 'web-1');
  });

  test.each([0, 'x'])('one member an ordinal: the first (restarts: %j)', (restarts) => {
    const members = [
      { ordinal: 1, node: 'a' },
      { ordinal: 1, node: 'b' },
      { ordinal: 2, restarts },
    ];
    expect(parseStatus({ members }).members?.map(({ ordinal, node }) => [ordinal, node])).toEqual([
      [1, 'a'],
      [2, undefined],
    ]);
  });

  test('reads all members that can be stored, also those beyond the wanted ones, and no more', () => {
    const members = (length: number) => ({ members: Array.from({ length }, (_, ordinal) => ({ ordinal })) });
    expect(statusSchema.safeParse(members(8000)).success).toBe(true);
    expect(statusSchema.safeParse(members(8001)).success).toBe(false);
    expect(parseStatus(members(8001)).members).toHaveLength(8000);
  });

  test('drops an unknown field that is nested so deep that it could not be written again', () => {
    const deep = JSON.parse(`${'['.repeat(9000)}${']'.repeat(9000)}`);
    const status = {
      replicas: 1,
      deep,
      members: [{ ...MEMBER, deep, claims: [{ name: 'data', deep }] }],
      conditions: [{ type: 'Mine', status: 'True', deep }],
    };
    expect(parseStatus(status)).toEqual({
      replicas: 1,
      members: [{ ...MEMBER, claims: [{ name: 'data' }] }],
      conditions: [{ type: 'Mine', status: 'True' }],
    });
  });

  test('never throws, and reads its own answer as the same', () => {
    const field = fc.constantFrom('ordinal', 'pod', 'restarts', 'claims', 'complete', 'name', 'uid', 'new');
    const item = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
    const list = fc.oneof(fc.jsonValue(), fc.array(item));
    const status = fc.record({ replicas: fc.jsonValue(), members: list, conditions: list, other: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), status), (value) => {
        const once = parseStatus(value);
        expect(parseStatus(once)).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });

  test('a bad status does not make a bad app', () => {
    const parsed = parseApp({ ...stored(app()), status: { members: 'all' } });
    expect(parsed.ok && parsed.app.status).toEqual({});
  });
});

// The demo's table: rows out of what is there, lines that never wrap.
import { describe, expect, test } from 'vitest';
import { type Paint, renderTable, rowsOf } from '../../e2e/demo/table.ts';
import { healthy, without } from './samples.ts';

const plain: Paint = (_style, text) => text;
const well = healthy(2);
const rows = rowsOf(well);
const message = 'web-2 waits for web-1 to be Available, as podManagementPolicy OrderedReady asks.';
const waiting = { ordinal: 2, pod: 'web-2 –', dns: 'web-2.web → –', claims: '–', state: 'Waiting', waitsFor: message };

test('a row says who a member is, where it is and how it is', () => {
  expect(rows[1]).toEqual({
    ordinal: 1,
    pod: 'web-1 pod-uid-',
    dns: 'web-1.web → 10.0.0.1',
    claims: 'data-web-1 claim-ui Bound',
    state: 'Available',
    waitsFor: '',
  });
});

test('a member without a pod keeps its row as long as it has a claim or is in the status', () => {
  const view = {
    ...well,
    pods: without(well.pods, 'web-1'),
    addresses: new Map([['web-1.web.default.svc.cluster.local', null]]),
  };
  expect(rowsOf(view)[1]).toMatchObject({ pod: 'web-1 –', dns: 'web-1.web → –', state: 'Available' });
  expect(rowsOf({ ...view, app: { ...well.app, status: {} } as typeof well.app })[1]).toMatchObject({ state: '–' });
  expect(rowsOf({ ...view, claims: new Map() })).toHaveLength(2);
  expect(rowsOf({ ...view, claims: new Map(), app: { ...well.app, status: {} } as typeof well.app })).toHaveLength(1);
});

test('names of others are no rows, and an answer that did not come is no address', () => {
  const view = {
    ...well,
    pods: new Map([...well.pods, ['web-x', well.pods.get('web-0')], ['other-7', undefined]]),
  } as typeof well;
  expect(rowsOf(view).map(({ ordinal }) => ordinal)).toEqual([0, 1]);
  expect(rowsOf({ ...well, addresses: new Map() })[0]?.dns).toBe('web-0.web → ?');
});

describe('the table', () => {
  test('shows everything when there is room', () => {
    expect(renderTable([...rows, waiting], 200, plain)).toEqual([
      '#  POD             DNS NAME → ADDRESS      CLAIM                        STATE        WAITS FOR',
      '0  web-0 pod-uid-  web-0.web → 10.0.0.0    data-web-0 claim-ui Bound    Available',
      '1  web-1 pod-uid-  web-1.web → 10.0.0.1    data-web-1 claim-ui Bound    Available',
      `2  web-2 –         web-2.web → –           –                            Waiting      ${message}`,
    ]);
  });

  test('shortens the message first', () => {
    expect(renderTable([...rows, waiting], 120, plain)[3]).toBe(
      `2  web-2 –         web-2.web → –           –                            Waiting      ${message.slice(0, 34)}…`,
    );
  });

  test('on a narrow terminal has the message below the row, and keeps addresses and UIDs', () => {
    expect(renderTable([...rows, waiting], 79, plain)).toEqual([
      '#  POD             DNS NAME → ADDRESS      CLAIM                    STATE',
      '0  web-0 pod-uid-  web-0.web → 10.0.0.0    data-web-0 claim-ui Bo…  Available',
      '1  web-1 pod-uid-  web-1.web → 10.0.0.1    data-web-1 claim-ui Bo…  Available',
      '2  web-2 –         web-2.web → –           –                        Waiting',
      '   ↳ web-2 waits for web-1 to be Available, as podManagementPolicy OrderedRead…',
    ]);
  });

  test.each([0, 1, 2, 5, 10, 20, 30, 40, 60, 79, 80, 81, 100, 120])('never wraps at a width of %i', (width) => {
    for (const line of renderTable([...rows, waiting], width, plain)) expect(line.length).toBeLessThanOrEqual(width);
  });

  test('is the same size whether a message is there or not, for as long as nothing is longer than usual', () => {
    const [one, other] = [rows, [...rows, waiting]].map((some) => renderTable(some, 200, plain)[1]);
    expect(one).toBe(other);
  });

  test('paints the state and keeps the columns', () => {
    const painted = renderTable([...rows, waiting], 200, (style, text) => `<${style}>${text}</>`);
    expect(painted[1]).toContain('<green>Available  </>');
    expect(painted[3]).toContain('<yellow>Waiting    </>');
  });
});

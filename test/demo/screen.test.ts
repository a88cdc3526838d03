// The demo's screen: in place on a terminal, plain lines elsewhere.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Screen } from '../../e2e/demo/screen.ts';
import { rowsOf } from '../../e2e/demo/table.ts';
import { healthy } from './samples.ts';

const two = rowsOf(healthy(2));
const changed = two.map((row, index) => (index === 1 ? { ...row, state: 'Terminating' } : row));
const ESC = '\x1b';

function record(terminal: object = {}, env: Readonly<Record<string, string>> = {}) {
  const written: string[] = [];
  const screen = new Screen({ write: (text: string) => written.push(text), ...terminal }, env);
  return { screen, written, take: () => written.splice(0).join('') };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('elsewhere than on a terminal a row is told when it changed, without control codes', () => {
  const { screen, take } = record();
  screen.table(two);
  vi.advanceTimersByTime(100);
  expect(
    take()
      .split('\n')
      .map((line) => line.slice(10, 13)),
  ).toEqual(['#  ', '0  ', '1  ', '']);
  screen.table(two);
  vi.advanceTimersByTime(100);
  expect(take()).toBe('');
  screen.table(changed);
  screen.line('done');
  const text = take();
  expect(text).toMatch(/^ +\d\.\d s {2}1 {2}web-1 .* Terminating\ndone\n$/);
  expect(text).not.toContain(ESC);
  screen.close();
  expect(take()).toBe('');
});

test('on a terminal the table is redrawn in place, at most ten times a second, below the lines that stay', () => {
  const { screen, take } = record({ isTTY: true, columns: 120, rows: 40 }, { NO_COLOR: '1' });
  screen.table(two);
  vi.advanceTimersByTime(100);
  expect(take()).not.toContain(`${ESC}[3A`);
  for (let change = 0; change < 50; change += 1) {
    screen.table(changed);
    vi.advanceTimersByTime(10);
  }
  expect(take().split(`${ESC}[3A`).length - 1).toBeLessThanOrEqual(6);
  screen.line('stays');
  expect(take()).toContain(`${ESC}[3A\r${ESC}[Jstays\n\r`);
  screen.freeze();
  take();
  screen.line('below');
  expect(take()).toBe('below\n');
  screen.close();
  screen.line('after the end');
  expect(take()).toBe('');
});

test('colours only on a terminal, not with NO_COLOR, and nothing at all on a dumb one', () => {
  const painted = (terminal: object, env: Readonly<Record<string, string>>) =>
    record(terminal, env).screen.paint('red', 'x');
  expect(painted({ isTTY: true }, {})).toBe(`${ESC}[31mx${ESC}[39m`);
  expect(painted({ isTTY: true }, { NO_COLOR: '1' })).toBe('x');
  expect(painted({ isTTY: true }, { TERM: 'dumb' })).toBe('x');
  expect(painted({}, {})).toBe('x');
  expect(record({ isTTY: true }, { TERM: 'dumb' }).screen.isLive).toBe(false);
});

test('a table higher than the terminal is cut, since what scrolled away cannot be redrawn', () => {
  const { screen, take } = record({ isTTY: true, columns: 120, rows: 4 }, { NO_COLOR: '1' });
  screen.table(rowsOf(healthy(9)));
  vi.advanceTimersByTime(100);
  expect(take().split('\n')).toHaveLength(3);
  screen.close();
});

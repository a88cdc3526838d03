// Real time as the simulated control plane needs it. Clocks are waited for, never measured.
import { expect, test } from 'vitest';
import { LiveTimeline } from '../../e2e/demo/live-timeline.ts';

/** Until the machine's clock has moved. */
function moment(): void {
  const from = Date.now();
  while (Date.now() - from < 2);
}

test('nothing happens before it is due, and time stands still while it does', async () => {
  const timeline = new LiveTimeline();
  const askedMs = timeline.now();
  const [first, second] = await new Promise<readonly number[]>((resolve) => {
    timeline.after(3, 'asks twice', () => {
      const before = timeline.now();
      moment();
      resolve([before, timeline.now()]);
    });
  });
  expect(first).toBeGreaterThanOrEqual(askedMs + 3);
  expect(second).toBe(first);
  moment();
  expect(timeline.now()).toBeGreaterThan(second ?? 0);
});

test('an error is told to whoever waits, and time goes on', async () => {
  const timeline = new LiveTimeline();
  timeline.after(0, 'breaks', () => {
    throw new Error('broken');
  });
  await expect(timeline.broken).rejects.toThrow('broken');
  const before = timeline.now();
  moment();
  expect(timeline.now()).toBeGreaterThan(before);
});

test('after its end nothing happens any more', async () => {
  const timeline = new LiveTimeline();
  const seen: string[] = [];
  timeline.after(1, 'to come', () => seen.push('to come'));
  timeline.end();
  timeline.after(1, 'late', () => seen.push('late'));
  await new Promise((resolve) => setTimeout(resolve, 5)); // later than both
  expect(seen).toEqual([]);
});

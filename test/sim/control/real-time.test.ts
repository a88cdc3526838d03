// Real time as a timeline: order and cancelling, nothing about how long it takes.
import { expect, test } from 'vitest';
import { realTimeline } from './real-time.ts';

test('what is sooner comes first, and what is cancelled never', async () => {
  const timeline = realTimeline();
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    timeline.after(20, 'last', resolve);
    const cancel = timeline.after(2, 'never', () => seen.push('never'));
    timeline.after(1, 'first', () => seen.push('first'));
    cancel();
  });
  expect(seen).toEqual(['first']);
});

// Real time as a timeline, for a demonstration that runs the simulated cluster live. The one file here that has a clock
// and timers; nothing of the simulation's own runs may use it.

import type { Timeline } from '../timeline.ts';

export function realTimeline(): Timeline {
  return {
    now: () => Date.now(),
    after: (ms, _label, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  };
}

// Nobody may be flooded: however long something fails, the same request is not sent without a pause. Counted per process
// and object, in a window of time.

import { fieldOf } from './facts.ts';
import type { Rule } from './witness.ts';

const WINDOW_MS = 10_000;
const AT_MOST = 150;

export function floodRule(): Rule {
  const sent = new WeakMap<object, Map<string, number[]>>();
  return {
    name: 'flood',
    trials: true,
    judge: ({ host }, { verb, plural, subresource, namespace, name, body }) => {
      if (plural === 'leases' || plural === 'events') return undefined;
      const now = host.options.timeline.now();
      const all = sent.get(host) ?? new Map<string, number[]>();
      sent.set(host, all);
      const key = [verb, plural, subresource, namespace, name ?? fieldOf(body, 'metadata', 'name')].join(' ');
      const times = (all.get(key) ?? []).filter((atMs) => atMs > now - WINDOW_MS);
      times.push(now);
      all.set(key, times);
      return times.length > AT_MOST ? `sent ${times.length} times in ${WINDOW_MS / 1000} s` : undefined;
    },
  };
}

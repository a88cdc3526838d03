// Nothing is asked of a claim over and over: what was altered on its way, or refused, is asked for ever more rarely. Counted
// per process, claim, content and generation of the app, each of which asks anew (seeds 575, 911), in a window of time.

import type { Call } from '../server/types.ts';
import { fieldOf } from './facts.ts';
import { podIn } from './keepers.ts';
import type { Knowledge } from './knowledge.ts';
import { textOf } from './text.ts';
import type { Rule } from './witness.ts';

const WINDOW_MS = 20_000;
/** Each retry waits for twice as long, from a second on: five of these, and some that found another version. A loop asks hundreds of times. */
const AT_MOST = 30;

/** The first retry comes after a second: who asks sooner does not wait. Some are of the generation before, just read. */
const SOON_MS = 900;
const SOON_AT_MOST = 3;

interface Sent {
  readonly atMs: number;
  readonly call: Call;
}

const CONFLICT = 409;

function isTaken(knowledge: Knowledge, sent: Sent | undefined): boolean {
  const status = sent === undefined ? undefined : knowledge.statusOf(sent.call);
  return status !== undefined && status < 300;
}

/** At the server; the operator may be a moment behind. */
function generationOf({ host }: Knowledge, { namespace, name = '' }: Call): string {
  const app = host.options.server
    .all('statefulapps', namespace)
    .find(({ metadata }) => podIn(metadata.name, name) !== undefined);
  return `${app?.metadata.uid} ${app?.metadata.generation}`;
}

export function askedOnceRule(): Rule {
  const sent = new WeakMap<object, Map<string, Sent[]>>();
  return {
    name: 'flood',
    judge: (knowledge, call) => {
      const { host } = knowledge;
      const { verb, plural, name, body } = call;
      if (verb !== 'patch' || plural !== 'persistentvolumeclaims') return undefined;
      const now = host.options.timeline.now();
      const all = sent.get(host) ?? new Map<string, Sent[]>();
      sent.set(host, all);
      const { labels, annotations, ownerReferences } = (fieldOf(body, 'metadata') ?? {}) as Record<string, unknown>;
      const key = `${name} ${generationOf(knowledge, call)} ${textOf({ labels, annotations, ownerReferences, spec: fieldOf(body, 'spec') })}`;
      // One that met another version was not taken, and says nothing.
      const times = (all.get(key) ?? []).filter(
        (one) => one.atMs > now - WINDOW_MS && knowledge.statusOf(one.call) !== CONFLICT,
      );
      times.push({ atMs: now, call });
      all.set(key, times);
      if (times.length > AT_MOST) return `the same was asked ${times.length} times in ${WINDOW_MS / 1000} s`;
      const soon = times.filter(
        ({ atMs }, at) => isTaken(knowledge, times[at - 1]) && atMs - (times[at - 1]?.atMs ?? 0) < SOON_MS,
      );
      return soon.length > SOON_AT_MOST
        ? `what was taken, and altered, was asked again ${soon.length} times within ${SOON_MS} ms`
        : undefined;
    },
  };
}

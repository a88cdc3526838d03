// What happened to pods, in the order in which the API server's watch told it, and the judgements on it: order of
// creation and removal, one pod of a name at a time, who was left alone. Pure. Each judgement looks at the events from
// `span.from` on, knows all before, and returns a sentence for each breach; none means that all is as promised.

export interface PodEvent {
  readonly type: 'created' | 'changed' | 'gone';
  readonly ordinal: number;
  readonly pod: string;
  readonly uid: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

/** Part of the history: the events from index `from` on. */
export interface Span {
  readonly events: readonly PodEvent[];
  readonly from: number;
}

/** Each of these was created once, and only while every lower one was Ready. */
export function creationBreaches({ events, from }: Span, ordinals: readonly number[], lowest = 0): readonly string[] {
  const now = new Map<number, PodEvent>();
  const created = new Map(ordinals.map((ordinal) => [ordinal, 0]));
  const breaches: string[] = [];
  events.forEach((event, index) => {
    const count = created.get(event.ordinal);
    if (index >= from && event.type === 'created' && count !== undefined) {
      created.set(event.ordinal, count + 1);
      for (let lower = lowest; lower < event.ordinal; lower += 1) {
        const seen = now.get(lower);
        if (seen?.ready === true && !seen.terminating) continue;
        const how = seen === undefined ? 'did not exist' : seen.terminating ? 'was being deleted' : 'was not Ready';
        breaches.push(`${event.pod} was created while member ${lower} ${how}`);
      }
    }
    if (event.type === 'gone') now.delete(event.ordinal);
    else now.set(event.ordinal, event);
  });
  for (const [ordinal, count] of created) {
    if (count !== 1) breaches.push(`member ${ordinal} was created ${count} times`);
  }
  return breaches;
}

/** These went, each only after all higher ones of them were gone. */
export function removalBreaches({ events, from }: Span, ordinals: readonly number[]): readonly string[] {
  const left = new Set(ordinals);
  const begun = new Set<number>();
  const breaches: string[] = [];
  for (const { type, ordinal, pod, terminating } of events.slice(from)) {
    if (!left.has(ordinal)) continue;
    if ((terminating || type === 'gone') && !begun.has(ordinal)) {
      begun.add(ordinal);
      const higher = Math.max(...left);
      if (higher > ordinal) breaches.push(`${pod} was removed while member ${higher} still existed`);
    }
    if (type === 'gone') left.delete(ordinal);
  }
  return [...breaches, ...[...left].map((ordinal) => `member ${ordinal} was not removed`)];
}

/**
 * Two objects of one name the API server does not store; two running pods there would be if an object went before its
 * pod had ended. So: each pod had ended (a terminal phase) when its object went, and nothing came before that.
 */
export function doubleBreaches({ events, from }: Span): readonly string[] {
  const live = new Map<string, PodEvent>();
  const breaches: string[] = [];
  events.forEach((event, index) => {
    const { type, pod, uid, phase } = event;
    const before = live.get(pod);
    if (index >= from && before !== undefined && before.uid !== uid) {
      breaches.push(`a second ${pod} (${uid}) came while the first one (${before.uid}) existed`);
    }
    if (index >= from && type === 'gone' && phase !== 'Succeeded' && phase !== 'Failed') {
      breaches.push(`${pod} (${uid}) was taken away in phase ${phase}, before it had ended`);
    }
    if (type === 'gone') live.delete(pod);
    else live.set(pod, event);
  });
  return breaches;
}

/** No other member than these was created, deleted or restarted. */
export function disturbances({ events, from }: Span, ordinals: readonly number[]): readonly string[] {
  const breaches = new Set<string>();
  for (const { type, ordinal, pod, terminating, ready } of events.slice(from)) {
    if (ordinals.includes(ordinal)) continue;
    if (type === 'created') breaches.add(`${pod} was created`);
    else if (type === 'gone' || terminating) breaches.add(`${pod} was deleted`);
    else if (!ready) breaches.add(`${pod} was not Ready`);
  }
  return [...breaches];
}

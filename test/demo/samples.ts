// Views and pod events for the tests of the demo's pure parts, as a cluster would show them.
import type { PodEvent, Span } from '../../e2e/demo/history.ts';
import type { App, Claim, Pod, View } from '../../e2e/demo/view.ts';

/** What happened to web-N, one word per event, with a number after it: "created 0". */
export type Happening =
  `${'created' | 'ready' | 'unready' | 'deleting' | 'failed' | 'ended' | 'gone' | 'torn'} ${number}`;

/**
 * The history of these happenings, to be judged from the happening of index `from` on. A pod gets a new UID at each
 * creation; `gone` keeps the last phase and `torn` is gone while Running.
 */
export function history(happenings: readonly Happening[], from = 0): Span {
  const last = new Map<number, PodEvent>();
  let pods = 0;
  const events = happenings.map((happening): PodEvent => {
    const [word = '', digit = ''] = happening.split(' ');
    const ordinal = Number(digit);
    pods += word === 'created' ? 1 : 0;
    const fresh = {
      ordinal,
      pod: `web-${ordinal}`,
      uid: `uid-${pods}`,
      phase: 'Pending',
      ready: false,
      terminating: false,
    };
    const before = word === 'created' ? fresh : (last.get(ordinal) ?? fresh);
    const event = { ...before, ...CHANGES[word], type: TYPES[word] ?? 'changed' } as PodEvent;
    last.set(ordinal, event);
    return event;
  });
  return { events, from };
}

const TYPES: Readonly<Record<string, PodEvent['type']>> = { created: 'created', gone: 'gone', torn: 'gone' };
const CHANGES: Readonly<Record<string, Partial<PodEvent>>> = {
  ready: { phase: 'Running', ready: true },
  unready: { ready: false },
  deleting: { terminating: true },
  failed: { phase: 'Failed', ready: false },
  ended: { phase: 'Succeeded', ready: false },
};

/** Members 0 and up, all well. */
export function healthy(replicas: number): View {
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  const members = ordinals.map((ordinal) => ({
    ordinal,
    pod: `web-${ordinal}`,
    podUID: `pod-uid-${ordinal}`,
    state: 'Available',
  }));
  const app: App = {
    metadata: { name: 'web', namespace: 'default', uid: 'app-uid', resourceVersion: '1', generation: 1 },
    spec: { replicas, serviceName: 'web' },
    status: {
      observedGeneration: 1,
      replicas,
      members,
      conditions: [{ type: 'Ready', status: 'True', message: 'All members are available.' }],
    },
  };
  return {
    app,
    pods: new Map(ordinals.map((ordinal) => [`web-${ordinal}`, pod(ordinal)])),
    claims: new Map(ordinals.map((ordinal) => [`data-web-${ordinal}`, claim(ordinal)])),
    addresses: new Map(
      ordinals.map((ordinal) => [`web-${ordinal}.web.default.svc.cluster.local`, `10.0.0.${ordinal}`]),
    ),
  };
}

export function pod(ordinal: number, status: Partial<NonNullable<Pod['status']>> = {}): Pod {
  const name = `web-${ordinal}`;
  const labels = { 'controller-revision-hash': 'abc' };
  return {
    metadata: { name, namespace: 'default', uid: `pod-uid-${ordinal}`, resourceVersion: '1', labels },
    spec: { hostname: name, subdomain: 'web', volumes: [{}, { persistentVolumeClaim: { claimName: `data-${name}` } }] },
    status: {
      phase: 'Running',
      podIP: `10.0.0.${ordinal}`,
      conditions: [{ type: 'Ready', status: 'True' }],
      ...status,
    },
  };
}

export function claim(ordinal: number, phase = 'Bound'): Claim {
  const name = `data-web-${ordinal}`;
  return {
    metadata: { name, namespace: 'default', uid: `claim-uid-${ordinal}`, resourceVersion: '1' },
    spec: { volumeName: `pv-${ordinal}` },
    status: { phase },
  };
}

export function without<Value>(map: ReadonlyMap<string, Value>, name: string): ReadonlyMap<string, Value> {
  return new Map([...map].filter(([key]) => key !== name));
}

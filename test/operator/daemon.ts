/**
 * The whole daemon over the simulator's API server and a clock that stands still; stopped when the test ends.
 */
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { API_VERSION, KIND } from '../../src/api/names.ts';
import { DEFAULT_LEASE_TIMES } from '../../src/operator/leader.ts';
import { type Operator, type OperatorOptions, startOperator } from '../../src/operator/operator.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts';
import type { Raw } from '../sim/server/types.ts';
import { Api } from './api.ts';

/** A logger whose lines a test can read. */
export function recordLog(level = 'trace') {
  const lines: Raw[] = [];
  const log = pino({ level, base: {} }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines, text: () => lines.map((line) => JSON.stringify(line)).join('\n') };
}

/** Lets everything that waits for nothing but other work take its turn. */
export async function settled(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export interface Daemon {
  readonly api: Api;
  readonly clock: FakeClock;
  readonly operator: Operator;
  readonly telemetry: Telemetry;
  readonly logged: ReturnType<typeof recordLog>;
}

export function startDaemon(
  given: Partial<Omit<OperatorOptions, 'clock'>> & { readonly api?: Api; readonly clock?: FakeClock } = {},
): Daemon {
  const { clock = createFakeClock(), api = new Api(clock), ...options } = given;
  const logged = recordLog();
  const telemetry = new Telemetry(4);
  const identity = given.identity ?? 'me';
  const operator = startOperator({
    transport: api.transport(identity),
    clock,
    random: () => 0.5,
    log: logged.log,
    telemetry,
    namespaces: [],
    watchNodes: true,
    workers: 4,
    lease: { namespace: 'system', name: 'statefulapp-operator' },
    identity,
    leaseTimes: DEFAULT_LEASE_TIMES,
    ...options,
  });
  onTestFinished(async () => {
    const ended = operator.stop();
    await settled();
    clock.advance(60_000);
    await ended;
  });
  return { api, clock, operator, telemetry, logged };
}

/** What kubectl apply of a small app stores. */
export function webApp(name = 'web', spec: Raw = {}): Raw {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace: 'prod', uid: `${name}-uid` },
    spec: {
      replicas: 2,
      template: {
        metadata: { labels: { 'statefulapp.dev/name': name } },
        spec: { containers: [{ name: 'main', image: 'web:v1', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
      ...spec,
    },
  };
}

/** Plays volume controller, scheduler and kubelet for one member. */
export function makeReady(api: Api, pod: string): void {
  for (const { metadata } of api.server.all('persistentvolumeclaims', 'prod')) {
    const { name } = metadata;
    if (!name.endsWith(pod)) continue;
    api.edit('persistentvolumeclaims', name, { spec: { volumeName: `pv-${name}` }, status: { phase: 'Bound' } });
  }
  api.bind(pod, 'node-a');
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2023-11-14T22:13:20Z' }];
  api.edit('pods', pod, { status: { phase: 'Running', conditions } });
}

/** Time goes by, with answers coming in between. */
export async function elapse({ clock }: Pick<Daemon, 'clock'>, ms: number, step = 100): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    clock.advance(Math.min(step, left));
    await settled(12);
  }
}

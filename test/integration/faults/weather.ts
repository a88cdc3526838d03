// Bad weather between the operator and the API server: what becomes of each request, drawn from a seed. Three in ten go
// wrong; and no watch lives long. Lacks silence: a watch that falls silent is noticed after minutes, and has its own test.

import type { Fault } from '../../../e2e/faults/proxy.ts';
import type { ProxiedRequest } from '../../../e2e/faults/requests.ts';
import type { Random } from '../../sim/random.ts';

export const SHARE = 0.3;
const SLOWEST_MS = 8_000;

const status = (code: number, reason: string) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'bad weather', reason, code });
const RETRY = { 'retry-after': '1' };

const REFUSALS: readonly Fault[] = [
  { kind: 'answer', status: 500, body: status(500, 'InternalError') },
  { kind: 'answer', status: 503, body: status(503, 'ServiceUnavailable') },
  // As a load balancer says it.
  { kind: 'answer', status: 503, headers: { ...RETRY, 'content-type': 'text/html' }, body: '<h1>unavailable</h1>' },
  { kind: 'answer', status: 429, headers: RETRY, body: status(429, 'TooManyRequests') },
];

/** What becomes of this request while the weather is bad. */
export function badWeather(random: Random): (request: ProxiedRequest) => Fault {
  return (request) => {
    if (random.chance(SHARE)) return request.verb === 'watch' ? watchFault(random) : requestFault(random);
    if (request.verb === 'watch') return { kind: 'sever', afterMs: random.between(2_000, 15_000) };
    return { kind: 'pass' };
  };
}

function requestFault(random: Random): Fault {
  const hold = random.pick(['request', 'answer'] as const);
  return random.pick<Fault>([
    ...REFUSALS,
    { kind: 'drop' },
    { kind: 'commit' },
    { kind: 'sever', afterBytes: random.between(0, 1_000) },
    { kind: 'delay', ms: random.delay(50, SLOWEST_MS), hold },
  ]);
}

function watchFault(random: Random): Fault {
  return random.pick<Fault>([
    ...REFUSALS,
    { kind: 'drop' },
    { kind: 'sever', afterBytes: random.between(0, 20_000) },
    { kind: 'sever', afterMs: random.between(0, 2_000) },
    { kind: 'delay', ms: random.delay(50, SLOWEST_MS), hold: 'answer' },
  ]);
}

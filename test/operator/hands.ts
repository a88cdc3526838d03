/**
 * What a plan is carried out with, over the simulator's API server.
 */
import { createClient } from '../../src/kube/client.ts';
import { Cache } from '../../src/operator/cache.ts';
import { Events } from '../../src/operator/events.ts';
import { Gate } from '../../src/operator/gate.ts';
import type { Job } from '../../src/operator/hands.ts';
import type { Pass } from '../../src/operator/reconcile.ts';
import { Rest } from '../../src/operator/rest.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';
import type { Kind } from '../../src/operator/views.ts';
import { observe } from '../../src/plan/observe.ts';
import { createFakeClock } from '../kube/fake-clock.ts';
import { type Raw, rawApp } from '../plan/objects.ts';
import type { Stored } from '../sim/server/types.ts';
import { Api } from './api.ts';
import { recordLog } from './daemon.ts';

export const KEY = 'prod/web';

export function bench(app: Raw = rawApp({})) {
  const clock = createFakeClock();
  const api = new Api(clock);
  const logged = recordLog();
  const telemetry = new Telemetry(1);
  const opened: string[] = [];
  const cache = new Cache();
  const gate = new Gate((key) => opened.push(key));
  const rest = new Rest();
  const client = createClient(api.transport(), { clock });
  const events = new Events(client, clock, () => {});
  const pass: Pass = {
    client,
    cache,
    gate,
    rest,
    events,
    telemetry,
    log: logged.log,
    clock,
    scopeOf: (resource) => resource.plural,
    nowMs: () => clock.now(),
    steadyMs: () => clock.now(),
    wallOffsetMs: () => 0,
  };
  /** The watch tells what the server now holds. */
  const tell = (kind: Kind, plural: string, name: string): Stored => {
    const stored = api.find(plural, name);
    if (stored === undefined) throw new Error(`no ${plural} ${name} to tell of`);
    cache.apply(kind, { type: 'added', object: stored }, clock.now());
    gate.progress(plural, stored.metadata.resourceVersion);
    return stored;
  };
  /** Stored at the server and shown by the watch. */
  const show = (kind: Kind, plural: string, raw: Raw): Stored => tell(kind, plural, api.add(plural, raw).metadata.name);
  show('StatefulApp', 'statefulapps', app);
  // As after the first plan of a term.
  cache.confirmed(KEY);
  const job = (): Job => {
    const sighting = cache.sight(KEY, clock.now());
    if (sighting === null) throw new Error('the app is not in the cache');
    return { key: KEY, waitedMs: 0, observed: observe({ ...sighting, refusals: gate.refusalsOf(KEY) }) };
  };
  const told = () =>
    api.sent
      .filter(({ plural }) => plural === 'events')
      .map(({ body }) => `${body['type']} ${body['reason']}: ${body['message']}`);
  const metrics = async (name: string) =>
    (await telemetry.registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  return { api, clock, logged, telemetry, opened, cache, gate, rest, pass, show, tell, job, told, metrics };
}

// The daemon as a whole, over the simulator's API server.

import { expect, test } from 'vitest';
import { createFakeClock } from '../kube/fake-clock.ts';
import { objectAt } from '../sim/server/json.ts';
import type { Raw } from '../sim/server/types.ts';
import { Api, refusal } from './api.ts';
import { type Daemon, elapse, makeReady, settled, startDaemon, webApp } from './daemon.ts';

const LEASES = /leases/;
const deedsOf = (api: Api) => api.deeds.filter((deed) => !/events|leases|status/.test(deed));
const holder = (api: Api) => objectAt(api.find('leases', 'statefulapp-operator', 'system'), 'spec')['holderIdentity'];
const statusOf = (api: Api, name = 'web') => api.find('statefulapps', name)?.['status'] as Raw | undefined;

/** Brings two members up, and lets all that follows be over. */
async function converge(daemon: Daemon, app: Raw = webApp()): Promise<void> {
  const { api } = daemon;
  api.add('statefulapps', app);
  for (const pod of ['web-0', 'web-1']) {
    await api.until(() => api.find('pods', pod) !== undefined);
    makeReady(api, pod);
  }
  await elapse(daemon, 1000);
}

test('from an app to its members: Service first, then revision, claim and pod, the next one once that is ready', async () => {
  const { api } = startDaemon();
  api.add('statefulapps', webApp());
  await api.until(() => api.find('pods', 'web-0') !== undefined);
  await settled();
  expect(deedsOf(api)).toEqual([
    'create services web',
    expect.stringMatching(/^create podtemplates web-[0-9a-f]{10}$/), // a dry run
    expect.stringMatching(/^create controllerrevisions web-[0-9a-f]{10}$/),
    'create persistentvolumeclaims data-web-0',
    'create pods web-0',
    'create persistentvolumeclaims data-web-1', // ahead
  ]);
  makeReady(api, 'web-0');
  await api.until(() => api.find('pods', 'web-1') !== undefined);
  expect(deedsOf(api).slice(6)).toEqual(['create pods web-1']);
});

test('the status follows, and once all is as it should be nothing is written but the Lease', async () => {
  const daemon = startDaemon();
  await converge(daemon);
  expect(statusOf(daemon.api)).toMatchObject({ replicas: 2, readyReplicas: 2, observedGeneration: 1 });
  const before = daemon.api.writes.length;
  await elapse(daemon, 600_000, 500);
  const after = daemon.api.deeds.slice(before);
  expect(after.length).toBeGreaterThan(200);
  expect(after.filter((deed) => !LEASES.test(deed))).toEqual([]);
});

test('a member that has failed is deleted by its UID and comes back with the same claim', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  await converge(daemon);
  const claim = api.find('persistentvolumeclaims', 'data-web-1')?.metadata.uid;
  const failed = api.edit('pods', 'web-1', { status: { phase: 'Failed' } });
  await elapse(daemon, 20_000);
  const deletion = api.writes.find(({ verb, plural }) => verb === 'delete' && plural === 'pods');
  expect(deletion).toMatchObject({ name: 'web-1', body: { preconditions: { uid: failed.metadata.uid } } });
  expect(api.find('pods', 'web-1')?.metadata.uid).not.toBe(failed.metadata.uid);
  expect(api.find('persistentvolumeclaims', 'data-web-1')?.metadata.uid).toBe(claim);
});

test('a member that is scaled away is deleted after a fresh look, and its claim stays', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  await converge(daemon);
  api.edit('statefulapps', 'web', { spec: { replicas: 1 } });
  await api.until(() => api.find('pods', 'web-1')?.metadata.deletionTimestamp !== undefined);
  const at = api.sent.findIndex(({ verb, plural }) => verb === 'delete' && plural === 'pods');
  const reads = api.sent.slice(at - 2, at).map(({ verb, plural, name }) => `${verb} ${plural} ${name}`);
  expect(reads.sort()).toEqual(['get pods web-1', 'get statefulapps web']);
  expect(api.find('persistentvolumeclaims', 'data-web-1')).toBeDefined();
});

test('after a delete nothing is planned until the watch has told of it', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  await converge(daemon);
  const failed = api.edit('pods', 'web-1', { status: { phase: 'Failed' } });
  const heard = api.server.onCommit(({ type, plural }) => {
    if (type !== 'DELETED' || plural !== 'pods') return;
    api.mute(true);
    heard();
  });
  await api.until(() => api.find('pods', 'web-1') === undefined);
  const before = api.writes.length;
  await elapse(daemon, 20_000);
  expect(api.deeds.slice(before).filter((deed) => !/leases|events/.test(deed))).toEqual([]);
  api.mute(false);
  await elapse(daemon, 20_000);
  expect(api.find('pods', 'web-1')?.metadata.uid).not.toBe(failed.metadata.uid);
  expect(api.find('pods', 'web-1')).toBeDefined();
});

test('nothing is read or written for apps before all watches have synced', async () => {
  const api = new Api();
  const held = api.hold(({ verb, plural }) => verb === 'watch' && plural === 'services');
  const { operator } = startDaemon({ api });
  api.add('statefulapps', webApp());
  await settled();
  expect(operator.leads()).toBe(true);
  expect(operator.isReady()).toBe(false);
  expect(deedsOf(api)).toEqual([]);
  held.release();
  await api.until(() => api.find('pods', 'web-0') !== undefined);
  expect(operator.isReady()).toBe(true);
});

test('of two daemons one writes; when it stops the other goes on where it was', async () => {
  const api = new Api();
  const first = startDaemon({ api, identity: 'first' });
  const second = startDaemon({ api, identity: 'second' });
  await settled();
  await converge(first);
  expect([first.operator.leads(), second.operator.leads()]).toEqual([true, false]);
  await first.operator.stop();
  expect(holder(api)).toBe('');
  api.edit('statefulapps', 'web', { spec: { replicas: 3 } });
  await settled();
  expect(api.find('pods', 'web-2')).toBeUndefined();
  await elapse(second, 3000);
  expect(holder(api)).toBe('second');
  expect(api.find('pods', 'web-2')).toBeDefined();
});

test('who has lost the Lease writes nothing more, what it had under way is called off, and regained it goes on', async () => {
  const daemon = startDaemon();
  const { api, operator } = daemon;
  await settled();
  const back = api.rule(({ plural }) => (plural === 'leases' ? refusal(503, 'ServiceUnavailable') : undefined));
  const held = api.hold(({ plural, verb }) => plural === 'services' && verb === 'create');
  api.add('statefulapps', webApp());
  await settled();
  expect(held.caught).toHaveLength(1);
  await elapse(daemon, 11_000);
  expect(operator.leads()).toBe(false);
  expect(operator.longestPassMs()).toBe(0);
  expect(deedsOf(api)).toEqual(['create services web']);
  back();
  held.release();
  await elapse(daemon, 3000);
  expect(operator.leads()).toBe(true);
  expect(api.find('pods', 'web-0')).toBeDefined();
});

test('a process that was stopped for a minute sends no write on the lead it had, though no timer has fired', async () => {
  const clock = createFakeClock();
  let jumpMs = 0;
  const daemon = startDaemon({ clock: { ...clock, monotonic: () => clock.monotonic() + jumpMs } });
  const { api } = daemon;
  await settled();
  const held = api.hold(({ plural }) => plural === 'statefulsets');
  api.add('statefulapps', webApp());
  await settled();
  jumpMs = 60_000;
  held.release();
  await settled();
  expect(deedsOf(api)).toEqual([]);
  await elapse(daemon, 3000);
  expect(api.find('pods', 'web-0')).toBeDefined();
});

test('who leads again asks again for what no watch shows', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  await converge(daemon);
  const back = api.rule(({ plural }) => (plural === 'leases' ? refusal(503, 'ServiceUnavailable') : undefined));
  await elapse(daemon, 11_000);
  api.add('statefulsets', { metadata: { name: 'web', namespace: 'prod', uid: 'sts-uid' } });
  back();
  await elapse(daemon, 3000);
  expect(JSON.stringify(statusOf(api)?.['conditions'])).toContain('sts-uid');
});

test('a stop waits for what is under way, releases the Lease, and leaves no timer that would keep the process alive', async () => {
  const daemon = startDaemon();
  const { api, operator, clock } = daemon;
  await settled();
  const held = api.hold(({ plural, verb }) => plural === 'services' && verb === 'create');
  api.add('statefulapps', webApp());
  await settled();
  let stopped = false;
  const stop = operator.stop().then(() => {
    stopped = true;
  });
  await settled();
  expect({ stopped, holder: holder(api) }).toEqual({ stopped: false, holder: 'me' });
  held.release();
  await stop;
  expect(holder(api)).toBe('');
  await settled();
  expect(clock.pending()).toEqual([]);
  const { length } = api.sent;
  api.add('statefulapps', webApp('late'));
  await settled();
  expect(api.sent).toHaveLength(length);
});

test('a stop does not wait for ever: after ten seconds what is under way is called off', async () => {
  const daemon = startDaemon();
  const { api, operator } = daemon;
  await settled();
  api.hold(({ plural }) => plural === 'services');
  api.add('statefulapps', webApp());
  await settled();
  let stopped = false;
  const stop = operator.stop().then(() => {
    stopped = true;
  });
  await elapse(daemon, 9_900);
  expect(stopped).toBe(false);
  await elapse(daemon, 200);
  await stop;
  expect(holder(api)).toBe('');
});

test('an app that is stopped after it was converged leaves no timer either', async () => {
  const daemon = startDaemon();
  await converge(daemon);
  daemon.api.edit('pods', 'web-1', { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
  await elapse(daemon, 500);
  await daemon.operator.stop();
  await settled();
  expect(daemon.clock.pending()).toEqual([]);
});

test('a server that is away for minutes costs few requests, makes nobody unwell, and nothing is forgotten', async () => {
  const daemon = startDaemon();
  const { api, operator } = daemon;
  await converge(daemon);
  const back = api.rule(({ verb }) => (verb === 'watch' ? undefined : refusal(503, 'ServiceUnavailable')));
  api.edit('statefulapps', 'web', { spec: { replicas: 3 } });
  const before = api.sent.length;
  await elapse(daemon, 300_000, 1000);
  expect(operator.isReady()).toBe(true);
  expect(operator.longestPassMs()).toBeLessThan(600_000);
  // The Lease is asked for every 2 s.
  expect(api.sent.slice(before).filter(({ plural }) => plural !== 'leases').length).toBeLessThan(30);
  expect(api.find('pods', 'web-2')).toBeUndefined();
  back();
  await elapse(daemon, 35_000);
  expect(api.find('pods', 'web-2')).toBeDefined();
});

test('a view that stays behind, with a watch that is silent, is not acted on again and again', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  await converge(daemon);
  // Each change of a pod that we want meets a version that our watch does not show.
  api.rule(({ verb, plural }) => (verb === 'delete' && plural === 'pods' ? refusal(409, 'Conflict') : undefined));
  api.edit('pods', 'web-1', { status: { phase: 'Failed' } });
  await elapse(daemon, 20_000);
  const attempts = api.writes.filter(({ verb }) => verb === 'delete').length;
  expect(attempts).toBeGreaterThan(2);
  expect(attempts).toBeLessThan(101);
});

test('a StatefulSet that may not be read holds its app up, and is asked for ever more rarely', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  api.rule(({ plural }) => (plural === 'statefulsets' ? refusal(403, 'Forbidden') : undefined));
  api.add('statefulapps', webApp());
  await settled();
  await elapse(daemon, 60_000, 500);
  const asked = api.sent.filter(({ plural }) => plural === 'statefulsets').length;
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(15);
  expect(deedsOf(api)).toEqual([]);
});

test('an app that flaps ten times a second is worked on, and the others are served meanwhile', async () => {
  const daemon = startDaemon({ workers: 1 });
  const { api } = daemon;
  api.add('statefulapps', webApp('flap', { replicas: 1 }));
  await elapse(daemon, 500);
  for (let round = 0; round < 50; round += 1) {
    api.edit('statefulapps', 'flap', { metadata: { annotations: { round: String(round) } } });
    if (round === 10) for (let index = 0; index < 5; index += 1) api.add('statefulapps', webApp(`calm-${index}`));
    await elapse(daemon, 100);
  }
  for (let index = 0; index < 5; index += 1) expect(api.find('pods', `calm-${index}-0`)).toBeDefined();
  const written = api.writes.filter(({ subresource, name }) => subresource === 'status' && name === 'flap').length;
  expect(written).toBeLessThanOrEqual(50);
});

test('an object that cannot even take a status is told by one Event, and the others go on', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  api.rule(({ subresource, name }) =>
    subresource === 'status' && name === 'old'
      ? refusal(422, 'Invalid', 'spec.replicas: must be an integer')
      : undefined,
  );
  api.force('statefulapps', webApp('old', { replicas: 'two' }));
  await converge(daemon);
  await elapse(daemon, 60_000, 500);
  const offered = api.sent.filter(({ subresource, name }) => subresource === 'status' && name === 'old');
  expect(offered).toHaveLength(1);
  const told = api.sent.filter(({ plural, body }) => plural === 'events' && JSON.stringify(body).includes('"old"'));
  expect(told.map(({ body }) => [body['reason'], body['message']])).toEqual([
    ['StatusRefused', expect.stringContaining('spec.replicas: must be an integer')],
  ]);
  expect(statusOf(api)).toMatchObject({ readyReplicas: 2 });
});

test('an app that is deleted and made again under its name is another app', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  await converge(daemon);
  api.remove('statefulapps', 'web');
  await elapse(daemon, 1000);
  const before = api.writes.length;
  api.add('statefulapps', { ...webApp(), metadata: { name: 'web', namespace: 'prod', uid: 'second' } });
  await elapse(daemon, 5000);
  const written = api.writes.slice(before);
  expect(written.filter(({ verb }) => verb === 'delete')).toEqual([]);
  expect(written.filter(({ verb, plural }) => verb === 'create' && plural === 'pods')).toEqual([]);
  expect(JSON.stringify(statusOf(api)?.['conditions'])).toContain('UID web-uid');
});

test('what was refused to an app that is gone is not held against the next one of its name', async () => {
  const daemon = startDaemon();
  const { api } = daemon;
  const allowed = api.rule(({ plural }) => (plural === 'services' ? refusal(403, 'Forbidden', 'quota') : undefined));
  api.add('statefulapps', webApp());
  await settled();
  await elapse(daemon, 40_000);
  allowed();
  api.remove('statefulapps', 'web');
  await settled();
  api.add('statefulapps', { ...webApp(), metadata: { name: 'web', namespace: 'prod', uid: 'second' } });
  await settled();
  expect(api.find('services', 'web')).toBeDefined();
});

test('a daemon of two namespaces follows these alone, and holds an app until the watch of its namespace has caught up', async () => {
  const daemon = startDaemon({ namespaces: ['prod', 'test'], watchNodes: false });
  const { api } = daemon;
  await settled();
  const watched = api.sent.filter(({ verb }) => verb === 'watch');
  expect(new Set(watched.map(({ namespace }) => namespace))).toEqual(new Set(['prod', 'test']));
  expect(watched).toHaveLength(10);
  api.add('namespaces', { metadata: { name: 'else' } });
  api.add('statefulapps', { ...webApp('else'), metadata: { name: 'else', namespace: 'else' } });
  await converge(daemon);
  expect(statusOf(api)).toMatchObject({ readyReplicas: 2 });
  expect(api.deeds.filter((deed) => deed.includes('else'))).toEqual([]);
});

test('logs at the finest level have neither environment values nor templates', async () => {
  const daemon = startDaemon();
  const { api, logged } = daemon;
  api.rule(({ verb, name, plural, body }) =>
    verb === 'create' && plural === 'pods' && objectAt(body, 'metadata')['name'] === 'web-1' && name === undefined
      ? refusal(403, 'Forbidden', 'exceeded quota')
      : undefined,
  );
  api.add('statefulapps', webApp());
  await api.until(() => api.find('pods', 'web-0') !== undefined);
  makeReady(api, 'web-0');
  await elapse(daemon, 10_000);
  expect(JSON.stringify(api.server.all('pods'))).toContain('hunter2');
  expect(logged.text()).toContain('exceeded quota');
  expect(logged.text()).not.toMatch(/hunter2|PASSWORD|containers/);
});

test('the number of time series does not grow with the number of apps, and no label names one', async () => {
  const daemon = startDaemon();
  const { api, telemetry } = daemon;
  const series = async () =>
    (await telemetry.registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  api.add('statefulapps', webApp('first'));
  await elapse(daemon, 6000);
  const few = await series();
  for (let index = 0; index < 30; index += 1) api.add('statefulapps', webApp(`app-${index}`));
  await elapse(daemon, 2000);
  const many = await series();
  expect(api.find('pods', 'app-29-0')).toBeDefined();
  const names = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/ [^ ]+$/, '')).filter((line) => !line.startsWith('nodejs'));
  expect(names(many).filter((name) => !names(few).includes(name))).toEqual([]);
  expect(many.filter((line) => /first|app-\d|prod/.test(line))).toEqual([]);
});

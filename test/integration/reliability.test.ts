// Identity under fire: random deletions, a killed operator, two operators, and silence when there is nothing to do. On a
// real API server with real controllers; the fake kubelets write a terminal phase before a pod goes, as real ones do.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type OperatorProcess, startOperatorProcess } from '../../e2e/operator/process.ts';
import { APPS } from '../../src/operator/resources.ts';
import { type AuditEntry, isRenewal, isWrite, operatorRequests, tally } from './audit.ts';
import { app, isReady, openStage, type Scene, type Stage } from './stage.ts';
import { claimTemplate, destroy, record, templates, volumeOf } from './volumes/disks.ts';
import { BY_ACTOR } from './volumes/resizer.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ name: 'reliability' });
});
afterAll(() => stage?.end());

async function operator(flags: readonly string[] = [], user?: string): Promise<OperatorProcess> {
  const started = await startOperatorProcess(stage.cluster, user === undefined ? { flags } : { flags, user });
  onTestFinished(async () => {
    await started.end('SIGTERM'); // releases the Lease for the next one
  });
  return started;
}

const requests = () => operatorRequests(stage.cluster.auditLog);
const leading = (process: OperatorProcess) => process.line(({ msg }) => msg === 'leading');

/** Everything that makes a member the one it is. */
function identityOf(scene: Scene, name: string) {
  const pod = scene.pod(name);
  const spec = (pod?.['spec'] ?? {}) as { hostname?: string; subdomain?: string };
  return {
    name,
    dns: `${spec.hostname}.${spec.subdomain}`,
    revision: pod?.metadata.labels?.['controller-revision-hash'],
    claims: ['data', 'wal'].map((claim) => scene.claim(`${claim}-${name}`)?.metadata.uid),
  };
}

const MEMBERS = ['web-0', 'web-1', 'web-2', 'web-3', 'web-4'];
const five = () => app({ claims: ['data', 'wal'], spec: { replicas: 5 } });
const allReady = (scene: Scene) => MEMBERS.every((name) => isReady(scene.pod(name)));

/**
 * From the watch: whenever a pod came, no other of its name was there, and all lower ones were ready. Where several are lost
 * at once, whoever planned may not have known of the last loss yet: then it counts from `knownAfterMs` on.
 */
function breaches(scene: Scene, knownAfterMs = 0): readonly string[] {
  const present = new Map<string, string>();
  const lostAt = new Map(MEMBERS.map((name) => [name, Number.NEGATIVE_INFINITY]));
  const found: string[] = [];
  for (const { type, pod, atMs } of scene.podEvents) {
    const { name, uid, deletionTimestamp } = pod.metadata;
    if (type === 'added') {
      if ((present.get(name) ?? uid) !== uid) found.push(`two pods of name ${name}`);
      const lower = MEMBERS.slice(0, MEMBERS.indexOf(name));
      const missing = lower.filter((one) => atMs - (lostAt.get(one) ?? atMs) > knownAfterMs);
      if (missing.length > 0) found.push(`${name} came while ${missing.join(', ')} was not ready`);
    }
    if (type === 'deleted') present.delete(name);
    else present.set(name, uid);
    if (type !== 'deleted' && isReady(pod) && deletionTimestamp === undefined) lostAt.delete(name);
    else if (!lostAt.has(name)) lostAt.set(name, atMs);
  }
  return found;
}

test('20 random deletions in an app of 5 with 2 claims each: every member comes back as the exact copy, in order', async () => {
  const scene = await stage.namespace();
  await leading(await operator());
  await scene.create(APPS, five());
  await scene.ready('web');
  const before = MEMBERS.map((name) => identityOf(scene, name));
  for (let round = 0; round < 20; round += 1) {
    const victim = MEMBERS[Math.floor(Math.random() * MEMBERS.length)] ?? 'web-0';
    const uid = scene.pod(victim)?.metadata.uid;
    await scene.deletePod(victim);
    await scene.until(`${victim} to come back`, () => scene.pod(victim)?.metadata.uid !== uid && allReady(scene));
  }
  await scene.ready('web');
  expect(MEMBERS.map((name) => identityOf(scene, name))).toEqual(before);
  expect(before.flatMap(({ claims }) => claims).filter((uid) => uid === undefined)).toEqual([]);
  expect(scene.pods()).toHaveLength(5);
  expect(scene.claims()).toHaveLength(10);
  expect(breaches(scene)).toEqual([]);
}, 180_000);

test('an operator killed at random moments while members are deleted leads to the same end', async () => {
  const scene = await stage.namespace();
  const flags = ['--lease-duration=3', '--renew-deadline=2', '--retry-period=0.5'];
  let running = await operator(flags);
  await scene.create(APPS, five());
  await scene.ready('web');
  const before = MEMBERS.map((name) => identityOf(scene, name));
  for (let round = 0; round < 5; round += 1) {
    const victims = MEMBERS.filter(() => Math.random() < 0.4);
    const uids = new Map(victims.map((name) => [name, scene.pod(name)?.metadata.uid]));
    await Promise.all(victims.map((name) => scene.deletePod(name)));
    const events = scene.podEvents.length + Math.floor(Math.random() * 6);
    await Promise.race([
      scene.until('some pod events', () => scene.podEvents.length >= events),
      scene.until(
        'all back',
        () => victims.every((name) => scene.pod(name)?.metadata.uid !== uids.get(name)) && allReady(scene),
      ),
    ]);
    await running.end('SIGKILL');
    running = await operator(flags);
    await scene.until(
      'all members back',
      () => victims.every((name) => scene.pod(name)?.metadata.uid !== uids.get(name)) && allReady(scene),
      90,
    );
  }
  await scene.ready('web');
  expect(MEMBERS.map((name) => identityOf(scene, name))).toEqual(before);
  expect(scene.pods()).toHaveLength(5);
  expect(scene.claims()).toHaveLength(10);
  expect(breaches(scene, 2_000)).toEqual([]);
}, 400_000);

test('of two operators one works; the other takes over after SIGTERM at once and after SIGKILL when the Lease has expired', async () => {
  const scene = await stage.namespace();
  const first = await operator([], 'statefulapp-operator-1');
  await leading(first);
  const second = await operator([], 'statefulapp-operator-2');
  await second.line(({ msg }) => msg === 'watch has synced');
  await scene.create(APPS, app());
  await scene.ready('web');
  expect(writesOf('statefulapp-operator-2').filter((entry) => !isRenewal(entry))).toEqual([]);

  const endedAt = Date.now();
  expect(await first.end('SIGTERM')).toBe(0);
  await leading(second);
  const afterTerm = Date.now() - endedAt;
  await scene.deletePod('web-1');
  await scene.ready('web');

  const third = await operator([], 'statefulapp-operator-3');
  await third.line(({ msg }) => msg === 'watch has synced');
  const killedAt = Date.now();
  await second.end('SIGKILL');
  await leading(third);
  const afterKill = Date.now() - killedAt;
  const uid = scene.pod('web-2')?.metadata.uid;
  await scene.deletePod('web-2');
  await scene.until(
    'web-2 to come back',
    () => isReady(scene.pod('web-2')) && scene.pod('web-2')?.metadata.uid !== uid,
  );
  console.log(`takeover: ${afterTerm} ms after SIGTERM, ${afterKill} ms after SIGKILL (Lease of 15 s)`);
  expect(breaches(scene)).toEqual([]);
}, 120_000);

test('a deposed operator writes nothing any more', async () => {
  const scene = await stage.namespace();
  const flags = ['--lease-duration=3', '--renew-deadline=2', '--retry-period=0.5'];
  const first = await operator(flags, 'statefulapp-operator-4');
  await leading(first);
  const second = await operator(flags, 'statefulapp-operator-5');
  await second.line(({ msg }) => msg === 'watch has synced');
  await scene.create(APPS, app({ spec: { replicas: 60, podManagementPolicy: 'Parallel' } }));
  await scene.until('a part of the pods', () => scene.pods().length >= 10);
  process.kill(first.pid, 'SIGSTOP');
  await leading(second);
  const deposedAt = Date.now();
  process.kill(first.pid, 'SIGCONT');
  await first.line(({ msg }) => msg.startsWith('not leading'));
  await scene.ready('web', 90);
  // What the first one had sent before it was stopped was received before the second one led.
  const late = writesOf('statefulapp-operator-4').filter((entry) => entry.atMs > deposedAt && !isRenewal(entry));
  expect(late).toEqual([]);
  expect(scene.pods()).toHaveLength(60);
}, 120_000);

test('idle for 60 seconds, beside a claim that does not come to grow and one whose volume is lost: no write but renewals of the Lease', async () => {
  const scene = await stage.namespace();
  await leading(await operator());
  await scene.create(APPS, five());
  await scene.ready('web');
  const { grows, lost } = { grows: await stage.namespace(), lost: await stage.namespace() };
  const sized = (size: string) => templates(claimTemplate('data', { size, metadata: BY_ACTOR }));
  for (const one of [grows, lost]) await one.start(app({ spec: { replicas: 1, ...sized('1Gi') } }));
  await record(lost, 'data-web-0');
  await grows.edit('web', sized('2Gi'));
  await grows.reason('web', 'AsSpecified', 'ClaimGrows');
  await destroy(lost, volumeOf(lost, 'data-web-0'));
  await lost.reason('web', 'Ready', 'VolumeAtRisk');
  await renewals(2); // the last status writes are behind this
  const from = Date.now();
  await renewals(30, from);
  expect(Date.now() - from).toBeGreaterThan(55_000);
  const seen = requests().filter((entry) => entry.atMs > from && !isRenewal(entry));
  expect(tally(seen.filter(isWrite))).toEqual({});
  expect(tally(seen.filter(({ verb }) => verb === 'list' || verb === 'get'))).toEqual({});
}, 150_000);

test('every deletion of a pod, over all of these tests, named the UID of the pod that it was meant for', async () => {
  const scene = await stage.namespace();
  await leading(await operator());
  await scene.create(APPS, app());
  await scene.ready('web');
  await scene.kubectl('annotate', 'pod', 'web-1', 'kwok.statefulapp.dev/play=failed');
  await scene.until(
    'web-1 to be replaced',
    () =>
      scene.pod('web-1')?.metadata.annotations?.['kwok.statefulapp.dev/play'] === undefined &&
      isReady(scene.pod('web-1')),
  );
  await scene.kubectl('scale', 'statefulapp', 'web', '--replicas=1');
  await scene.until('one pod to be left', () => scene.pods().length === 1);
  const deletions = requests().filter(({ verb, resource }) => verb === 'delete' && resource === 'pods');
  expect(deletions.length).toBeGreaterThanOrEqual(3);
  expect(deletions.filter(({ body }) => !body?.preconditions?.uid)).toEqual([]);
  expect(requests().filter(({ verb, resource }) => verb === 'delete' && resource !== 'pods')).toEqual([]);
}, 90_000);

test('while the API server is away the daemon lives, and afterwards it goes on', async () => {
  const scene = await stage.namespace();
  const running = await operator();
  await leading(running);
  await scene.create(APPS, app());
  await scene.ready('web');
  const before = new Map(scene.pods().map((pod) => [pod.metadata.name, pod.metadata.uid]));
  await stage.cluster.stopComponent('kube-apiserver');
  await running.line(({ msg }) => msg === 'the watch is tried again');
  const url = await running.url();
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  await stage.cluster.startComponent('kube-apiserver');
  await scene.deletePod('web-1');
  await scene.until('web-1 to come back', () => {
    const pod = scene.pod('web-1');
    return pod?.metadata.uid !== before.get('web-1') && isReady(pod);
  });
  expect(scene.pod('web-0')?.metadata.uid).toBe(before.get('web-0'));
  expect(scene.pod('web-2')?.metadata.uid).toBe(before.get('web-2'));
  expect(breaches(scene)).toEqual([]);
}, 120_000);

test('an operator for two namespaces works in those and in no other', async () => {
  const [one, two, other] = [await stage.namespace(), await stage.namespace(), await stage.namespace()];
  const flags = [`--namespace=${one.name}`, `--namespace=${two.name}`, '--lease-name=two-namespaces'];
  await leading(await operator(flags, 'statefulapp-operator-6'));
  await other.create(APPS, app({ spec: { replicas: 1 } }));
  for (const scene of [one, two]) {
    await scene.create(APPS, app({ spec: { replicas: 2 } }));
    await scene.ready('web');
    await scene.deletePod('web-0');
    await scene.ready('web');
  }
  const touched = requests().filter(
    ({ user, namespace }) => user === 'statefulapp-operator-6' && namespace === other.name,
  );
  expect(tally(touched)).toEqual({});
  expect(other.pods()).toEqual([]);
}, 60_000);

function writesOf(user: string): readonly AuditEntry[] {
  return requests().filter((entry) => entry.user === user && isWrite(entry));
}

/** Resolves when so many renewals of the Lease stand in the audit log: it is then that far, too. */
async function renewals(count: number, sinceMs = Date.now()): Promise<void> {
  const seen = () => requests().filter((entry) => isRenewal(entry) && entry.atMs >= sinceMs).length;
  await pollUntil(() => seen() >= count);
}

/** A log file tells nobody that it has grown. */
async function pollUntil(reached: () => boolean): Promise<void> {
  while (!reached()) await pause(100);
}

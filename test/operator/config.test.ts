// The daemon's settings: flags, environment, and what is said of a wrong value.

import { expect, test } from 'vitest';
import { readConfig, USAGE, UsageError } from '../../src/operator/config.ts';

const read = (flags: string, env: Record<string, string> = {}) => readConfig(flags === '' ? [] : flags.split(' '), env);

test('without flags all namespaces are watched, with the times of client-go', () => {
  expect(read('')).toEqual({
    namespaces: [],
    workers: 16,
    address: { host: '127.0.0.1', port: 8080 },
    logLevel: 'info',
    leaseNamespace: null,
    leaseName: 'statefulapp-operator',
    leaseTimes: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
    context: undefined,
    watchNodes: true,
    fencingTaints: [],
  });
});

const TIMES = { leaseMs: 30_000, renewDeadlineMs: 20_000, retryMs: 500 };
test.each([
  ['--namespace a', 'STATEFULAPP_NAMESPACE=a', { namespaces: ['a'] }],
  ['--namespace=a,b', 'STATEFULAPP_NAMESPACE=a, b', { namespaces: ['a', 'b'] }],
  ['--workers 3', 'STATEFULAPP_WORKERS=3', { workers: 3 }],
  ['--address 0.0.0.0:9', 'STATEFULAPP_ADDRESS=0.0.0.0:9', { address: { host: '0.0.0.0', port: 9 } }],
  ['--log-level debug', 'STATEFULAPP_LOG_LEVEL=debug', { logLevel: 'debug' }],
  ['--lease-namespace sys', 'STATEFULAPP_LEASE_NAMESPACE=sys', { leaseNamespace: 'sys' }],
  ['--lease-name x.y', 'STATEFULAPP_LEASE_NAME=x.y', { leaseName: 'x.y' }],
  ['--context c', 'STATEFULAPP_CONTEXT=c', { context: 'c' }],
  ['--watch-nodes false', 'STATEFULAPP_WATCH_NODES=false', { watchNodes: false }],
  ['--namespace a --watch-nodes true', 'STATEFULAPP_NAMESPACE=a;STATEFULAPP_WATCH_NODES=true', { watchNodes: true }],
  ['--namespace a', 'STATEFULAPP_NAMESPACE=a', { watchNodes: false }],
  ['--fencing-taint a.b/c --fencing-taint d', 'STATEFULAPP_FENCING_TAINT=a.b/c, d', { fencingTaints: ['a.b/c', 'd'] }],
  [
    '--lease-duration 30 --renew-deadline 20 --retry-period 0.5',
    'STATEFULAPP_LEASE_DURATION=30;STATEFULAPP_RENEW_DEADLINE=20;STATEFULAPP_RETRY_PERIOD=0.5',
    { leaseTimes: TIMES },
  ],
])('%s, or %s', (flags, env, expected) => {
  expect(read(flags)).toMatchObject(expected);
  expect(read('', Object.fromEntries(env.split(';').map((pair) => pair.split('='))))).toMatchObject(expected);
});

test.each([
  ['-n a -n b,c -n a', ['a', 'b', 'c']],
  ['-n a', ['a']],
])('%s watches %j', (flags, namespaces) => {
  expect(read(flags, { STATEFULAPP_NAMESPACE: 'other' })?.namespaces).toEqual(namespaces);
});

test('a flag wins over its variable, also when it says what is the default', () => {
  expect(
    read('--workers 16 --log-level=info', { STATEFULAPP_WORKERS: '3', STATEFULAPP_LOG_LEVEL: 'error' }),
  ).toMatchObject({
    workers: 16,
    logLevel: 'info',
  });
});

test('an empty variable is an unset one, as a chart may write it', () => {
  const names = [
    'NAMESPACE',
    'WORKERS',
    'ADDRESS',
    'LOG_LEVEL',
    'LEASE_NAMESPACE',
    'LEASE_NAME',
    'LEASE_DURATION',
    'CONTEXT',
    'WATCH_NODES',
    'FENCING_TAINT',
  ];
  expect(read('', Object.fromEntries(names.map((name) => [`STATEFULAPP_${name}`, ''])))).toEqual(read(''));
});

test.each([
  [':8080', { host: '::', port: 8080 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['[::1]:80', { host: '::1', port: 80 }],
])('the address %s is understood', (address, expected) => {
  expect(read(`--address ${address}`)?.address).toEqual(expected);
});

test.each([
  ['--workers 0', "--workers takes a whole number from 1 to 256, got '0'."],
  ['--workers 257', "--workers takes a whole number from 1 to 256, got '257'."],
  ['--workers 1.5', "--workers takes a whole number from 1 to 256, got '1.5'."],
  ['--workers many', "--workers takes a whole number from 1 to 256, got 'many'."],
  ['--workers=', "--workers takes a whole number from 1 to 256, got ''."],
  ['--lease-duration soon', "--lease-duration takes a number from 0.1 to 3600, got 'soon'."],
  ['--renew-deadline Infinity', "--renew-deadline takes a number from 0.1 to 3600, got 'Infinity'."],
  ['--retry-period 0', "--retry-period takes a number from 0.1 to 3600, got '0'."],
  [
    '--lease-duration 10',
    '--lease-duration must be longer than --renew-deadline, and that longer than --retry-period.',
  ],
  ['--retry-period 10', '--lease-duration must be longer than --renew-deadline, and that longer than --retry-period.'],
  ['--log-level loud', "--log-level takes one of trace, debug, info, warn, error, got 'loud'."],
  ['--address 8080', "--address takes HOST:PORT, for example 0.0.0.0:8080 or :8080, got '8080'."],
  ['--address host:', "--address takes HOST:PORT, for example 0.0.0.0:8080 or :8080, got 'host:'."],
  ['--address host:70000', "--address takes HOST:PORT, for example 0.0.0.0:8080 or :8080, got 'host:70000'."],
  ['--address host:http', "--address takes HOST:PORT, for example 0.0.0.0:8080 or :8080, got 'host:http'."],
  ['--namespace Prod', "--namespace takes names of namespaces, got 'Prod'."],
  ['--namespace a/b', "--namespace takes names of namespaces, got 'a/b'."],
  ['--namespace a,,b', "--namespace takes names of namespaces, got ''."],
  ['--namespace=', "--namespace takes names of namespaces, got ''."],
  ['--lease-namespace ../x', "--lease-namespace takes the name of a namespace, got '../x'."],
  ['--lease-namespace=', "--lease-namespace takes the name of a namespace, got ''."],
  ['--lease-name A', "--lease-name takes the name of a Lease, got 'A'."],
])('%s is refused: %s', (flags, message) => {
  expect(() => read(flags)).toThrow(new UsageError(message));
});

test.each(['--wrokers 3', 'positional', '--workers'])('%s is wrong use, and says where to look', (flags) => {
  expect(() => read(flags)).toThrow(UsageError);
  expect(() => read(flags)).toThrow(/See --help\.$/);
});

test('a wrong variable is refused like a wrong flag', () => {
  expect(() => read('', { STATEFULAPP_WORKERS: 'many' })).toThrow(
    "--workers takes a whole number from 1 to 256, got 'many'.",
  );
});

test('help is asked for by -h and --help, whatever else is wrong, and names each flag', () => {
  expect(read('-h')).toBeNull();
  expect(read('--help --workers 0')).toBeNull();
  for (const flag of [
    'namespace',
    'workers',
    'address',
    'log-level',
    'lease-namespace',
    'lease-name',
    'lease-duration',
    'renew-deadline',
    'retry-period',
    'context',
    'help',
  ])
    expect(USAGE).toContain(`--${flag}`);
});

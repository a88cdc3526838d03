// The daemon's settings: flags, each with an environment variable for the image and the chart. A wrong value stops the
// start with a sentence that names the flag, what it takes and what it got.

import { parseArgs } from 'node:util';
import { DEFAULT_LEASE_TIMES, type LeaseTimes } from './leader.ts';

export interface Config {
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly workers: number;
  readonly address: { readonly host: string; readonly port: number };
  readonly logLevel: string;
  /** Null: chosen from the surroundings (main.ts). */
  readonly leaseNamespace: string | null;
  readonly leaseName: string;
  readonly leaseTimes: LeaseTimes;
  readonly context: string | undefined;
  /** Whether nodes are followed, which takes rights that no Role can grant. */
  readonly watchNodes: boolean;
  /** Keys of taints by which fencing declares a machine dead. */
  readonly fencingTaints: readonly string[];
}

const FLAGS = {
  namespace: { type: 'string', short: 'n', multiple: true },
  workers: { type: 'string', default: '16' },
  address: { type: 'string', default: '127.0.0.1:8080' },
  'log-level': { type: 'string', default: 'info' },
  'lease-namespace': { type: 'string' },
  'lease-name': { type: 'string', default: 'statefulapp-operator' },
  'lease-duration': { type: 'string', default: String(DEFAULT_LEASE_TIMES.leaseMs / 1000) },
  'renew-deadline': { type: 'string', default: String(DEFAULT_LEASE_TIMES.renewDeadlineMs / 1000) },
  'retry-period': { type: 'string', default: String(DEFAULT_LEASE_TIMES.retryMs / 1000) },
  context: { type: 'string' },
  'watch-nodes': { type: 'string', default: 'auto' },
  'fencing-taint': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const USAGE = `statefulapp-operator: runs StatefulApps in the cluster of the current KUBECONFIG

  -n, --namespace NAME     watch this namespace only; several: repeat it or separate by commas (default: all)
      --workers N          apps worked on at the same time, 1 to 256 (16)
      --address HOST:PORT  where /metrics, /livez and /readyz are served; port 0 picks a free one (127.0.0.1:8080)
      --log-level LEVEL    trace, debug, info, warn or error (info)
      --lease-namespace N  where the leader-election Lease lives (the pod's own namespace, else the kubeconfig's)
      --lease-name NAME    its name (statefulapp-operator)
      --lease-duration S   --renew-deadline S  --retry-period S   of leader election, in seconds (15, 10, 2)
      --context NAME       context of the kubeconfig (its current one)
      --watch-nodes WHEN   true, false, or auto: unless --namespace is given, since a Role grants no nodes (auto). Without, members on dead
                           nodes are replaced only on the node's own word or on that of people
      --fencing-taint KEY  a node that is not Ready and carries this taint is dead for certain, since your fencing sets it once
                           the machine is off; several: repeat it or separate by commas (node.kubernetes.io/out-of-service always counts)
  -h, --help

Each flag can be given as an environment variable: STATEFULAPP_LOG_LEVEL for --log-level, and so on.`;

/** Wrong use: the message is for the user, and no stack is shown. */
export class UsageError extends Error {}

/** Null when help was asked for. Throws a UsageError. */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Config | null {
  const given = parse(argv);
  if (given.help === true) return null;
  const value = (flag: Exclude<keyof typeof FLAGS, 'namespace' | 'fencing-taint' | 'help'>) => {
    const explicit = argv.some((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
    return (explicit ? undefined : fromEnv(env, flag)) ?? given[flag];
  };
  const seconds = (flag: 'lease-duration' | 'renew-deadline' | 'retry-period') =>
    1000 * number(flag, value(flag), { min: 0.1, max: 3600 });
  const watched = namespaces(given.namespace ?? fromEnv(env, 'namespace'));
  const nodes = oneOf('watch-nodes', value('watch-nodes'), ['auto', 'true', 'false']);
  return {
    namespaces: watched,
    workers: number('workers', value('workers'), { min: 1, max: 256, whole: true }),
    address: address(value('address') ?? ''),
    logLevel: oneOf('log-level', value('log-level'), ['trace', 'debug', 'info', 'warn', 'error']),
    leaseNamespace: leaseNamespace(value('lease-namespace')),
    leaseName: leaseName(value('lease-name') ?? ''),
    leaseTimes: ordered({
      leaseMs: seconds('lease-duration'),
      renewDeadlineMs: seconds('renew-deadline'),
      retryMs: seconds('retry-period'),
    }),
    context: value('context'),
    watchNodes: nodes === 'auto' ? watched.length === 0 : nodes === 'true',
    fencingTaints: taints(given['fencing-taint'] ?? fromEnv(env, 'fencing-taint')),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)} See --help.`);
  }
}

function number(flag: string, text: string | undefined, bounds: { min: number; max: number; whole?: boolean }): number {
  const value = Number(text);
  const fits =
    text !== '' && value >= bounds.min && value <= bounds.max && (bounds.whole !== true || Number.isInteger(value));
  if (fits) return value;
  throw new UsageError(
    `--${flag} takes a ${bounds.whole === true ? 'whole ' : ''}number from ${bounds.min} to ${bounds.max}, got '${text}'.`,
  );
}

function oneOf(flag: string, text: string | undefined, words: readonly string[]): string {
  if (text !== undefined && words.includes(text)) return text;
  throw new UsageError(`--${flag} takes one of ${words.join(', ')}, got '${text}'.`);
}

function address(text: string): Config['address'] {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (at < 0 || text.slice(at + 1) === '' || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError(`--address takes HOST:PORT, for example 0.0.0.0:8080 or :8080, got '${text}'.`);
  }
  return { host: text.slice(0, at).replace(/^\[|\]$/g, '') || '::', port };
}

/** An empty variable is an unset one: that is how charts write them. */
function fromEnv(env: Readonly<Record<string, string | undefined>>, flag: string): string | undefined {
  return env[`STATEFULAPP_${flag.toUpperCase().replaceAll('-', '_')}`] || undefined;
}

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const OBJECT_NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

/** A flag that may be repeated, and whose values may be separated by commas. */
function listed(given: readonly string[] | string): readonly string[] {
  const list = typeof given === 'string' ? [given] : given;
  return list.flatMap((part) => part.split(',')).map((part) => part.trim());
}

/** Given, but naming none, it must not mean all of them: a script's variable may have been empty. */
function namespaces(given: readonly string[] | string | undefined): readonly string[] {
  if (given === undefined) return [];
  const names = listed(given);
  const wrong = names.find((name) => !LABEL_NAME.test(name));
  if (wrong === undefined) return [...new Set(names)];
  throw new UsageError(`--namespace takes names of namespaces, got '${wrong}'.`);
}

const QUALIFIED_NAME = /^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
/** The cluster sets these on machines that may well run. */
const NO_PROOF = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unschedulable'];

function taints(given: readonly string[] | string | undefined): readonly string[] {
  if (given === undefined) return [];
  const keys = listed(given);
  const wrong = keys.find((key) => !QUALIFIED_NAME.test(key));
  if (wrong !== undefined) throw new UsageError(`--fencing-taint takes keys of taints, got '${wrong}'.`);
  const vague = keys.find((key) => NO_PROOF.includes(key));
  if (vague !== undefined)
    throw new UsageError(
      `--fencing-taint ${vague} would prove nothing: Kubernetes sets it on nodes that may still run.`,
    );
  return [...new Set(keys)];
}

function leaseNamespace(name: string | undefined): string | null {
  if (name === undefined || LABEL_NAME.test(name)) return name ?? null;
  throw new UsageError(`--lease-namespace takes the name of a namespace, got '${name}'.`);
}

function leaseName(name: string): string {
  if (OBJECT_NAME.test(name)) return name;
  throw new UsageError(`--lease-name takes the name of a Lease, got '${name}'.`);
}

/** As client-go's leaderelection checks them: else a deposed leader could still write while another one does. */
function ordered(times: LeaseTimes): LeaseTimes {
  if (times.leaseMs > times.renewDeadlineMs && times.renewDeadlineMs > times.retryMs) return times;
  throw new UsageError('--lease-duration must be longer than --renew-deadline, and that longer than --retry-period.');
}

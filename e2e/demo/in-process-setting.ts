// The demo without programs: the API server in memory, the simulated control plane in real time, and the operator, all in
// this process. The operator is the real one; what it talks to is a model, made and tested in test/sim/, from where this
// imports. Lacks DNS, kubectl, access rights, and whatever docs/simulator-differences.md names.
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { systemClock } from '../../src/kube/system-clock.ts';
import { DEFAULT_LEASE_TIMES } from '../../src/operator/leader.ts';
import { startOperator } from '../../src/operator/operator.ts';
import { Telemetry } from '../../src/operator/telemetry.ts';
import { type ControlPlane, startControlPlane } from '../../test/sim/control/plane.ts';
import { calmTemper } from '../../test/sim/control/temper.ts';
import { Random } from '../../test/sim/random.ts';
import { createDirectTransport } from '../../test/sim/server/direct.ts';
import { SimServer } from '../../test/sim/server/server.ts';
import { inProcessUser } from './in-process-user.ts';
import { LiveTimeline } from './live-timeline.ts';
import { addressOf, type Published } from './object-addresses.ts';
import { countRequests } from './operator-process.ts';
import { APP, NAMESPACE, type Preparation, type Setting, type ShownOperator } from './setting.ts';
import { type AddressBook, Witness } from './witness.ts';

const NODES = ['node-0', 'node-1', 'node-2'];
/** The operator's default is 16: more than three members ever need. */
const WORKERS = 4;
const LEASE = { namespace: NAMESPACE, name: 'statefulapp-operator' };
const TAIL_LINES = 12;
/** About as long as the fake kubelets of the local cluster take. */
const TEMPER = {
  ...calmTemper(),
  start: [100, 300],
  ready: [50, 150],
  stop: [50, 150],
} as const;

export async function prepareInProcessSetting({ progress, endings, signal }: Preparation): Promise<Setting> {
  signal.throwIfAborted();
  const timeline = new LiveTimeline();
  endings.push(async () => timeline.end());
  const server = new SimServer({ now: timeline.now, uid: randomUUID });
  const plane = startControlPlane({
    server,
    timeline,
    random: new Random(Date.now() % 2 ** 31, 'demo'),
    nodes: NODES,
    on: { started: () => {}, stopped: () => {} },
    temper: { ...TEMPER },
  });
  progress(`an API server in memory, its control plane and ${NODES.length} nodes run in this process`);
  const operator = startInProcess(server, timeline, endings);
  progress('the operator runs in this process, too: src/operator/operator.ts');
  return {
    user: inProcessUser({ server, progress, fail: (pod) => evict(server, plane, pod) }),
    operator,
    witness: startWitness(server, timeline, endings),
    addressed:
      'hostname, subdomain, Service and pod lead from each name to its address (left out: asking DNS, no server of it runs here)',
    remains: undefined,
  };
}

function startInProcess(server: SimServer, timeline: LiveTimeline, endings: Preparation['endings']): ShownOperator {
  const tail: string[] = [];
  const write = (line: string) => {
    tail.push(line.trimEnd());
    if (tail.length > TAIL_LINES) tail.shift();
  };
  const telemetry = new Telemetry(WORKERS);
  const transport = createDirectTransport(server, 'operator-1', timeline);
  const operator = startOperator({
    transport,
    clock: systemClock,
    random: Math.random,
    log: pino({ base: {} }, { write }),
    telemetry,
    namespaces: [],
    watchNodes: true,
    workers: WORKERS,
    lease: LEASE,
    identity: 'operator-1',
    leaseTimes: DEFAULT_LEASE_TIMES,
  });
  endings.push(async () => {
    await operator.stop();
    await transport.close();
  });
  return {
    ended: timeline.broken,
    logPlace: 'kept in memory',
    lastLines: () => tail.join('\n'),
    requests: async () => countRequests(await telemetry.registry.metrics()),
  };
}

function startWitness(server: SimServer, timeline: LiveTimeline, endings: Preparation['endings']): Witness {
  const transport = createDirectTransport(server, 'user', timeline);
  const addresses = (changed: () => void) => addressBook(server, changed);
  const witness = new Witness({ transport, addresses, namespace: NAMESPACE, app: APP });
  endings.push(async () => {
    witness.stop();
    await transport.close();
  });
  return witness;
}

/** Asks again after each commit; answers are those of that moment. */
function addressBook(server: SimServer, changed: () => void): AddressBook {
  const answers = new Map<string, string | null>();
  let wanted: readonly string[] = [];
  const ask = () => {
    // The server stores what it was sent; who reads it takes it for what it says it is, as with JSON from the network.
    const published = {
      namespace: NAMESPACE,
      pods: server.all('pods', NAMESPACE),
      services: server.all('services', NAMESPACE),
    } as Published;
    const news = wanted.filter((name) => answers.get(name) !== addressOf(published, name));
    for (const name of news) answers.set(name, addressOf(published, name));
    return news.length > 0;
  };
  const stop = server.onCommit(() => {
    if (ask()) changed();
  });
  const want = (names: ReadonlyMap<string, string | null>) => {
    wanted = [...names.keys()];
    ask();
  };
  return { answers, want, stop };
}

/** Node pressure: how a kubelet ends a pod that restarts its containers always. Its sentence for the screen. */
function evict(server: SimServer, plane: ControlPlane, name: string): string {
  const pod = server.find('pods', NAMESPACE, name);
  const { nodeName } = (pod?.['spec'] ?? {}) as { readonly nodeName?: string };
  if (pod === undefined || nodeName === undefined) throw new Error(`pod ${name} runs on no node`);
  plane.node(nodeName).evict(pod.metadata.uid);
  return `${nodeName} is low on memory, and its kubelet evicts ${name}`;
}

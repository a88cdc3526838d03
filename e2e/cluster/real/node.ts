// One real node: everything that can be done to it, from any process, since what is known of it is in its state file.
// Two acts on one node at once are the caller's mistake. Nothing here asks the API server anything.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { logTail } from '../logs.ts';
import type { NodeActions } from '../node-cluster.ts';
import { isAlive } from '../processes.ts';
import { until } from '../requests.ts';
import { run } from '../run.ts';
import { Cgroups } from './cgroups.ts';
import { nodeLog } from './files.ts';
import {
  ALL_NAMESPACES,
  cleanEnvironment,
  type Holder,
  hold,
  inside,
  killHolder,
  killInside,
  startInside,
} from './namespaces.ts';
import { type Cable, plugIn, pullCable, putCableBack } from './network.ts';
import { CONTAINERD_SOCKET, cgroupOf, kubeletArguments, prepareScript } from './node-config.ts';
import {
  endedPrograms,
  type NodeProgram,
  type NodeState,
  readNodeState,
  readRealState,
  writeNodeState,
} from './state.ts';
import { BOOT_ID, standIn } from './tunables.ts';

const SOCKET_MS = 30_000;

export interface RealNode extends NodeActions {
  /** Makes the images of a docker-archive or OCI archive known to it. */
  readonly importImage: (archive: string) => Promise<void>;
  readonly isRunning: () => boolean;
  readonly logFile: (program: NodeProgram) => string;
}

export function realNode(dir: string, name: string): RealNode {
  const state = () => readNodeState(dir, name);
  const on = (what: string) => running(state(), what);
  return {
    name,
    partition: async () => {
      await pullCable(cableOf(dir, on('partitioned')));
      writeNodeState({ ...state(), partitioned: true });
    },
    heal: async () => {
      await putCableBack(cableOf(dir, on('healed')));
      writeNodeState({ ...state(), partitioned: false });
    },
    kill: () => cutPower(state()),
    restart: async () => {
      if (isOn(state())) throw new Error(`${name} runs. Kill it first, then restart it.`);
      await boot(dir, name);
      await startAgents(dir, name);
    },
    killKubelet: () => stop(on('without kubelet'), 'kubelet'),
    startKubelet: async () => void start(on('given a kubelet'), 'kubelet'),
    restartRuntime: async () => {
      await stop(on('given a new runtime'), 'containerd');
      await startRuntime(state());
    },
    importImage: (archive) => importImage(on('given an image'), archive),
    isRunning: () => isOn(state()),
    logFile: (program) => nodeLog(state().plan.files, program),
  };
}

/** Switches a node on, up to a runtime that answers: images can be imported, and nothing needs the API server yet. */
export async function boot(dir: string, name: string): Promise<void> {
  const state = readNodeState(dir, name);
  const { plan } = state;
  const cgroups = new Cgroups();
  const group = cgroupOf(plan);
  cgroups.create(group);
  writeFileSync(join(plan.files.tunables, standIn(BOOT_ID)), `${randomUUID()}\n`);
  const holder = await hold({
    namespaces: ALL_NAMESPACES,
    enterCgroup: cgroups.enterScript(group),
    prepare: prepareScript(plan),
    command: [plan.pause],
    logFile: nodeLog(plan.files, 'node'),
  });
  const on = { ...state, holder, running: {} };
  writeNodeState(on);
  const cable = cableOf(dir, on);
  await plugIn(cable, holder);
  if (state.partitioned) await pullCable(cable);
  await startRuntime(on);
}

/** What makes a booted node a member of the cluster. */
export async function startAgents(dir: string, name: string): Promise<void> {
  for (const program of ['kubelet', 'kube-proxy'] as const) start(readNodeState(dir, name), program);
}

/** Ends all of it at once; nothing when it does not run. */
export async function cutPower(state: NodeState): Promise<void> {
  const { holder, plan } = state;
  if (holder !== undefined) await killHolder(holder);
  const cgroups = new Cgroups();
  const group = cgroupOf(plan);
  await until(
    async () => cgroups.processes(group).length === 0,
    10_000,
    () =>
      `${plan.name} still has processes 10 s after its first one was killed: ${cgroups.processes(group).join(', ')}.`,
  );
  await cgroups.remove(group);
  const { holder: _, ...off } = state;
  writeNodeState({ ...off, running: {} });
}

function isOn(state: NodeState): state is NodeState & { readonly holder: Holder } {
  return state.holder !== undefined && isAlive(state.holder.init);
}

function running(state: NodeState, what: string): NodeState & { readonly holder: Holder } {
  if (isOn(state)) return state;
  throw new Error(`${state.plan.name} does not run, so it cannot be ${what}. Restart it first.`);
}

function cableOf(dir: string, { plan }: NodeState): Cable {
  const real = readRealState(dir);
  if (real?.hub === undefined) throw new Error(`The cluster in ${dir} has no network. End it, and start it afresh.`);
  return { addresses: real.addresses, index: plan.index, nodes: real.nodes, hub: real.hub };
}

async function startRuntime(state: NodeState): Promise<void> {
  const started = start(state, 'containerd');
  const { plan, holder } = started;
  const socket = `/proc/${holder?.init.pid ?? 0}/root${CONTAINERD_SOCKET}`;
  const log = nodeLog(plan.files, 'containerd');
  const answers = async () => {
    if (endedPrograms(started).includes('containerd'))
      throw new Error(`containerd of ${plan.name} ended while it was starting. ${logTail(log)}`);
    return accepts(socket);
  };
  const why = () => `containerd of ${plan.name} does not answer after ${SOCKET_MS / 1000} s. ${logTail(log)}`;
  await until(answers, SOCKET_MS, why);
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function start(state: NodeState, program: NodeProgram): NodeState {
  const { plan, holder, running: before } = state;
  const current = before[program];
  if (holder === undefined || (current !== undefined && isAlive(current))) return state;
  const id = startInside({
    holder,
    enterCgroup: new Cgroups().enterScript(cgroupOf(plan)),
    command: commandOf(state, program),
    logFile: nodeLog(plan.files, program),
  });
  const after = { ...state, running: { ...before, [program]: id } };
  writeNodeState(after);
  return after;
}

async function stop(state: NodeState, program: NodeProgram): Promise<void> {
  const id = state.running[program];
  if (id !== undefined) await killInside(id);
}

function commandOf({ plan, programs, args }: NodeState, program: NodeProgram): readonly string[] {
  const builtIn: Readonly<Record<NodeProgram, readonly string[]>> = {
    containerd: [`--config=${plan.files.containerdConfig}`],
    kubelet: kubeletArguments(plan),
    'kube-proxy': [`--config=${plan.files.proxyConfig}`],
  };
  return [programs[program], ...builtIn[program], ...(args[program] ?? [])];
}

// --local: the other way hands the archive to containerd in pieces, which takes longer. Among the node's processes, so that it ends with
// the node: it would wait for a containerd that is gone for ever.
async function importImage({ plan, holder }: NodeState & { readonly holder: Holder }, archive: string): Promise<void> {
  const enter = inside(holder, ['mount', 'pid']);
  const command = [...enter, plan.ctr, '--namespace=k8s.io', 'images', 'import', '--local', '-'];
  await run(command, { inputFile: archive, env: cleanEnvironment() });
}

// The demo on a real API server: the local cluster, our kind installed in it, the operator as a process of its own, a
// user with kubectl, CoreDNS for the names.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { findBinary } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { clusterFolder } from '../cluster/folders.ts';
import { PLAY } from '../cluster/plays.ts';
import { isAlive, type ProcessId } from '../cluster/processes.ts';
import { readState, writeState } from '../cluster/state.ts';
import { tearDown } from '../cluster/teardown.ts';
import { install, operatorKubeconfig } from '../operator/install.ts';
import { Addresses } from './addresses.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import { APP, NAMESPACE, type Preparation, ROOT, type Setting, type User } from './setting.ts';
import { Witness } from './witness.ts';

const CLUSTER_NAME = 'demo';

/** With `keep` the cluster and the operator outlive this process. */
export async function prepareRealSetting(preparation: Preparation, keep: boolean): Promise<Setting> {
  const { progress, endings, signal } = preparation;
  // A kept cluster stands where `npm run cluster -- … --name demo` finds it.
  const place = keep ? { dir: await freeFolder(), detach: true } : {};
  const cluster = await startCluster({ name: CLUSTER_NAME, ...place, progress });
  endings.push(cluster.stop);
  signal.throwIfAborted();

  progress('installing the kind StatefulApp (crds/) and the rights of the operator …');
  await install(cluster);
  const kubeconfig = await operatorKubeconfig(cluster);
  if (keep) await linkKubectl(cluster.dir, progress);
  signal.throwIfAborted();

  const operator = startOperatorProcess(kubeconfig, join(cluster.dir, 'logs', 'operator.log'));
  endings.push(operator.stop);
  entrust(cluster.dir, operator.id);
  progress(`the operator runs: node src/operator/main.ts, pid ${operator.id.pid}, log ${operator.logFile}`);
  return {
    user: userOf(cluster, progress),
    operator: { ...operator, logPlace: operator.logFile },
    witness: startWitness(cluster, endings),
    addressed: 'CoreDNS answers with the addresses of the pods',
    remains: keep ? usage(cluster, operator) : undefined,
  };
}

function startWitness(cluster: Cluster, endings: Preparation['endings']): Witness {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(cluster.kubeconfig);
  const transport = createTransport({ kubeConfig });
  const addresses = (changed: () => void) => new Addresses(cluster.dnsPort, changed);
  const witness = new Witness({ transport, addresses, namespace: NAMESPACE, app: APP });
  endings.push(async () => {
    witness.stop();
    await transport.close();
  });
  return witness;
}

function userOf(cluster: Cluster, progress: (line: string) => void): User {
  const kubectl = async (...args: readonly string[]) => {
    progress(`$ kubectl ${args.join(' ').replaceAll(`${ROOT}/`, '')}`);
    await cluster.kubectl(...args);
  };
  return {
    apply: (file) => kubectl('apply', '-f', file),
    deletePod: (name) => kubectl('delete', 'pod', name, '--wait=false'),
    failPod: (name) => kubectl('annotate', 'pod', name, `${PLAY}=failed`),
    scale: (app, replicas) => kubectl('scale', 'statefulapp', app, `--replicas=${replicas}`),
  };
}

/** The folder of the kept cluster, cleared of what a reboot may have left. */
async function freeFolder(): Promise<string> {
  const dir = clusterFolder(CLUSTER_NAME);
  const state = readState(dir);
  const processes = state === undefined ? [] : [state.owner, ...Object.values(state.components)];
  if (processes.some((id) => id !== undefined && isAlive(id))) {
    throw new Error(
      `A demo cluster runs already, from an earlier --keep. End it with: ${downCommand()}\nThen start the demo again.`,
    );
  }
  if (existsSync(dir)) await tearDown(dir);
  return dir;
}

function downCommand(): string {
  return `npm run cluster -- down --name ${CLUSTER_NAME}`;
}

/**
 * The operator is written down among the cluster's processes: so `npm run cluster -- down` ends it too, and the cluster's
 * watchdog does when the demo is killed.
 */
function entrust(dir: string, operator: ProcessId): void {
  const state = readState(dir);
  if (state === undefined) throw new Error(`The cluster's state in ${dir} is gone: somebody ended the cluster.`);
  const components = { ...state.components, operator };
  writeState({ ...state, components });
}

/** Where `npm run cluster -- env` says that it is. */
async function linkKubectl(dir: string, progress: (line: string) => void): Promise<void> {
  mkdirSync(join(dir, 'bin'), { recursive: true });
  symlinkSync(await findBinary('kubectl', progress), join(dir, 'bin/kubectl'));
}

function usage(cluster: Cluster, operator: OperatorProcess): string {
  return `
The cluster and the operator go on running. Use them in any shell:
  export KUBECONFIG='${cluster.kubeconfig}'
  export PATH='${cluster.dir}/bin':"$PATH"
  kubectl get sapp,pods,pvc
  kubectl scale sapp web --replicas=4
The same two settings: eval "$(npm run -s cluster -- env --name demo)"
Names of the cluster: DNS on 127.0.0.1 port ${cluster.dnsPort}, for example web-0.web.default.svc.cluster.local
Log of the operator (pid ${operator.id.pid}): ${operator.logFile}
End both, and delete their data: ${downCommand()}`;
}

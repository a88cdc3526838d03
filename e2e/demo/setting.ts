// Where the demo plays: the cluster, our kind installed in it, the operator, and a witness. Says each step; whatever was
// started is in `endings`, to be called in reverse order, from the moment it exists.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { createTransport } from '../../src/kube/undici-transport.ts';
import { findBinary } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { clusterFolder } from '../cluster/folders.ts';
import { isAlive, type ProcessId } from '../cluster/processes.ts';
import { readState, writeState } from '../cluster/state.ts';
import { tearDown } from '../cluster/teardown.ts';
import { install, operatorKubeconfig } from '../operator/install.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import { Witness } from './witness.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const CLUSTER_NAME = 'demo';
export const APP = 'web';

export interface Setting {
  readonly cluster: Cluster;
  readonly operator: OperatorProcess;
  readonly witness: Witness;
}

export interface Preparation {
  readonly keep: boolean;
  readonly progress: (line: string) => void;
  readonly endings: (() => Promise<void>)[];
  /** Aborted: nothing more may be started. */
  readonly signal: AbortSignal;
}

export async function prepareSetting({ keep, progress, endings, signal }: Preparation): Promise<Setting> {
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

  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(cluster.kubeconfig);
  const transport = createTransport({ kubeConfig });
  const witness = new Witness({ transport, dnsPort: cluster.dnsPort, namespace: 'default', app: APP });
  endings.push(async () => {
    witness.stop();
    await transport.close();
  });
  return { cluster, operator, witness };
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

export function downCommand(): string {
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

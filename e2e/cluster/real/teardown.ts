// The end of a cluster with real nodes, and the proof of it: what a cluster has outside its folder is processes, cgroups, a
// link with routes, and mounts in the namespaces of its processes. Packet filters and all other interfaces are in those
// namespaces too.
import { readdirSync, readFileSync } from 'node:fs';
import { killAll, processId } from '../processes.ts';
import { until } from '../requests.ts';
import { Cgroups } from './cgroups.ts';
import { nodesFolder, volumesFolder } from './files.ts';
import { hostLinkExists, unplugHost } from './network.ts';
import { nodeNames, type RealState, readNodeState } from './state.ts';

/** Ends all processes of the cluster, whoever started them, and takes its link and cgroups away. Safe to repeat. */
export async function endNodes(dir: string, { addresses }: RealState): Promise<void> {
  await unplugHost(addresses);
  const cgroups = new Cgroups();
  // First the first process of each node: with it the kernel ends all others there, before they can start more.
  const holders = nodeNames(dir).flatMap((name) => {
    const { holder } = readNodeState(dir, name);
    return holder === undefined ? [] : [holder.init, holder.outer];
  });
  await killAll(holders);
  const left = () => cgroups.processes(addresses.id);
  const gone = async () => {
    await killAll(left().map(processId));
    return left().length === 0;
  };
  await until(gone, 10_000, () => `Processes of ${addresses.id} outlive SIGKILL: ${left().join(', ')}.`);
  await cgroups.remove(addresses.id);
}

/** What is still there of a cluster that has ended, in words; empty when nothing is. */
export async function leftovers(dir: string, { addresses }: RealState): Promise<readonly string[]> {
  const { id } = addresses;
  const cgroups = new Cgroups();
  const link = (await hostLinkExists(id)) ? [`the link ${id} (ip link delete ${id})`] : [];
  const folders = cgroups.folders(id).map((folder) => `the cgroup ${folder} (rmdir)`);
  const processes = cgroups.processes(id).map((pid) => `process ${pid} in the cgroup ${id}`);
  return [...link, ...folders, ...processes, ...mountsOf(dir)];
}

/** Processes that see a mount of the cluster's folder: whoever outlived it in a namespace of its own. */
function mountsOf(dir: string): readonly string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const mount = mountinfo(pid)
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, , , source = '']) => isOf(source, dir));
    if (mount !== undefined) found.push(`a mount that process ${pid} sees (${mount[4]} of ${dir})`);
  }
  return found;
}

/** The kernel names what is mounted from the root of its file system on, which may be mounted anywhere itself. */
export function isOf(source: string, dir: string): boolean {
  const parts = dir.split('/').slice(1);
  const endings = parts.map((_, index) => `/${parts.slice(index).join('/')}`);
  return endings.some((ending) =>
    [nodesFolder(ending), volumesFolder(ending)].some((folder) => source.startsWith(folder)),
  );
}

function mountinfo(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
  } catch {
    return ''; // ended meanwhile, or a kernel thread
  }
}

// A cluster of kind (Kubernetes in Docker), where Docker and kind are installed: the same commands for who has them. Only
// the command lines and the few steps around them; which Kubernetes it is, is kind's own choice.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Progress } from './binaries.ts';
import { run } from './run.ts';

const CONFIG = 'kind.yaml';

/** What a node of the cluster can be told, and the commands that do it. */
export type NodeVerb = 'partition' | 'heal' | 'kill' | 'restart';

/** One control plane and the workers; pods run on workers only. */
export function kindConfig(workers: number): string {
  const nodes = [{ role: 'control-plane' }, ...Array.from({ length: workers }, () => ({ role: 'worker' }))];
  return stringify({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes });
}

/** Its name among all clusters of kind on this machine. */
export function kindName(name: string): string {
  return `statefulapp-${name}`;
}

export function createCommand(name: string, dir: string): readonly string[] {
  const files = ['--config', join(dir, CONFIG), '--kubeconfig', join(dir, 'kubeconfig')];
  return ['kind', 'create', 'cluster', '--name', kindName(name), ...files, '--wait', '120s'];
}

export function deleteCommand(name: string, dir: string): readonly string[] {
  return ['kind', 'delete', 'cluster', '--name', kindName(name), '--kubeconfig', join(dir, 'kubeconfig')];
}

export function importCommand(name: string, archive: string): readonly string[] {
  return ['kind', 'load', 'image-archive', archive, '--name', kindName(name)];
}

/** `node` is the node's name to Kubernetes, which is its container's name to Docker. */
export function nodeCommand(verb: NodeVerb, node: string): readonly string[] {
  switch (verb) {
    case 'kill':
      return ['docker', 'kill', node];
    case 'restart':
      return ['docker', 'start', node];
    case 'partition':
      return ['docker', 'exec', node, 'sh', '-c', packetFilter('-I')];
    case 'heal':
      return ['docker', 'exec', node, 'sh', '-c', packetFilter('-D')];
    default:
      return verb satisfies never;
  }
}

// A cable that is pulled inside the node's own filter: disconnecting it from Docker's network would change its address.
function packetFilter(act: '-I' | '-D'): string {
  const rules = ['INPUT -i', 'OUTPUT -o', 'FORWARD -i', 'FORWARD -o'];
  return rules.map((rule) => `iptables ${act} ${rule} eth0 -j DROP`).join(' && ');
}

export interface KindWish {
  readonly name: string;
  readonly dir: string;
  readonly workers: number;
  readonly images: readonly string[];
  readonly progress: Progress;
}

/** Creates the cluster; its kubeconfig is in `dir`. */
export async function startKind({ name, dir, workers, images, progress }: KindWish): Promise<void> {
  await needs(['docker', 'version'], 'Docker (https://docs.docker.com/engine/install), running');
  await needs(['kind', 'version'], 'kind (https://kind.sigs.k8s.io/docs/user/quick-start)');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, CONFIG), kindConfig(workers));
  progress(`kind creates ${kindName(name)} with ${workers} workers …`);
  try {
    await run(createCommand(name, dir));
    for (const archive of images) await run(importCommand(name, archive));
  } catch (error) {
    await endKind(name, dir).catch(() => {}); // the first failure is the one to tell
    throw error;
  }
}

export async function endKind(name: string, dir: string): Promise<void> {
  await run(deleteCommand(name, dir));
  rmSync(dir, { recursive: true, force: true });
}

async function needs(command: readonly string[], what: string): Promise<void> {
  try {
    await run(command);
  } catch (error) {
    throw new Error(
      `--kind needs ${what}: ${(error as Error).message}. Without it: --nodes (as root on Linux) or --fake-nodes.`,
    );
  }
}

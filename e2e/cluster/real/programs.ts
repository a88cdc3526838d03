// All programs of a cluster with real nodes, found before anything is started: whatever is missing is said at once.
import { findBinary, type Progress } from '../binaries.ts';
import type { BinaryName } from '../catalog.ts';
import { findRequirements } from './requirements.ts';

const BUILT = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kubelet',
  'kube-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'pause',
  'coredns',
] as const satisfies readonly BinaryName[];

export type ProgramPaths = Readonly<Record<(typeof BUILT)[number] | 'runc' | 'cni', string>>;

export async function findProgramPaths(progress: Progress): Promise<ProgramPaths> {
  const requirements = await findRequirements(progress);
  const found: Partial<Record<(typeof BUILT)[number], string>> = {};
  for (const name of BUILT) found[name] = await findBinary(name, progress);
  return { ...(found as Record<(typeof BUILT)[number], string>), ...requirements };
}

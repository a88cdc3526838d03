// What the figures were made on, without names of hosts or paths.
import { cpus, loadavg, type as systemName, totalmem } from 'node:os';
import { binary } from '../e2e/cluster/catalog.ts';
import { run } from '../e2e/cluster/run.ts';
import type { Machine } from './report/report.ts';

export function machine(): Machine {
  const all = cpus();
  return {
    system: `${systemName()} ${process.arch}`,
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg()[0] ?? 0,
  };
}

export function versions(): Readonly<Record<string, string>> {
  return {
    Kubernetes: binary('kube-apiserver').version.replace(/^kubernetes-/, ''),
    etcd: binary('etcd').version.replace(/^etcd-/, ''),
    kwok: binary('kwok').version.replace(/^kwok-/, ''),
    Node: process.version,
  };
}

/** Short, with a plus when files differ from it; 'unknown' outside of a checkout. */
export async function commit(): Promise<string> {
  const git = (...args: readonly string[]) => run(['git', '-C', import.meta.dirname, ...args]);
  try {
    const hash = (await git('rev-parse', '--short', 'HEAD')).trim();
    return (await git('status', '--porcelain', '--untracked-files=no')).trim() === '' ? hash : `${hash}+changes`;
  } catch {
    return 'unknown';
  }
}

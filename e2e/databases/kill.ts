// Ends a container of a real node on this machine as a crash does: SIGKILL to its first process, from outside. From inside,
// the kernel protects that process. Linux and root; finds it by the pod's UID in its cgroup, so nothing else can be meant.
import { readdirSync, readFileSync } from 'node:fs';

export interface Victim {
  readonly podUid: string;
  /** The name of the container's first process: etcd, postgres, redis-server. */
  readonly program: string;
}

/** Throws when there is not exactly one such process. */
export function killContainer(victim: Victim): void {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isVictim(name, victim));
  const [pid] = found;
  if (pid === undefined || found.length > 1) {
    throw new Error(
      `Pod ${victim.podUid} has ${found.length} containers on this machine that run ${victim.program}, not one.`,
    );
  }
  process.kill(Number(pid), 'SIGKILL');
}

function isVictim(pid: string, { podUid, program }: Victim): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (/^Name:\t(.*)$/m.exec(status)?.[1] !== program) return false;
    // Its number in its own process namespace, the innermost.
    if (/^NSpid:.*\t(\d+)$/m.exec(status)?.[1] !== '1') return false;
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(podUid);
  } catch {
    return false; // it has ended meanwhile
  }
}

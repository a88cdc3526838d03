// The ground truth of R1: at no moment do containers of two pods of one name run, on whatever nodes. Excused is what nobody
// could have known: somebody force-deleted the pod, or its Node object, while its kubelet could not be reached; that is
// their statement that it is dead (safety.md R1).

export interface Running {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export class Twins {
  readonly #running = new Map<string, Map<string, Running>>();
  readonly #excused = new Set<string>();
  readonly #made = new Set<string>();
  readonly #report: (what: string) => void;

  constructor(report: (what: string) => void) {
    this.#report = report;
  }

  started(pod: Running): void {
    const key = `${pod.namespace}/${pod.name}`;
    const all = this.#running.get(key) ?? new Map<string, Running>();
    this.#running.set(key, all);
    for (const other of all.values()) {
      // What people make themselves, under whatever name, is not ours to prevent.
      const isOurs = this.#made.has(pod.uid) && !this.#excused.has(pod.uid);
      if (other.uid === pod.uid || this.#excused.has(other.uid) || !isOurs) continue;
      this.#report(`${key} runs twice: ${other.uid} on ${other.node} and ${pod.uid} on ${pod.node}`);
    }
    all.set(pod.uid, pod);
  }

  stopped({ namespace, name, uid }: Running): void {
    this.#running.get(`${namespace}/${name}`)?.delete(uid);
  }

  /** An operator made this pod. */
  made(uid: string): void {
    this.#made.add(uid);
  }

  /** Its pod object was removed, or its node is out of reach without one: nobody can tell that it runs. */
  excuse(uid: string): void {
    this.#excused.add(uid);
  }

  onNode(node: string): readonly Running[] {
    return [...this.#running.values()].flatMap((pods) => [...pods.values()]).filter((pod) => pod.node === node);
  }
}

// The audit log while it is written. A mark is a request of our own that is awaited there: what was answered before it stands
// before it, since the API server writes a line before it goes on.
import { open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { BINDER } from '../sides/binder.ts';
import { type AuditEntry, isWork, readEntry } from './tally.ts';

const CHUNK = 1 << 20;
const MARK_MS = 30_000;
const QUIET_MS = 1_000;
/** Those whose work the sides answer: fake kubelets and the controller that binds claims. */
const WORLD = ['kwok', BINDER];
/** So long after the world has come to rest: tens of thousands of claims take minutes to be bound. */
const QUIET_WITHIN_MS = 120_000;

export class AuditLog {
  readonly #path: string;
  readonly #client: KubeClient;
  #marks = 0;

  constructor(path: string, client: KubeClient) {
    this.#path = path;
    this.#client = client;
  }

  /** Where the log is now, in bytes; all that was answered before this call stands before it. */
  async mark(): Promise<number> {
    this.#marks += 1;
    const name = `bench-mark-${process.pid}-${this.#marks}`;
    const from = (await stat(this.#path)).size;
    await this.#client.get(RESOURCES.namespaces, { name });
    const deadline = performance.now() + MARK_MS;
    for (;;) {
      let found = -1;
      await this.#lines(from, Number.POSITIVE_INFINITY, (line, end) => {
        if (line.includes(name)) found = end;
      });
      if (found >= 0) return found;
      if (performance.now() > deadline)
        throw new Error(`${this.#path} has no line of a request made ${MARK_MS / 1000} s ago.`);
      await pause(20); // a file tells nobody that it has grown
    }
  }

  /** What these users asked for between two marks. */
  async between(from: number, to: number, users: readonly string[]): Promise<readonly AuditEntry[]> {
    const entries: AuditEntry[] = [];
    await this.#lines(from, to, (line) => {
      const entry = readEntry(line, users);
      if (entry !== undefined) entries.push(entry);
    });
    return entries;
  }

  /**
   * Resolves once these users, and those whose work they answer, have asked for nothing during a second; the mark is the one
   * before that second.
   */
  async quiet(users: readonly string[]): Promise<number> {
    let deadline = performance.now() + QUIET_WITHIN_MS;
    let from = await this.mark();
    for (;;) {
      await pause(QUIET_MS);
      const to = await this.mark();
      const entries = (await this.between(from, to, [...users, ...WORLD])).filter(isWork);
      if (entries.length === 0) return from;
      if (entries.some(({ user }) => WORLD.includes(user))) deadline = performance.now() + QUIET_WITHIN_MS;
      if (performance.now() > deadline) {
        const last = entries.at(-1);
        throw new Error(
          `${last?.user} is not quiet ${QUIET_WITHIN_MS / 1000} s after all else was; last: ${last?.verb} ${last?.resource} ${last?.namespace}/${last?.name} (${last?.code}).`,
        );
      }
      from = to;
    }
  }

  /** Whole lines from one byte to another, each with the byte after it. */
  async #lines(from: number, to: number, tell: (line: string, end: number) => void): Promise<void> {
    const file = await open(this.#path, 'r');
    try {
      let rest = Buffer.alloc(0);
      for (let position = from; position < to; ) {
        const length = Math.min(CHUNK, to - position);
        const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
        if (bytesRead === 0) return;
        let text = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        let start = position - rest.length;
        for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10)) {
          start += end + 1;
          tell(text.toString('utf8', 0, end), start);
          text = text.subarray(end + 1);
        }
        rest = Buffer.from(text);
        position += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
}

// Asks CoreDNS where the members are: whenever something changed at the API server, and, since DNS tells nobody when an
// answer changes, ten times a second until it is the expected one. A class, because the state lives here: the answers.
import { Resolver } from 'node:dns/promises';
import type { AddressBook } from './witness.ts';

const AGAIN_MS = 100;
/** What a DNS server says of a name without addresses. */
const NO_ADDRESS = ['ENOTFOUND', 'ENODATA'];

export class Addresses implements AddressBook {
  readonly #resolver = new Resolver({ timeout: 2_000, tries: 1 });
  readonly #changed: () => void;
  readonly #answers = new Map<string, string | null>();
  #wanted: ReadonlyMap<string, string | null> = new Map();
  #asking = false;
  #again = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(dnsPort: number, changed: () => void) {
    this.#resolver.setServers([`127.0.0.1:${dnsPort}`]);
    this.#changed = changed;
  }

  get answers(): ReadonlyMap<string, string | null> {
    return this.#answers;
  }

  want(wanted: ReadonlyMap<string, string | null>): void {
    this.#wanted = wanted;
    void this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#resolver.cancel();
  }

  async #ask(): Promise<void> {
    this.#again = this.#asking;
    if (this.#asking || this.#stopped) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    const found = await Promise.all([...this.#wanted.keys()].map((name) => this.#one(name)));
    this.#asking = false;
    if (this.#stopped) return;
    if (found.includes(true)) this.#changed();
    if (this.#again) void this.#ask();
    else if ([...this.#wanted].some(([name, expected]) => this.#answers.get(name) !== expected)) {
      this.#timer = setTimeout(() => void this.#ask(), AGAIN_MS);
    }
  }

  /** Whether the answer is another than before. */
  async #one(name: string): Promise<boolean> {
    const before = this.#answers.get(name);
    try {
      this.#answers.set(name, (await this.#resolver.resolve4(name)).sort().join(','));
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (NO_ADDRESS.includes(code)) this.#answers.set(name, null);
      else this.#answers.delete(name);
    }
    return this.#answers.get(name) !== before;
  }
}

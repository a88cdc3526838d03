// One watch connection of a process: tells what its cursor has, later or sooner, in chunks that may end anywhere. It can
// be frozen (the connection stands, nothing comes), cut, and ended by the server in the proper way.

import { KubeError } from '../../src/kube/errors.ts';
import type { Host } from './host.ts';
import type { WatchCursor } from './server/types.ts';
import { Stream } from './stream.ts';
import type { Cancel } from './timeline.ts';

const BOOKMARK_MS = 60_000;

export class WatchLine {
  readonly plural: string;
  readonly body: Stream;
  /** Over a server that lags behind: so much later than the others. */
  lagMs = 0;
  readonly #host: Host;
  readonly #cursor: WatchCursor;
  #frozen = false;
  #closed = false;
  #underway = false;
  #unsubscribe: Cancel = () => {};

  constructor(host: Host, cursor: WatchCursor) {
    this.#host = host;
    this.#cursor = cursor;
    this.plural = cursor.plural;
    this.body = new Stream(() => this.close());
  }

  open(): void {
    const { timeline, server } = this.#host.options;
    this.#host.watches.add(this);
    this.#unsubscribe = server.onCommit(({ plural }) => {
      if (plural === this.plural) this.#wake();
    });
    timeline.after(this.#cursor.timeoutSeconds * 1000, `${this.#title} ends`, () => this.#finish());
    this.#bookmarkLater();
    this.#wake();
  }

  /** The connection stands, and nothing comes any more. */
  freeze(): void {
    this.#frozen = true;
  }

  fail(error: KubeError): void {
    if (this.#closed) return;
    this.close();
    this.body.end(error);
  }

  cut(): void {
    this.#host.after(0, `${this.#title} is cut`, () =>
      this.fail(
        new KubeError({
          code: 'Network',
          verb: 'watch',
          object: { kind: this.plural },
          why: 'connection reset by peer',
        }),
      ),
    );
  }

  close(): void {
    this.#closed = true;
    this.#host.watches.delete(this);
    this.#unsubscribe();
  }

  get #title(): string {
    return `watch of ${this.plural}`;
  }

  #finish(): void {
    if (this.#closed || this.#frozen) return;
    this.#host.after(0, `${this.#title} is over`, () => {
      if (this.#closed) return;
      this.close();
      this.body.end();
    });
  }

  #wake(): void {
    if (this.#closed || this.#frozen || this.#underway || !this.#cursor.hasNews) return;
    const { random } = this.#host.options;
    this.#underway = true;
    const ms = this.lagMs + random.delay(...this.#host.weather.watchLagMs);
    this.#host.after(ms, `${this.#title} tells`, () => this.#tell());
  }

  #tell(): void {
    const { random } = this.#host.options;
    const { weather } = this.#host;
    this.#underway = false;
    if (this.#closed || this.#frozen || weather.away) {
      if (weather.away) this.#later();
      return;
    }
    const lines = this.#cursor.pull(random.chance(0.7) ? undefined : random.between(1, 3));
    if (weather.cut > 0 && random.chance(weather.cut)) {
      this.#push(Buffer.from(lines.join('').slice(0, 40)));
      this.cut();
      return;
    }
    // A chunk may end in the middle of a line: the rest comes a moment later, and nothing else before it.
    const split = random.chance(0.1) ? random.between(0, lines.length) : lines.length;
    const [whole, rest] = [lines.slice(0, split), lines.slice(split)];
    this.#arrived(whole);
    const [broken] = rest;
    if (broken === undefined) {
      if (this.#cursor.isOver) this.#finish();
      this.#wake();
      return;
    }
    const head = Buffer.from(broken);
    const at = random.between(0, head.length - 1);
    this.#push(head.subarray(0, at));
    this.#underway = true;
    this.#host.after(random.between(1, 50), `${this.#title} tells the rest`, () => {
      this.#underway = false;
      if (this.#closed) return;
      this.#push(head.subarray(at));
      this.#arrived(rest, head.length);
      if (this.#cursor.isOver) this.#finish();
      this.#wake();
    });
  }

  /** Lines that are complete now; `pushed` bytes of them have arrived already. */
  #arrived(lines: readonly string[], pushed = 0): void {
    if (lines.length === 0) return;
    this.#host.options.witness.told(this.#host, this.plural, lines);
    this.#push(Buffer.from(lines.join('')).subarray(pushed));
  }

  #push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.body.push(chunk);
  }

  /** The server is away: it tells what it has when it is back. */
  #later(): void {
    this.#underway = true;
    this.#host.after(2_000, `${this.#title} waits for the server`, () => this.#tell());
  }

  #bookmarkLater(): void {
    this.#host.after(BOOKMARK_MS, `${this.#title} marks`, () => {
      if (this.#closed || this.#frozen) return;
      this.#bookmarkLater();
      // A half-told line must not be followed by anything but its rest.
      const line = this.#underway || this.#host.weather.away ? undefined : this.#cursor.bookmark();
      if (line !== undefined) this.#push(Buffer.from(line));
    });
  }
}

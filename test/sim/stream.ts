// The body of an answer, fed from outside: chunks, then an end or an error. Lacks flow control: the simulated server is
// never ahead by more than a few events.

export class Stream implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  readonly #closed: () => void;

  /** `closed` is called when the reader stops reading. */
  constructor(closed: () => void = () => {}) {
    this.#closed = closed;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#tell();
  }

  /** Nothing more comes; with an error, reading what is left ends in it. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#tell();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        while (true) {
          const chunk = this.#chunks.shift();
          if (chunk !== undefined) return { done: false, value: chunk };
          if (this.#ended && this.#error !== undefined) throw this.#error;
          if (this.#ended) return { done: true, value: undefined };
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      },
      return: async () => {
        this.#ended = true;
        this.#closed();
        return { done: true, value: undefined };
      },
    };
  }

  #tell(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

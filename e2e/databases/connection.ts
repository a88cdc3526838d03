// A TCP connection as a source of bytes to parse: whoever reads waits until a whole message has arrived, or the connection has
// ended, or the deadline has passed; after either, it is closed, since what comes later would answer another question.
// No TLS, no reuse after a failure.
import { connect, type Socket } from 'node:net';

/** Takes one message from the front of `bytes`; undefined: more bytes are needed. */
export type Parser<T> = (bytes: Buffer) => { readonly message: T; readonly length: number } | undefined;

export class Connection {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #ended: Error | undefined;
  #wake: () => void = () => {};

  constructor(address: string, port: number) {
    this.#socket = connect({ host: address, port, noDelay: true });
    const end = (why: string) => {
      this.#ended ??= new Error(`${address}:${port}: ${why}`);
      this.#wake();
    };
    this.#socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    this.#socket.once('error', (error) => end(error.message));
    this.#socket.once('close', () => end('the connection was closed'));
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  send(bytes: Buffer): void {
    if (this.#ended === undefined) this.#socket.write(bytes);
  }

  async read<T>(parse: Parser<T>, deadline: AbortSignal): Promise<T> {
    for (;;) {
      const parsed = parse(this.#bytes);
      if (parsed !== undefined) {
        this.#bytes = this.#bytes.subarray(parsed.length);
        return parsed.message;
      }
      if (deadline.aborted) this.close('no answer within the deadline');
      if (this.#ended !== undefined) throw this.#ended;
      await new Promise<void>((resolve) => {
        const woken = () => {
          deadline.removeEventListener('abort', woken);
          resolve();
        };
        this.#wake = woken;
        deadline.addEventListener('abort', woken);
      });
    }
  }

  close(why = 'closed'): void {
    this.#ended ??= new Error(why);
    this.#socket.destroy();
    this.#wake();
  }
}

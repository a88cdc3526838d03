// PostgreSQL's protocol (version 3) as far as a client needs it that logs in and asks simple queries. Pure: bytes to messages
// and back. No extended queries, no COPY, no cancel, no TLS.

export interface Message {
  /** One letter; see "Message Formats" in PostgreSQL's documentation. */
  readonly type: string;
  readonly body: Buffer;
}

const VERSION = 0x0003_0000;

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters).flat();
  const body = Buffer.from(`${text.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(VERSION, 4);
  return Buffer.concat([head, body]);
}

export function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export const query = (sql: string): Buffer => message('Q', Buffer.from(`${sql}\0`));

export function saslInitial(mechanism: string, first: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.byteLength(first));
  return message('p', Buffer.concat([Buffer.from(`${mechanism}\0`), size, Buffer.from(first)]));
}

export const saslResponse = (text: string): Buffer => message('p', Buffer.from(text));

/** One message from the front of `bytes`; undefined: it is not whole yet. */
export function parseMessage(bytes: Buffer): { readonly message: Message; readonly length: number } | undefined {
  if (bytes.length < 5) return undefined;
  const length = bytes.readInt32BE(1) + 1;
  if (length < 5) throw new Error(`this is not PostgreSQL's protocol: ${bytes.toString('latin1', 0, 40)}`);
  if (bytes.length < length) return undefined;
  return { message: { type: bytes.toString('latin1', 0, 1), body: bytes.subarray(5, length) }, length };
}

/** The columns of a DataRow, as text. */
export function columns(body: Buffer): readonly (string | null)[] {
  const found: (string | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left -= 1) {
    const size = body.readInt32BE(at);
    at += 4;
    found.push(size < 0 ? null : body.toString('utf8', at, at + size));
    at += Math.max(size, 0);
  }
  return found;
}

/** ErrorResponse and NoticeResponse: "ERROR 57P01: terminating connection due to administrator command". */
export function complaint(body: Buffer): { readonly severity: string; readonly sentence: string } {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field): [string, string] => [field.slice(0, 1), field.slice(1)]),
  );
  const severity = fields.get('V') ?? fields.get('S') ?? '';
  return { severity, sentence: `${severity} ${fields.get('C') ?? ''}: ${fields.get('M') ?? ''}` };
}

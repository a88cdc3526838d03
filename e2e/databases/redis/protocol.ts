// Redis' protocol (RESP 2) as far as a client needs it that asks and reads: commands as arrays of bulk strings, answers of all
// five kinds. Pure.

export type Answer = string | number | null | RedisError | readonly Answer[];

/** What the server refuses, as a value: the connection goes on. */
export class RedisError extends Error {}

export function command(...words: readonly (string | number)[]): Buffer {
  const parts = words.map(String).map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`);
}

interface Parsed {
  readonly message: Answer;
  readonly length: number;
}

/** One answer from the front of `bytes`; undefined: it is not whole yet. */
export function parseAnswer(bytes: Buffer): Parsed | undefined {
  const end = bytes.indexOf('\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('utf8', 1, end);
  const after = end + 2;
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case '+':
      return { message: head, length: after };
    case '-':
      return { message: new RedisError(head), length: after };
    case ':':
      return { message: Number(head), length: after };
    case '$':
      return bulk(bytes, after, Number(head));
    case '*':
      return list(bytes, after, Number(head));
    default:
      throw new Error(`this is not Redis' protocol: ${bytes.toString('utf8', 0, 40)}`);
  }
}

function bulk(bytes: Buffer, from: number, size: number): Parsed | undefined {
  if (size < 0) return { message: null, length: from };
  if (bytes.length < from + size + 2) return undefined;
  return { message: bytes.toString('utf8', from, from + size), length: from + size + 2 };
}

function list(bytes: Buffer, from: number, size: number): Parsed | undefined {
  if (size < 0) return { message: null, length: from };
  const message: Answer[] = [];
  let length = from;
  for (let index = 0; index < size; index += 1) {
    const item = parseAnswer(bytes.subarray(length));
    if (item === undefined) return undefined;
    message.push(item.message);
    length += item.length;
  }
  return { message, length };
}

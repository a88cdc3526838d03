// How bytes go through a fault proxy: whole bodies in, headers on, a part of an answer out. Lacks any knowledge of faults.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** About one hop: they would speak of the wrong connection. */
const HOP_HEADERS = ['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length'];

export function onwardHeaders(asked: IncomingMessage, body: string): OutgoingHttpHeaders {
  const headers = Object.entries(asked.headers).filter(([name]) => !HOP_HEADERS.includes(name));
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return { ...Object.fromEntries(headers), ...length };
}

export function beginAnswer(reply: ServerResponse, answer: IncomingMessage): void {
  const headers = Object.entries(answer.headers).filter(
    ([name]) => name === 'content-length' || !HOP_HEADERS.includes(name),
  );
  reply.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
  // A watch answers at once and may have nothing to tell for long.
  reply.flushHeaders();
}

/** Passes the first bytes on, then stops; also where the answer ends before. */
export function passSome(
  answer: IncomingMessage,
  reply: ServerResponse,
  { bytes, stop }: { bytes: number; stop: () => void },
): void {
  let left = bytes;
  let stopped = false;
  const halt = () => {
    if (!stopped) stop();
    stopped = true;
  };
  answer.on('data', (chunk: Buffer) => {
    if (stopped) return;
    const some = chunk.subarray(0, left);
    left -= some.length;
    // Only once they are on the way.
    reply.write(some, () => left === 0 && halt());
  });
  // What was written last leaves the process after this turn of the event loop.
  answer.once('end', () => left > 0 && setImmediate(halt));
  if (bytes === 0) halt();
}

export function reset(reply: ServerResponse): void {
  reply.socket?.resetAndDestroy();
  reply.destroy();
}

export async function readAll(asked: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

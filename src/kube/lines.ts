/**
 * Bytes in chunks of any size to lines, as a watch's JSON stream is framed.
 *
 * Promises: cuts only at the byte 0x0A, so a character split over two chunks stays whole (in UTF-8 that byte is never
 * part of another character); every byte is looked at once and copied at most once, whatever the chunks.
 * Lacks on purpose: decoding, and CRLF (JSON ignores the CR).
 */

export interface LineSplitter {
  /** The lines this chunk completes, without their end. They may share the chunk's memory. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** Bytes of the line that has begun and not ended. */
  readonly pendingBytes: number;
}

export class LineTooLong extends Error {}

// An object is at most 1.5 MiB in etcd and grows up to six-fold when Go escapes `<`, `>` and `&`. Far beyond that it is
// not a watch we are reading, and memory is finite.
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export function createLineSplitter(maxLineBytes = MAX_LINE_BYTES): LineSplitter {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const keep = (piece: Uint8Array) => {
    pending.push(piece);
    pendingBytes += piece.length;
    if (pendingBytes > maxLineBytes) throw new LineTooLong(`a line is longer than ${maxLineBytes} bytes`);
  };
  const take = (): Uint8Array => {
    const line = pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending, pendingBytes);
    pending = [];
    pendingBytes = 0;
    return line;
  };
  return {
    get pendingBytes() {
      return pendingBytes;
    },
    push(chunk) {
      const lines: Uint8Array[] = [];
      let start = 0;
      for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
        keep(chunk.subarray(start, end));
        lines.push(take());
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
      return lines;
    },
  };
}

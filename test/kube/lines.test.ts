import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineSplitter, LineTooLong } from '../../src/kube/lines.ts';

const chunkings = fc
  .tuple(fc.array(fc.string({ unit: 'grapheme' })), fc.infiniteStream(fc.integer({ min: 1, max: 9 })))
  .map(([texts, sizes]) => {
    const lines = texts.map((text) => text.replaceAll('\n', ' '));
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = sizes.next().value;
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    return { lines, chunks };
  });

test('however the bytes are cut into chunks, the lines are the same', () => {
  fc.assert(
    fc.property(chunkings, ({ lines, chunks }) => {
      const splitter = createLineSplitter();
      const got = chunks.flatMap((chunk) => splitter.push(chunk)).map((line) => Buffer.from(line).toString('utf8'));
      expect(got).toEqual(lines);
      expect(splitter.pendingBytes).toBe(0);
    }),
  );
});

test('what follows the last line end is pending, and part of no line', () => {
  const splitter = createLineSplitter();
  expect(splitter.push(Buffer.from('a\nbc')).map(String)).toHaveLength(1);
  expect(splitter.pendingBytes).toBe(2);
  expect(splitter.push(Buffer.from('d\n')).map((line) => Buffer.from(line).toString())).toEqual(['bcd']);
});

test('a line that never ends is an error, not all of the memory', () => {
  const splitter = createLineSplitter(10);
  splitter.push(Buffer.from('123456\n123456'));
  expect(() => splitter.push(Buffer.from('78901'))).toThrow(LineTooLong);
});

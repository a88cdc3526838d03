// Takes out of a program what only debuggers read. Pure, and the same for every architecture, where Debian's `strip` knows
// only the machine's own. Lacks 32-bit and big-endian programs, which nobody runs here (an error).

const MAGIC = 0x7f454c46;
const HEADER = { programs: 32, sections: 40, programSize: 54, programCount: 56, sectionCount: 60, sectionNames: 62 };
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;

/**
 * The program up to the last byte that is loaded when it runs. Symbols and debug information come after that, and so does
 * the table of sections, which neither the kernel nor the dynamic loader looks at.
 */
export function strip(program: Buffer): Buffer {
  if (program.readUInt32BE(0) !== MAGIC || program[4] !== CLASS_64 || program[5] !== LITTLE_ENDIAN) {
    throw new Error('This is no 64-bit little-endian ELF program, so there is no way known here to strip it.');
  }
  const at = Number(program.readBigUInt64LE(HEADER.programs));
  const size = program.readUInt16LE(HEADER.programSize);
  const count = program.readUInt16LE(HEADER.programCount);
  const ends = Array.from({ length: count }, (_, index) => {
    const start = at + index * size;
    return Number(program.readBigUInt64LE(start + 8) + program.readBigUInt64LE(start + 32));
  });
  const stripped = Buffer.from(program.subarray(0, Math.max(at + count * size, ...ends)));
  stripped.writeBigUInt64LE(0n, HEADER.sections);
  stripped.writeUInt16LE(0, HEADER.sectionCount);
  stripped.writeUInt16LE(0, HEADER.sectionNames);
  return stripped;
}

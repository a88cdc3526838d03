// Tar archives from entries in memory, byte for byte the same for the same entries: sorted, without owners and times, so that
// an image's digest tells what is in it and nothing about who packed it. Lacks what images here do not need: devices, hard
// links, names over 255 bytes (an error).
import { Buffer } from 'node:buffer';

export type Entry =
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

const BLOCK = 512;
const TYPE_FLAGS = { file: '0', symlink: '2', directory: '5' } as const;

export function textFile(path: string, text: string): Entry {
  return { type: 'file', path, mode: 0o644, content: Buffer.from(text) };
}

/** Paths have no leading slash. Parent directories are added where they are missing; of two entries of one path the last counts. */
export function tar(entries: readonly Entry[]): Buffer {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    for (const path of parents(entry.path)) {
      if (!all.has(path)) all.set(path, { type: 'directory', path, mode: 0o755 });
    }
    all.set(entry.path, entry);
  }
  // Plain code units, not the language of the machine; a directory comes before what is in it.
  const sorted = [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const parts = sorted.flatMap((entry) => {
    const content = entry.type === 'file' ? entry.content : new Uint8Array();
    const padding = Buffer.alloc((BLOCK - (content.byteLength % BLOCK)) % BLOCK);
    return [header(entry, content.byteLength), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function parents(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** POSIX.1-1988 ustar, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
function header(entry: Entry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  const { prefix, name } = split(entry.type === 'directory' ? `${entry.path}/` : entry.path);
  block.write(name, 0);
  octal(entry.type === 'symlink' ? 0o777 : entry.mode, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  block.write('        ', 148); // the checksum counts itself as spaces
  block.write(TYPE_FLAGS[entry.type], 156);
  if (entry.type === 'symlink') block.write(short(entry.target, 100), 157);
  block.write('ustar\u000000', 257);
  block.write(prefix, 345);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A name of more than 100 bytes is cut at a slash. */
function split(path: string): { readonly prefix: string; readonly name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  const at = path.indexOf('/', Buffer.byteLength(path) - 101);
  const [prefix, name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
  return { prefix: short(prefix, 155), name: short(name, 100) };
}

function short(text: string, bytes: number): string {
  if (text !== '' && Buffer.byteLength(text) <= bytes) return text;
  throw new Error(`'${text}' is empty or too long for a tar archive (${bytes} bytes). Give the file a shorter path.`);
}

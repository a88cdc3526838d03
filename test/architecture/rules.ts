// The rules of the design's architecture.md as functions over parsed sources: each returns one sentence per breach.

import { posix } from 'node:path';
import { type Import, isMark, isWord, type Source } from './source.ts';

interface Folder {
  /** Folders of ours that it may import, besides itself. */
  readonly ours: readonly string[];
  /** Packages that it may import; null: any. */
  readonly packages: readonly string[] | null;
  /** No clock, chance, network or process: same input, same output. */
  readonly pure: boolean;
}

export const FOLDERS: Readonly<Record<string, Folder>> = {
  api: { ours: [], packages: ['zod'], pure: true },
  identity: { ours: ['api'], packages: [], pure: true },
  volumes: { ours: ['api', 'identity'], packages: [], pure: true },
  plan: { ours: ['api', 'identity', 'volumes'], packages: [], pure: true },
  kube: { ours: [], packages: null, pure: false },
  operator: { ours: ['api', 'identity', 'volumes', 'plan', 'kube'], packages: null, pure: false },
  cli: { ours: ['api', 'plan', 'kube'], packages: null, pure: false },
};

const HASH = { file: 'src/identity/digest.ts', from: 'node:crypto', name: 'createHash' };
const TIME_FILE = 'src/identity/time.ts';
const MAX_FILE_LINES = 250;
const MAX_FUNCTION_LINES = 60;
const MAX_PARAMETERS = 3;
const NOT_NAMES = /^(utils?|helpers?|common|managers?|ctx)$/i;
const IMPURE = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval', 'performance'],
  ...['process', 'console', 'globalThis', 'fetch', 'crypto', 'async', 'await', 'Promise', 'Date', 'Temporal'],
];

const folderOf = (path: string) => path.split('/')[1] ?? '';

export function breaches(sources: readonly Source[]): readonly string[] {
  const each = [fileName, fileLength, functionSizes, noDefaultExport, noBarrel, importRules, purity];
  return [...sources.flatMap((source) => each.flatMap((rule) => rule(source))), ...cycles(sources)];
}

function fileName({ path }: Source): readonly string[] {
  const words = path.replace(/\.ts$/, '').split(/[/.-]/);
  return words.filter((word) => NOT_NAMES.test(word)).map((word) => `${path}: "${word}" names nothing`);
}

function fileLength({ path, lines }: Source): readonly string[] {
  return lines > MAX_FILE_LINES ? [`${path}: ${lines} lines, over ${MAX_FILE_LINES}`] : [];
}

function functionSizes({ path, functions }: Source): readonly string[] {
  return functions.flatMap(({ name, line, lines, parameters }) => [
    ...(lines > MAX_FUNCTION_LINES ? [`${path}:${line}: ${name} has ${lines} lines, over ${MAX_FUNCTION_LINES}`] : []),
    ...(parameters > MAX_PARAMETERS
      ? [`${path}:${line}: ${name} has ${parameters} parameters, over ${MAX_PARAMETERS}`]
      : []),
  ]);
}

function noDefaultExport({ path, exportsDefault }: Source): readonly string[] {
  return exportsDefault ? [`${path}: a default export`] : [];
}

function noBarrel({ path, onlyReexports }: Source): readonly string[] {
  return onlyReexports ? [`${path}: a barrel, it only re-exports`] : [];
}

const resolve = (path: string, from: string) => posix.normalize(posix.join(posix.dirname(path), from));

function importRules(source: Source): readonly string[] {
  const { path, imports } = source;
  const folder = FOLDERS[folderOf(path)];
  if (folder === undefined) return [`${path}: no import rule for this folder, see architecture.md`];
  return imports.flatMap((found) => {
    const breach = importBreach(path, folder, found);
    return breach === null ? [] : [`${path}:${found.line}: ${breach}`];
  });
}

function importBreach(path: string, folder: Folder, { from, names }: Import): string | null {
  if (from.startsWith('.')) {
    const target = resolve(path, from);
    if (!target.startsWith('src/')) return `imports ${target}, outside src/`;
    const other = folderOf(target);
    return other === folderOf(path) || folder.ours.includes(other) ? null : `${folderOf(path)} may not import ${other}`;
  }
  if (folder.pure && from === HASH.from && path === HASH.file && names.join() === HASH.name) return null;
  if (folder.packages === null || folder.packages.includes(from)) return null;
  return `${folderOf(path)} may not import ${from}`;
}

function purity({ path, tokens }: Source): readonly string[] {
  if (FOLDERS[folderOf(path)]?.pure !== true) return [];
  return tokens.flatMap((token, at) => {
    const next = tokens[at + 1];
    const member = isMark(tokens[at - 1], '.') || isMark(tokens[at - 1], '?.');
    const random = isWord(token, 'Math') && isMark(next, '.') && isWord(tokens[at + 2], 'random');
    const impure = token.kind === 'word' && !member && IMPURE.includes(token.text);
    if (!random && !(impure && !(token.text === 'Date' && path === TIME_FILE && converts(tokens, at)))) return [];
    return [`${path}:${token.line}: ${random ? 'Math.random' : token.text} in a pure folder`];
  });
}

/** `Date.parse` and `new Date(ms)` convert; `Date.now` and `new Date()` read the clock. */
function converts(tokens: Source['tokens'], at: number): boolean {
  if (isMark(tokens[at + 1], '.')) return isWord(tokens[at + 2], 'parse');
  return isWord(tokens[at - 1], 'new') && isMark(tokens[at + 1], '(') && !isMark(tokens[at + 2], ')');
}

/** Types count too: files that need each other's types are one file in two places. */
function cycles(sources: readonly Source[]): readonly string[] {
  const known = new Set(sources.map(({ path }) => path));
  const targets = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.map(({ from }) => resolve(path, from)).filter((target) => known.has(target)),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) found.push(`a cycle of imports: ${[...trail.slice(seenAt), path].join(' -> ')}`);
    if (seenAt >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of known) visit(path, []);
  return found;
}

// What the rules ask of one source file: what it imports and exports, and its functions with their sizes.

import { type Token, tokenize } from './tokens.ts';

export interface Import {
  readonly from: string;
  /** Names as the other file exports them; `*` for a namespace, `default` for a default import. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Func {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
}

export interface Source {
  readonly path: string;
  readonly lines: number;
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
  readonly functions: readonly Func[];
  readonly exportsDefault: boolean;
  readonly onlyReexports: boolean;
}

export function parseSource(path: string, text: string): Source {
  const tokens = tokenize(text);
  const statements = importStatements(tokens);
  return {
    path,
    lines: text.replace(/\n$/, '').split('\n').length,
    tokens,
    imports: statements.map(({ found }) => found),
    functions: functionsOf(tokens),
    exportsDefault: tokens.some((token, at) => isWord(token, 'default') && isExported(tokens, at)),
    onlyReexports: onlyReexports(tokens, statements),
  };
}

export const isWord = (token: Token | undefined, text: string) => token?.kind === 'word' && token.text === text;
export const isMark = (token: Token | undefined, text: string) => token?.kind === 'mark' && token.text === text;

function isExported(tokens: readonly Token[], at: number): boolean {
  if (isWord(tokens[at - 1], 'export')) return true;
  return isWord(tokens[at - 1], 'as') && isExportList(tokens, at);
}

/** Whether the token stands in `export { … }`, or in `export * as …`. */
function isExportList(tokens: readonly Token[], at: number): boolean {
  let start = at;
  while (start > 0 && !isMark(tokens[start], '{') && !isMark(tokens[start], ';')) start -= 1;
  return isWord(tokens[start - 1], 'export') || isMark(tokens[at - 2], '*');
}

interface Statement {
  readonly found: Import;
  readonly start: number;
  readonly end: number;
  readonly exports: boolean;
}

/** `import … from 'x'`, `import 'x'`, `export … from 'x'`, `import('x')` and `require('x')`, types included. */
function importStatements(tokens: readonly Token[]): readonly Statement[] {
  return tokens.flatMap((token, start): Statement[] => {
    if (isMark(tokens[start - 1], '.') || isMark(tokens[start - 1], '?.')) return [];
    const exports = isWord(token, 'export');
    if (!exports && !isWord(token, 'import') && !isWord(token, 'require')) return [];
    const end = specifierAt(tokens, start, exports);
    const specifier = end === null ? undefined : tokens[end];
    if (end === null || specifier === undefined) return [];
    const found = { from: specifier.text, names: importedNames(tokens.slice(start, end)), line: token.line };
    return [{ found, start, end, exports }];
  });
}

function specifierAt(tokens: readonly Token[], start: number, exports: boolean): number | null {
  const next = tokens[start + 1];
  if (isMark(next, '(')) return tokens[start + 2]?.kind === 'string' ? start + 2 : null;
  if (next?.kind === 'string') return exports ? null : start + 1;
  if (exports && !isMark(next, '{') && !isMark(next, '*') && !isWord(next, 'type')) return null;
  for (let at = start + 1; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (isMark(token, ';') || isMark(token, '=') || isMark(token, '(')) return null;
    if (isWord(token, 'from') && tokens[at + 1]?.kind === 'string') return at + 1;
  }
  return null;
}

function importedNames(statement: readonly Token[]): readonly string[] {
  const open = statement.findIndex((token) => isMark(token, '{'));
  if (statement.some((token) => isMark(token, '*'))) return ['*'];
  const words = (open < 0 ? [] : statement.slice(open)).filter(
    (token, at, all) =>
      token.kind === 'word' && token.text !== 'type' && !isWord(all[at - 1], 'as') && token.text !== 'as',
  );
  const plain = statement[1];
  const byDefault = plain?.kind === 'word' && plain.text !== 'type' && plain.text !== 'from' ? ['default'] : [];
  return [...byDefault, ...words.filter(({ text }) => text !== 'from').map(({ text }) => text)];
}

/** Nothing stands in the file but imports, `export … from` and `export { … }`, and at least one of the latter two. */
function onlyReexports(tokens: readonly Token[], statements: readonly Statement[]): boolean {
  let exported = 0;
  let at = 0;
  while (at < tokens.length) {
    const statement = statements.find(({ start }) => start === at);
    if (statement !== undefined) {
      exported += statement.exports ? 1 : 0;
      at = statement.end + 1;
    } else if (isMark(tokens[at], ';')) at += 1;
    else if (isWord(tokens[at], 'export') && isMark(tokens[at + 1], '{')) {
      exported += 1;
      at = closing(tokens, at + 1) + 1;
    } else return false;
  }
  return exported > 0;
}

const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The index of the bracket that closes the one at `open`. */
export function closing(tokens: readonly Token[], open: number): number {
  const stack: string[] = [];
  for (let at = open; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at] ?? { kind: 'mark', text: '' };
    if (kind !== 'mark') continue;
    const close = PAIRS[text];
    if (close !== undefined) stack.push(close);
    else if (text === stack.at(-1)) stack.pop();
    if (stack.length === 0) return at;
  }
  return tokens.length - 1;
}

const NOT_FUNCTIONS = ['if', 'for', 'while', 'switch', 'catch', 'with', 'await'];

/** Every `( … )` that is followed by a body or an arrow, perhaps with a result type in between; and `name => …`. */
function functionsOf(tokens: readonly Token[]): readonly Func[] {
  const found: Func[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const site = siteAt(tokens, at);
    if (site === null) continue;
    found.push(measure(tokens, site));
    const from = isMark(tokens[at], '(') ? closing(tokens, at) + 1 : at;
    const body = site.arrow ?? site.body ?? from;
    // What stands in a result type is no function of its own; what stands in the parameters may be.
    found.push(...functionsOf(tokens.slice(at + 1, from - 1)));
    at = Math.max(at, body - 1);
  }
  return found;
}

function siteAt(tokens: readonly Token[], at: number): Site | null {
  const before = tokens[at - 1];
  if (isMark(tokens[at], '=>') && before?.kind === 'word' && !isTypeEnd(tokens, at)) {
    return { open: at - 1, parameters: 1, arrow: at };
  }
  if (!isMark(tokens[at], '(') || (before?.kind === 'word' && NOT_FUNCTIONS.includes(before.text))) return null;
  const parameters = parametersOf(tokens, at);
  const body = afterResultType(tokens, closing(tokens, at) + 1);
  if (isMark(tokens[body], '=>')) return { open: at, parameters, arrow: body };
  return isMark(tokens[body], '{') && isName(before) ? { open: at, parameters, body } : null;
}

/** `foo(` of a declaration or method, `foo<T>(`, `[Symbol.iterator](` and the bare `function (`. */
const isName = (token: Token | undefined) =>
  token !== undefined && (token.kind === 'word' || token.kind === 'string' || [']', '>'].includes(token.text));

/** `(a): Foo => …`: the word before the arrow ends a result type and is no parameter. */
function isTypeEnd(tokens: readonly Token[], arrow: number): boolean {
  const before = tokens[arrow - 2];
  return before !== undefined && !['(', ',', '=', '=>', '?', ':', '{', '&&', '||', '??', ';', ')'].includes(before.text)
    ? !(before.kind === 'word' && ['return', 'async', 'default'].includes(before.text))
    : isMark(before, ':') && isMark(tokens[arrow - 3], ')');
}

/** The index after `: Type`, or the same index when no result type stands there. */
function afterResultType(tokens: readonly Token[], at: number): number {
  return isMark(tokens[at], ':') ? afterType(tokens, at + 1) : at;
}

function afterType(tokens: readonly Token[], start: number): number {
  let next = start;
  for (;;) {
    next = afterTypeTerm(tokens, next);
    const joint = tokens[next];
    if (!isMark(joint, '|') && !isMark(joint, '&') && !isWord(joint, 'is') && !isWord(joint, 'extends')) return next;
    next += 1;
  }
}

function afterTypeTerm(tokens: readonly Token[], start: number): number {
  let at = start;
  while (['readonly', 'typeof', 'keyof', 'asserts', 'unique'].includes(tokens[at]?.text ?? '')) at += 1;
  if (isMark(tokens[at], '|')) at += 1;
  const first = tokens[at];
  at = first?.kind === 'mark' && PAIRS[first.text] !== undefined ? closing(tokens, at) + 1 : at + 1;
  // The type of a function: `(a: A) => B`.
  if (isMark(first, '(') && isMark(tokens[at], '=>')) return afterType(tokens, at + 1);
  for (;;) {
    if (isMark(tokens[at], '.')) at += 2;
    else if (isMark(tokens[at], '[')) at = closing(tokens, at) + 1;
    else if (isMark(tokens[at], '<')) at = angleEnd(tokens, at) + 1;
    else return at;
  }
}

function angleEnd(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (isMark(tokens[at], '<')) depth += 1;
    if (isMark(tokens[at], '>')) depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length - 1;
}

function parametersOf(tokens: readonly Token[], open: number): number {
  const close = closing(tokens, open);
  let count = 0;
  let begun = false;
  for (let at = open + 1; at < close; at += 1) {
    const token = tokens[at];
    if (isMark(token, ',')) {
      begun = false;
      continue;
    }
    if (!begun) count += 1;
    begun = true;
    if (token?.kind === 'mark' && PAIRS[token.text] !== undefined) at = closing(tokens, at);
    else if (isMark(token, '<') && tokens[at - 1]?.kind === 'word') at = angleEnd(tokens, at);
  }
  return count;
}

interface Site {
  readonly open: number;
  readonly parameters: number;
  readonly arrow?: number;
  readonly body?: number;
}

function measure(tokens: readonly Token[], { open, parameters, arrow, body }: Site): Func {
  const end = arrow === undefined ? closing(tokens, body ?? open) : arrowEnd(tokens, arrow + 1);
  const line = tokens[open]?.line ?? 0;
  const named = tokens[open - 1]?.kind === 'word' ? tokens[open - 1]?.text : undefined;
  const assigned = isMark(tokens[open - 1], '=') ? tokens[open - 2]?.text : undefined;
  const name = arrow === undefined ? (named ?? '(anonymous)') : (assigned ?? '(arrow)');
  return { name, line, lines: lastLine(tokens[end]) - line + 1, parameters };
}

/** A token of several lines (a template) ends below where it begins. */
const lastLine = (token: Token | undefined) =>
  token === undefined ? 0 : token.line + token.text.split('\n').length - 1;

/** The last token of an arrow function: its closing brace, or the end of its expression. */
function arrowEnd(tokens: readonly Token[], start: number): number {
  if (isMark(tokens[start], '{')) return closing(tokens, start);
  for (let at = start; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind !== 'mark') continue;
    if (PAIRS[token.text] !== undefined) at = closing(tokens, at);
    else if ([',', ';', ')', ']', '}'].includes(token.text)) return at - 1;
  }
  return tokens.length - 1;
}

// TypeScript text -> tokens, so that rules look at code and never at what stands in a string or a comment. Exact for
// what this project writes: nested templates, regular expressions, shebangs. Lacks JSX and any grammar.

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'regex' | 'mark';
  /** For a string: what stands between the quotes, as written. */
  readonly text: string;
  readonly line: number;
}

/** Marks that rules look at as a whole; all others are single characters. */
const MARKS = ['...', '=>', '?.', '??', '&&', '||', '==', '!=', '<=', '>=', '++', '--'];
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\d[\w.]*/y;
/** After these words, and after every mark but a closing one, a slash begins a regular expression. */
const BEFORE_REGEX = ['return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'delete', 'throw', 'new', 'await'];

export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** One entry per open template: how many braces are open inside its current expression. */
  const templates: number[] = [];
  let at = source.startsWith('#!') ? lineEnd(source, 0) : 0;
  let line = 1;
  const push = (kind: Token['kind'], text: string, length: number) => {
    tokens.push({ kind, text, line });
    line += newlines(source.slice(at, at + length));
    at += length;
  };
  const skip = (end: number) => {
    line += newlines(source.slice(at, end));
    at = end;
  };
  const templatePart = (from: number) => {
    const end = templateEnd(source, from);
    if (source.startsWith('${', end)) {
      templates.push(0);
      push('string', source.slice(from, end), end + 2 - at);
    } else push('string', source.slice(from, end), end + 1 - at);
  };
  while (at < source.length) {
    const char = source[at] ?? '';
    if (/\s/.test(char)) skip(at + 1);
    else if (source.startsWith('//', at)) skip(lineEnd(source, at));
    else if (source.startsWith('/*', at)) skip(found(source, '*/', at + 2) + 2);
    else if (char === "'" || char === '"') {
      const end = stringEnd(source, at);
      push('string', source.slice(at + 1, end), end + 1 - at);
    } else if (char === '`') templatePart(at + 1);
    else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      templatePart(at + 1);
    } else if (char === '/' && beginsRegex(tokens.at(-1))) {
      const end = regexEnd(source, at);
      push('regex', source.slice(at, end), end - at);
    } else {
      const word = matchAt(WORD, source, at);
      const number = matchAt(NUMBER, source, at);
      if (word !== null) push('word', word, word.length);
      else if (number !== null) push('number', number, number.length);
      else {
        const mark = MARKS.find((one) => source.startsWith(one, at)) ?? char;
        const open = templates.length - 1;
        if (open >= 0 && mark === '{') templates[open] = (templates[open] ?? 0) + 1;
        if (open >= 0 && mark === '}') templates[open] = (templates[open] ?? 0) - 1;
        push('mark', mark, mark.length);
      }
    }
  }
  return tokens;
}

const newlines = (text: string) => text.split('\n').length - 1;
const found = (source: string, text: string, from: number) => {
  const at = source.indexOf(text, from);
  return at < 0 ? source.length : at;
};
const lineEnd = (source: string, from: number) => found(source, '\n', from);

function matchAt(pattern: RegExp, source: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? null;
}

function stringEnd(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== source[start]) at += source[at] === '\\' ? 2 : 1;
  return at;
}

/** Where the template's text ends: at its closing back quote or at the next `${`. */
function templateEnd(source: string, from: number): number {
  let at = from;
  while (at < source.length && source[at] !== '`' && !source.startsWith('${', at)) at += source[at] === '\\' ? 2 : 1;
  return at;
}

function regexEnd(source: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < source.length && (inClass || source[at] !== '/')) {
    if (source[at] === '[') inClass = true;
    if (source[at] === ']') inClass = false;
    at += source[at] === '\\' ? 2 : 1;
  }
  at += 1;
  while (/[a-z]/.test(source[at] ?? '')) at += 1;
  return at;
}

function beginsRegex(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === 'word') return BEFORE_REGEX.includes(before.text);
  return before.kind === 'mark' && ![')', ']', '}', '++', '--'].includes(before.text);
}

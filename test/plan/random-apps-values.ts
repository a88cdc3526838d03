// Values that nobody expects, and changes that put them anywhere into an object. Only what JSON can say, as an API server
// can hold it: no lone halves of characters, no NaN. Pure: all chance comes from the given Random. None of the texts has
// the words that sentences of ours are searched for (`undefined`, `NaN`, `[object`).

import type { Random } from '../sim/random.ts';

export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NUMBERS = [
  ...[
    0,
    1,
    -1,
    0.5,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 53),
    1e21,
    1e308,
    -1e308,
    5e-324,
  ],
  ...[Number('9223372036854775807'), Number('-9223372036854775808'), 4000, 4001, 65_535, 65_536],
];
const TEXTS = [
  ...['', ' ', '0', '-1', 'true', 'null', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'],
  ...[
    '2026-03-01T12:00:00Z',
    '2026-03-01T11:59:59Z',
    '+275760-09-13T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2026-02-30',
    'never',
  ],
  ...[
    'Failed',
    'Running',
    'True',
    'False',
    'web-0',
    'data-web-0',
    'web',
    '1Gi',
    '1e99999',
    '-5Gi',
    '0.0000000000000001Ei',
  ],
  ...[
    'ü 文 \u{1f600}',
    '\u202e\u0000\u2028',
    '$&',
    '%s',
    '{{.}}',
    `$\{x}`,
    '../..',
    '"\\',
    'a'.repeat(300),
    '\u{1f600}'.repeat(700),
  ],
];
/** Keys that mean something to JavaScript; as JSON.parse makes them, they are own properties. */
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'length',
  'then',
  '',
  '0',
  'ü',
];
const POISON = ['{"polluted":true}', '{"prototype":{"polluted":true}}', 'null', '7', '"x"', '[]'];

/** An object with a key that an assignment would take for a command. */
export const withKey = (object: Fields, key: string, value: unknown): Fields =>
  Object.fromEntries([...Object.entries(object), [key, value]]);

const hostileObject = (random: Random): Fields => withKey({}, random.pick(KEYS), JSON.parse(random.pick(POISON)));

/** Anything but what belongs there. */
export function odd(random: Random): unknown {
  switch (random.between(0, 9)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
    case 3:
      return random.pick(NUMBERS);
    case 4:
    case 5:
    case 6:
      return random.pick(TEXTS);
    case 7:
      return Array.from({ length: random.between(0, 3) }, () => odd(random));
    case 8:
      return hostileObject(random);
    default:
      return Object.fromEntries(Array.from({ length: random.between(0, 2) }, () => [random.pick(KEYS), odd(random)]));
  }
}

/** Nested so deep that a function that calls itself for each level would end the process. */
export function deep(levels: number, inner: unknown): unknown {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

const clone = (value: unknown): unknown => (isFields(value) ? { ...value } : Array.isArray(value) ? [...value] : value);

/** A copy of which one part, anywhere, is another: replaced, taken out, doubled, or joined by a hostile key. */
export function mutated(random: Random, value: unknown): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length === 0 || random.chance(0.12)) return odd(random);
  const copy = clone(value) as Fields;
  const key = random.pick(keys);
  const inner = copy[key];
  switch (random.between(0, 9)) {
    case 0:
      if (Array.isArray(copy)) copy.splice(Number(key), 1);
      else delete copy[key];
      return copy;
    case 1:
      return Array.isArray(copy) ? [...copy, inner] : withKey(copy, random.pick(KEYS), odd(random));
    case 2:
      return set(copy, key, random.chance(0.5) ? [inner] : { [random.pick(['a', 'name', 'items'])]: inner });
    default:
      return set(copy, key, mutated(random, inner));
  }
}

function set(copy: Fields, key: string, value: unknown): unknown {
  Object.defineProperty(copy, key, { value, configurable: true, enumerable: true, writable: true });
  return copy;
}

/** None, some or many parts changed. */
export function mangled(random: Random, value: unknown, most = 4): unknown {
  let result = value;
  const times = random.chance(0.5) ? 0 : random.between(1, most);
  for (let time = 0; time < times; time += 1) result = mutated(random, result);
  return result;
}

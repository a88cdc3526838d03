// Values as texts to compare them by.

const texts = new WeakMap<object, string>();

/** One text for all ways to order the fields. */
export function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const before = texts.get(value);
  if (before !== undefined) return before;
  const text = Array.isArray(value)
    ? `[${value.map(textOf).join(',')}]`
    : `{${Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${JSON.stringify(key)}:${textOf(item)}`)
        .join(',')}}`;
  texts.set(value, text);
  return text;
}

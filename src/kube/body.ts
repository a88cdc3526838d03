/**
 * The text of a request's body.
 *
 * Promises: JSON as an API server writes it itself. That matters where it keeps the text as it came: the `data` of a
 * ControllerRevision is immutable by its bytes, and every patch of one, the garbage collector's too, writes it anew in Go's way.
 * There `<`, `>` and `&` are escaped (encoding/json, HTMLEscape), and keys are sorted. Sent as JavaScript writes it, a template
 * with `&&` in a command could never be patched again: "data: field is immutable", and an orphan deletion would never end
 * (seen on 1.36.3).
 * Lacks on purpose: sorting what is sorted, as everything is that came from an API server, but for what JavaScript moves.
 */
const ESCAPED = /[<>&\u2028\u2029]/g;
/** JavaScript puts keys that are whole numbers first, as numbers: 9 before 10. */
const NUMBER_AS_KEY = /"\d+":/;

export function bodyText(body: unknown): string {
  const text = JSON.stringify(body);
  // None of these stands outside of strings.
  return (NUMBER_AS_KEY.test(text) ? sorted(body) : text).replace(ESCAPED, escaped);
}

const escaped = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Of JSON values, and of objects with absent fields. */
function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  const present = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const fields = present.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${sorted(inner)}`).join(',')}}`;
}

/**
 * The text of a request's body.
 *
 * Promises: JSON as an API server writes it itself. That matters where it keeps the text as it came: the `data` of a
 * ControllerRevision is immutable by its bytes, and every patch of one, the garbage collector's too, writes it anew in Go's way,
 * where `<`, `>` and `&` are escaped (encoding/json, HTMLEscape). Sent as JavaScript writes it, a template with `&&` in a command
 * could never be patched again: "data: field is immutable", and an orphan deletion would never end (seen on 1.36.3).
 * Lacks on purpose: the order of keys, which is that of the object. What came from an API server is in order.
 */
const ESCAPED = /[<>&\u2028\u2029]/g;

/** None of these stands outside of strings. */
export function bodyText(body: unknown): string {
  return JSON.stringify(body).replace(ESCAPED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

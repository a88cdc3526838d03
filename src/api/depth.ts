// How deeply free-form parts may be nested. An API server takes 10,000 levels (encoding/json), while JSON.stringify ends in
// a RangeError at about 6,000: what is read here has to be written again. No object of Kubernetes has 50 levels.

export const MAX_LEVELS = 500;

/** Whether it has more levels of objects and lists than can be handled. Its own depth is bounded by the same number. */
export function isTooDeep(value: unknown, levels = MAX_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}

// Sizes as Kubernetes writes them ("10Gi", "0.5Ti", "1e9"), compared by what they mean: the API server rewrites "1024Mi"
// as "1Gi". Matches apimachinery pkg/api/resource (ParseQuantity). Lacks arithmetic and the canonical form.

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?|[eE][+-]?\d{1,2})$/;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Enough decimal places for the smallest suffix with digits behind the point. */
const PLACES = 200;

/** The amount in 10^-200, or null for what is no quantity. */
export function amount(text: string): bigint | null {
  const [, sign, whole = '', fraction = '', suffix = ''] = SHAPE.exec(text) ?? [];
  if (sign === undefined || whole + fraction === '' || fraction.length > 64) return null;
  const binary = BINARY.indexOf(suffix);
  const exponent = binary >= 0 ? 0 : (DECIMAL[suffix] ?? Number(suffix.slice(1)));
  const places = BigInt(PLACES + exponent - fraction.length);
  const size = BigInt(whole + fraction) * 10n ** places * 1024n ** BigInt(Math.max(binary, 0));
  return sign === '-' ? -size : size;
}

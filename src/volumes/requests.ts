// What people ask of claims by annotations on the app: each names one claim and one UID, `<claim>=<uid>`, so that a request
// that was left behind (in Git, in a backup) asks for nothing. Lacks the judgement whether it is granted.

export interface ClaimRequest {
  readonly claim: string;
  readonly uid: string;
}

/** The first so many are read: no app has more claims. */
const MAX_REQUESTS = 100_000;

export interface ClaimRequests {
  readonly asked: readonly ClaimRequest[];
  /** Parts that are no request, as written. */
  readonly unreadable: readonly string[];
}

/** Parts are separated by commas; white space around them does not count. */
export function readRequests(text: string | undefined): ClaimRequests {
  const parts = (text ?? '')
    .split(',', MAX_REQUESTS)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const read = parts.map((part) => ({ part, pair: part.split('=').map((word) => word.trim()) }));
  const isWhole = ({ pair }: { readonly pair: readonly string[] }) => pair.length === 2 && pair.every(Boolean);
  return {
    asked: read.filter(isWhole).map(({ pair: [claim = '', uid = ''] }) => ({ claim, uid })),
    unreadable: read.filter((one) => !isWhole(one)).map(({ part }) => part),
  };
}

/** The keys of all requests that such an annotation makes. */
export function requestKeys(text: string | undefined): ReadonlySet<string> {
  return new Set(readRequests(text).asked.map(requestKey));
}

/** `<claim>=<uid>` as a key. */
export function requestKey({ claim, uid }: ClaimRequest): string {
  return `${claim}=${uid}`;
}

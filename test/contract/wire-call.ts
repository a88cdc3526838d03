// One request over the Transport seam and its whole answer as JSON: what the contract is written in.
// Lacks the operator's client: that is tested elsewhere, and here the answers themselves matter.
import type { KubeRequest, Transport } from '../../src/kube/transport.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly headers: ReadonlyMap<string, string>;
}

export interface Ask {
  readonly method: KubeRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

export async function ask(transport: Transport, { body, contentType, ...rest }: Ask): Promise<Reply> {
  const type = contentType ?? 'application/json';
  const sent = body === undefined ? {} : { body: JSON.stringify(body), contentType: type };
  const response = await transport.request({ ...rest, ...sent, headers: HEADERS });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.status, headers: response.headers, body: parse(text) };
}

export const HEADERS = { accept: 'application/json', 'user-agent': 'contract' };

/** What is no JSON is told as text. */
function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return { text };
  }
}

export interface Event {
  readonly type: string;
  readonly object: Json;
}

/** Reads a watch until `enough`, then closes it; the events, or the reply when it was refused. */
export async function watchUntil(
  transport: Transport,
  path: string,
  enough: (events: readonly Event[]) => boolean,
): Promise<readonly Event[] | Reply> {
  const abort = new AbortController();
  const response = await transport.request({
    method: 'GET',
    path,
    headers: HEADERS,
    lane: 'watch',
    signal: abort.signal,
  });
  const events: Event[] = [];
  let rest = '';
  for await (const chunk of response.body) {
    rest += Buffer.from(chunk).toString();
    if (response.status !== 200) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as Event);
    if (enough(events)) break;
  }
  if (response.status !== 200) return { status: response.status, headers: response.headers, body: parse(rest) };
  abort.abort();
  return events;
}

// Small requests to the cluster's own servers: probes, and the few objects a new cluster gets. No retries, no watches:
// everything else goes through kubectl or the tests' own clients.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminTls } from './identities.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Call {
  readonly url: string;
  readonly method?: string;
  readonly tls?: AdminTls;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

export function call({
  url,
  method = 'GET',
  tls,
  body,
  contentType = 'application/json',
  timeoutMs = 10_000,
}: Call): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    ...tls,
    method,
    agent: false as const,
    timeout: timeoutMs,
    headers: payload === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) },
  };
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest(url, options) : httpRequest(url, options);
    request.once('timeout', () => request.destroy(new Error(`${method} ${url}: no answer in ${timeoutMs} ms`)));
    request.once('error', reject);
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.end(payload);
  });
}

/** Like `call`, but anything other than 2xx (or `also`) is an error that shows what the server said. */
export async function expectOk(what: Call, also: readonly number[] = []): Promise<Answer> {
  const answer = await call(what);
  if ((answer.status >= 200 && answer.status < 300) || also.includes(answer.status)) return answer;
  throw new Error(`${what.method ?? 'GET'} ${what.url} answered ${answer.status}: ${answer.body.slice(0, 500)}`);
}

export async function answersOk(what: Call): Promise<boolean> {
  try {
    return (await call({ timeoutMs: 2_000, ...what })).status === 200;
  } catch {
    return false;
  }
}

/** Asks until the answer is yes; `timedOut` words the error. */
export async function until(check: () => Promise<boolean>, timeoutMs: number, timedOut: () => string): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(timedOut());
    await sleep(50);
  }
}

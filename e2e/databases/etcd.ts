// etcd as a store of records, over its JSON gateway (/v3/kv): one key a record, the order is that of the revisions. Goes on to
// the next member when one does not answer. No leases, no watches, no authentication, no TLS: examples/etcd has none.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addresses, Store } from './store.ts';

const PORT = 2379;
const PAGE = 1_000;
/** Within this a member that has a leader answers; etcd itself gives up after 7 s. */
const ANSWER_MS = 10_000;
const ASK_AGAIN_MS = 200;

interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly mod_revision: string;
  readonly version: string;
}

interface RangeAnswer {
  readonly kvs?: readonly KeyValue[];
  readonly more?: boolean;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const text = (encoded: string) => Buffer.from(encoded, 'base64').toString();

/** Records are kept under keys that begin with `prefix`; another writer takes another one. */
export function etcdStore(addresses: Addresses, prefix: string): Store {
  let turn = 0;

  /** At the member whose turn it is: one that fails loses its turn. */
  const call = async (path: string, body: object, deadlineMs: number): Promise<unknown> => {
    const known = addresses();
    const address = known[turn % Math.max(known.length, 1)];
    if (address === undefined) throw new Error('no member of etcd has an address');
    try {
      const response = await fetch(`http://${address}:${PORT}/v3/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(deadlineMs),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`HTTP ${response.status}: ${answer.slice(0, 200)}`);
      return JSON.parse(answer);
    } catch (error) {
      turn += 1;
      throw new Error(`etcd at ${address}: ${causeOf(error)}`);
    }
  };

  const page = async (from: string, deadlineMs: number): Promise<RangeAnswer> => {
    const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
    const body = { key: base64(from), range_end: base64(end), limit: String(PAGE) };
    return (await call('kv/range', body, deadlineMs)) as RangeAnswer;
  };

  /** Any member may tell it: a read is linearizable, wherever it is asked for. */
  const patiently = async (from: string, endsAtMs: number): Promise<RangeAnswer> => {
    for (;;) {
      const leftMs = endsAtMs - performance.now();
      try {
        return await page(from, Math.min(ANSWER_MS, Math.max(Math.ceil(leftMs), 1)));
      } catch (error) {
        if (leftMs <= ANSWER_MS) throw error;
        console.log(`${error instanceof Error ? error.message : error}; another member is asked`);
        await sleep(ASK_AGAIN_MS);
      }
    }
  };

  return {
    async write(record, deadlineMs) {
      const key = `${prefix}${String(record).padStart(12, '0')}`;
      await call('kv/put', { key: base64(key), value: base64(String(record)) }, deadlineMs);
    },
    async readAll(deadlineMs) {
      const found: KeyValue[] = [];
      const endsAtMs = performance.now() + deadlineMs;
      for (let from = prefix, more = true; more; ) {
        const answer = await patiently(from, endsAtMs);
        found.push(...(answer.kvs ?? []));
        more = answer.more === true;
        from = `${text(found.at(-1)?.key ?? '')}\0`;
      }
      return inOrder(found);
    },
    close() {},
  };
}

/** By revision; a key that was written more than once is there as often. */
export function inOrder(found: readonly KeyValue[]): readonly number[] {
  const sorted = found.toSorted((a, b) => (BigInt(a.mod_revision) < BigInt(b.mod_revision) ? -1 : 1));
  return sorted.flatMap(({ value, version }) => Array<number>(Number(version)).fill(Number(text(value))));
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

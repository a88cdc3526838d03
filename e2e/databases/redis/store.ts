// Redis as a store of records: a list that records are appended to, at the master. With `replicas`, a write counts only once so
// many replicas have it, too (WAIT): Redis itself acknowledges before.
import { Connection } from '../connection.ts';
import type { Addresses, Store } from '../store.ts';
import { type Answer, command, parseAnswer, RedisError } from './protocol.ts';

const PORT = 6379;
const PAGE = 10_000;

export interface RedisOptions {
  /** The master's address, alone. */
  readonly addresses: Addresses;
  /** The key of the list; another writer takes another one. */
  readonly key: string;
  readonly replicas?: number;
}

export function redisStore({ addresses, key, replicas = 0 }: RedisOptions): Store {
  let connection: Connection | undefined;

  const ask = async (deadline: AbortSignal, ...words: readonly (string | number)[]): Promise<Answer> => {
    const [address] = addresses();
    if (address === undefined) throw new Error('the master of Redis has no address');
    if (connection?.isOpen !== true) connection = new Connection(address, PORT);
    connection.send(command(...words));
    const answer = await connection.read(parseAnswer, deadline);
    if (answer instanceof RedisError) throw answer;
    return answer;
  };

  return {
    async write(record, deadlineMs) {
      const deadline = AbortSignal.timeout(deadlineMs);
      await ask(deadline, 'RPUSH', key, record);
      if (replicas === 0) return;
      const have = await ask(deadline, 'WAIT', replicas, deadlineMs);
      if (typeof have !== 'number' || have < replicas) throw new Error(`${have} of ${replicas} replicas have it`);
    },
    async readAll(deadlineMs) {
      const found: number[] = [];
      for (let page: readonly Answer[] = []; found.length === 0 || page.length === PAGE; ) {
        const from = found.length;
        page = listOf(await ask(AbortSignal.timeout(deadlineMs), 'LRANGE', key, from, from + PAGE - 1));
        if (page.length === 0) break;
        found.push(...page.map(Number));
      }
      return found;
    },
    close() {
      connection?.close();
    },
  };
}

function listOf(answer: Answer): readonly Answer[] {
  if (!Array.isArray(answer)) throw new Error(`Redis answered ${String(answer)} where a list was asked for`);
  return answer;
}

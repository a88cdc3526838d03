// PostgreSQL as a store of records: a table, at the primary. The order is that of a sequence. A commit that the server confirms
// with a warning does not count: it says so when it gave up waiting for its standbys.
import type { Addresses, Store } from '../store.ts';
import { Session } from './session.ts';

export interface PostgresqlOptions {
  /** The primary's address, alone. */
  readonly addresses: Addresses;
  readonly password: string;
  /** The table's name; another writer takes another one. */
  readonly table: string;
  readonly user?: string;
  readonly database?: string;
}

export function postgresqlStore({ addresses, password, table, ...names }: PostgresqlOptions): Store {
  const { user = 'postgres', database = 'postgres' } = names;
  const create = `create table if not exists ${table} (place bigserial primary key, record bigint not null)`;
  let session: Session | undefined;

  const ask = async (sql: string, deadline: AbortSignal) => {
    const [address] = addresses();
    if (address === undefined) throw new Error('the primary of PostgreSQL has no address');
    if (session?.isOpen !== true) {
      session = await Session.open({ address, user, password, database }, deadline);
      await session.ask(create, deadline);
    }
    return await session.ask(sql, deadline);
  };

  return {
    async write(record, deadlineMs) {
      const sql = `insert into ${table} (record) values (${record})`;
      const { tags, warnings } = await ask(sql, AbortSignal.timeout(deadlineMs));
      if (warnings.length > 0) throw new Error(warnings.join('; '));
      if (tags.join() !== 'INSERT 0 1') throw new Error(`PostgreSQL answered ${tags.join()}`);
    },
    async readAll(deadlineMs) {
      const { rows } = await ask(`select record from ${table} order by place`, AbortSignal.timeout(deadlineMs));
      return rows.map(([record]) => Number(record));
    },
    close() {
      session?.close();
    },
  };
}

// The writer and the connection of its stores: what is noted, and that no answer is taken for another question's.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Connection } from '../../e2e/databases/connection.ts';
import { breaches, judge } from '../../e2e/databases/judgement.ts';
import { parseAnswer } from '../../e2e/databases/redis/protocol.ts';
import type { Store } from '../../e2e/databases/store.ts';
import { Writer } from '../../e2e/databases/writer.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Keeps all; refuses what `refuses` says. */
function memory(refuses: (record: number) => boolean): Store & { readonly kept: number[] } {
  const kept: number[] = [];
  return {
    kept,
    async write(record) {
      if (refuses(record)) throw new Error(`no room for ${record}`);
      kept.push(record);
    },
    readAll: async () => kept,
    close() {},
  };
}

test('each record is tried once, and its fate is noted', async () => {
  const store = memory((record) => record % 3 === 0);
  const writer = new Writer(store, { everyMs: 0 });
  await writer.more(10, 5_000);
  const journal = await writer.stop();
  expect(journal.attempts.map(({ record }) => record)).toEqual(journal.attempts.map((_, at) => at + 1));
  expect(journal.attempts[2]?.outcome).toEqual({ failed: 'no room for 3' });
  const judgement = judge(journal, store.kept);
  expect([judgement.acknowledged, breaches(judgement)]).toEqual([store.kept.length, []]);
  expect(judgement.acknowledged).toBeGreaterThanOrEqual(10);
});

test('a store that takes nothing any more is told, with its last words', async () => {
  const writer = new Writer(
    memory((record) => record > 2),
    { everyMs: 0 },
  );
  await expect(writer.more(3, 50)).rejects.toThrow(/did not acknowledge.*The last failure: no room for/);
  await writer.stop();
});

test('the gap of a fault is not counted to the one before it', async () => {
  let down = false;
  const writer = new Writer(
    memory(() => down),
    { everyMs: 1 },
  );
  const first = await writer.during('nothing', async () => {}, 5_000);
  const outage = async () => {
    down = true;
    const from = performance.now();
    while (performance.now() - from < 200) await new Promise(setImmediate);
    down = false;
  };
  const second = await writer.during('outage', outage, 5_000);
  const { faults } = judge(await writer.stop(), [], [first, second]);
  expect(faults[0]).toMatchObject({ name: 'nothing', failed: 0 });
  expect(faults[0]?.longestGapMs).toBeLessThan(faults[1]?.longestGapMs ?? 0);
  expect(faults[1]?.longestGapMs).toBeGreaterThanOrEqual(195);
  expect(faults[1]?.failed).toBeGreaterThan(0);
});

async function server(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return (listening.address() as AddressInfo).port;
}

test('an answer in pieces is one answer', async () => {
  const port = await server((socket) => {
    socket.write('$4\r\nab');
    socket.once('data', () => socket.write('cd\r\n+next\r\n'));
  });
  const connection = new Connection('127.0.0.1', port);
  ends.push(() => connection.close());
  const deadline = AbortSignal.timeout(5_000);
  connection.send(Buffer.from('go'));
  expect(await connection.read(parseAnswer, deadline)).toBe('abcd');
  expect(await connection.read(parseAnswer, deadline)).toBe('next');
});

test('after a missed deadline the connection is closed: a late answer is nobody’s', async () => {
  const port = await server(() => {});
  const connection = new Connection('127.0.0.1', port);
  await expect(connection.read(parseAnswer, AbortSignal.timeout(20))).rejects.toThrow('within the deadline');
  expect(connection.isOpen).toBe(false);
});

test.each<readonly [what: string, serve: (socket: Socket) => void]>([
  ['a connection that is closed', (socket) => socket.end()],
  ['one that is closed in the middle of an answer', (socket) => socket.end('$4\r\nab')],
  ['one that is reset', (socket) => socket.resetAndDestroy()],
])('%s ends the wait at once', async (_, serve) => {
  const connection = new Connection('127.0.0.1', await server(serve));
  await expect(connection.read(parseAnswer, AbortSignal.timeout(30_000))).rejects.toThrow(/closed|ECONNRESET/);
});

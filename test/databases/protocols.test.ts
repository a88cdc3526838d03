// The wire protocols of the clients: published vectors, and answers cut at every byte.
import { expect, test } from 'vitest';
import { columns, complaint, message, parseMessage, query, startup } from '../../e2e/databases/postgresql/protocol.ts';
import { clientFinal, clientFirst } from '../../e2e/databases/postgresql/scram.ts';
import { command, parseAnswer, RedisError } from '../../e2e/databases/redis/protocol.ts';

// RFC 7677, section 3.
const EXCHANGE = { user: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' };
const SERVER_FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

test('SCRAM-SHA-256 as in RFC 7677', () => {
  expect(clientFirst(EXCHANGE)).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const proof = clientFinal(EXCHANGE, SERVER_FIRST);
  expect(proof.message).toBe(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  expect(() => proof.verify(SERVER_FINAL)).not.toThrow();
});

test.each([
  ['a server that does not know the password', 'v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['a server that proves nothing', 'e=other-error'],
])('%s is refused', (_, final) => {
  expect(() => clientFinal(EXCHANGE, SERVER_FIRST).verify(final)).toThrow('does not know the password');
});

test.each([
  ['with a nonce of its own', 'r=somebodyElses,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
  ['that adds nothing to ours', 'r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
])('a server %s is refused', (_, first) => {
  expect(() => clientFinal(EXCHANGE, first)).toThrow('did not answer this exchange');
});

test('messages of PostgreSQL', () => {
  expect(startup({ user: 'a' }).toString('hex')).toBe('0000001000030000757365720061000' + '0'); // user\0a\0\0
  expect(query('select 1').toString('latin1')).toBe('Q\0\0\0\rselect 1\0');
  const row = message('D', Buffer.from('\0\x03\0\0\0\x0242\xff\xff\xff\xff\0\0\0\0', 'latin1'));
  const error = message('E', Buffer.from('SFEHLER\0VERROR\0C57P01\0Mterminating connection\0\0'));
  const stream = Buffer.concat([row, error]);
  for (let cut = 0; cut < row.length; cut += 1) expect(parseMessage(stream.subarray(0, cut))).toBeUndefined();
  const first = parseMessage(stream);
  expect(first?.length).toBe(row.length);
  expect(columns(first?.message.body ?? Buffer.alloc(2))).toEqual(['42', null, '']);
  const second = parseMessage(stream.subarray(row.length));
  expect(second?.message.type).toBe('E');
  expect(complaint(second?.message.body ?? Buffer.alloc(0))).toEqual({
    severity: 'ERROR',
    sentence: 'ERROR 57P01: terminating connection',
  });
});

test('something else that listens on its port is told from PostgreSQL', () => {
  expect(() => parseMessage(Buffer.from('H\0\0\0\0TTP'))).toThrow("not PostgreSQL's protocol");
});

test('commands of Redis', () => {
  expect(command('RPUSH', 'key', 12).toString()).toBe('*3\r\n$5\r\nRPUSH\r\n$3\r\nkey\r\n$2\r\n12\r\n');
  expect(command('SET', 'ü', '').toString()).toBe('*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$0\r\n\r\n');
});

test.each<readonly [text: string, answer: unknown]>([
  ['+OK\r\n', 'OK'],
  [':12\r\n', 12],
  ['$-1\r\n', null],
  ['*-1\r\n', null],
  ['$0\r\n\r\n', ''],
  ['$4\r\na\r\nb\r\n', 'a\r\nb'],
  ['*0\r\n', []],
  ['*3\r\n$1\r\n1\r\n:2\r\n*1\r\n$2\r\nab\r\n', ['1', 2, ['ab']]],
  [
    '-NOREPLICAS Not enough good replicas to write.\r\n',
    new RedisError('NOREPLICAS Not enough good replicas to write.'),
  ],
])('the answer %j of Redis, whole and cut at every byte', (text, answer) => {
  const bytes = Buffer.from(text);
  for (let cut = 0; cut < bytes.length; cut += 1) expect(parseAnswer(bytes.subarray(0, cut))).toBeUndefined();
  expect(parseAnswer(Buffer.concat([bytes, Buffer.from('+NEXT')]))).toEqual({ message: answer, length: bytes.length });
});

test('something else that listens on its port is told from Redis', () => {
  expect(() => parseAnswer(Buffer.from('HTTP/1.1 400\r\n'))).toThrow("not Redis' protocol");
});

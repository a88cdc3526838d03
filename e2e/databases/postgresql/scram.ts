// SCRAM-SHA-256 (RFC 5802, RFC 7677) from a client's side, without channel binding: proves the password without telling it, and
// checks that the server knows it as well. Pure but for the nonce that it is given. Only ASCII passwords (no SASLprep).
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

const HEADER = 'n,,';

export interface Exchange {
  readonly user: string;
  readonly password: string;
  readonly nonce: string;
}

export function clientFirst({ user, nonce }: Exchange): string {
  return `${HEADER}${bare(user, nonce)}`;
}

export interface Proof {
  readonly message: string;
  /** Throws unless the server's last message shows that it knows the password. */
  readonly verify: (serverFinal: string) => void;
}

export function clientFinal({ user, password, nonce }: Exchange, serverFirst: string): Proof {
  const { r, s, i } = fields(serverFirst);
  if (r === undefined || s === undefined || i === undefined || !r.startsWith(nonce) || r === nonce) {
    throw new Error('SCRAM: the server did not answer this exchange');
  }
  const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256');
  const unproven = `c=${Buffer.from(HEADER).toString('base64')},r=${r}`;
  const everything = `${bare(user, nonce)},${serverFirst},${unproven}`;
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(createHash('sha256').update(clientKey).digest(), everything);
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
  const expected = hmac(hmac(salted, 'Server Key'), everything);
  return {
    message: `${unproven},p=${proof.toString('base64')}`,
    verify(serverFinal) {
      const given = Buffer.from(fields(serverFinal).v ?? '', 'base64');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new Error('SCRAM: the server does not know the password');
      }
    },
  };
}

const bare = (user: string, nonce: string) => `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

function fields(message: string): { readonly [name in 'r' | 's' | 'i' | 'v']?: string } {
  return Object.fromEntries(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}

// Free ports on the loopback address, for TCP and UDP alike (DNS wants both on one number).
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
// Below the range that systems give to outgoing connections (32768 and up on Linux, 49152 on macOS): a port asked of
// the system may be taken by any client before its server has started. Picked at random, so that clusters started at
// the same moment do not try the same ones.
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && ports.size < count; attempt += 1) {
    const port = randomInt(FIRST, LAST);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  if (ports.size < count)
    throw new Error(`Found only ${ports.size} of ${count} free ports between ${FIRST} and ${LAST} on ${HOST}.`);
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(port, HOST, resolve));
    await new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, HOST, resolve));
    return true;
  } catch {
    return false;
  } finally {
    tcp.close();
    try {
      udp.close();
    } catch {
      // never bound
    }
  }
}

// The addresses of a cluster with real nodes: one /16 block of its own on this machine, from which everything follows. In
// the block BLOCK.N.0/24 are the pods of node N, and in BLOCK.255.0/24 are the nodes and the machine itself. Pure: which
// blocks are taken is for the caller to look up.

/** Seen by pods only, and turned into pod addresses on their own node: all clusters may have the same. */
export const SERVICE_RANGE = '10.96.0.0/16';
export const DNS_SERVICE = '10.96.0.10';

/** Pod ranges end at BLOCK.127.255, so that one range covers the pods of all nodes and none of the nodes. */
export const MAX_NODES = 100;
const FIRST_NODE = 10;

// 10.200 to 10.249: away from 10.0, 10.42, 10.96, 10.128 and 10.244, where clusters usually are.
const FIRST_BLOCK = 200;
const BLOCKS = 50;

export interface Addresses {
  /** The first two numbers: '10.213'. */
  readonly block: string;
  /** Names the cluster's network link on this machine, and its cgroup. */
  readonly id: string;
  /** This machine, to nodes and pods: the API server. */
  readonly host: string;
  /** The pods of all nodes. */
  readonly pods: string;
}

export function addressesOf(block: string): Addresses {
  return { block, id: `sapp-${block.replace('.', '-')}`, host: `${block}.255.1`, pods: `${block}.0.0/17` };
}

export function nodeAddress({ block }: Addresses, index: number): string {
  return `${block}.255.${FIRST_NODE + index}`;
}

export function podRange({ block }: Addresses, index: number): string {
  return `${block}.${index}.0/24`;
}

/**
 * The first free block, from `start` on, so that clusters started at once rarely try the same. `routes` are the
 * destinations this machine has routes to ('10.0.0.0/8', '172.17.0.1', 'default').
 */
export function freeBlock(routes: readonly string[], start: number): string {
  for (let step = 0; step < BLOCKS; step += 1) {
    const block = `10.${FIRST_BLOCK + ((start + step) % BLOCKS)}`;
    if (!routes.some((route) => overlaps(`${block}.0.0/16`, route))) return block;
  }
  throw new Error(
    `No free address block for the cluster: each of 10.${FIRST_BLOCK}.0.0/16 to 10.${FIRST_BLOCK + BLOCKS - 1}.0.0/16 has a route on this machine. ` +
      'Look at `ip route`; end other clusters (npm run cluster -- down --name NAME) or close the VPN that takes them.',
  );
}

/** Whether two ranges share an address. A default route is no claim on anything. */
export function overlaps(one: string, other: string): boolean {
  const a = parse(one);
  const b = parse(other);
  if (a === undefined || b === undefined) return false;
  const bits = Math.min(a.bits, b.bits);
  return bits > 0 && a.number >>> (32 - bits) === b.number >>> (32 - bits);
}

function parse(range: string): { readonly number: number; readonly bits: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(range);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
  return { number: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits: Number(match[5] ?? 32) };
}

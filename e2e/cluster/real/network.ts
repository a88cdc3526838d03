// The network of a cluster with real nodes: a switch (a bridge in a network namespace of its own, where no packet filter
// of this machine, such as Docker's, sees its traffic), one cable from it to this machine and one to each node. Partition
// is pulling a node's cable at the switch: the node keeps its addresses and routes, and nothing arrives.
import { randomInt } from 'node:crypto';
import { withLock } from '../lock.ts';
import { run } from '../run.ts';
import { type Addresses, addressesOf, freeBlock, nodeAddress, podRange } from './addresses.ts';
import { cleanEnvironment, type Holder, inside } from './namespaces.ts';

/** One for the machine, as its routes are, whoever's home the clusters are in. */
const LOCK = '/run/statefulapp-network.lock';

const BRIDGE = 'br0';
const UPLINK = 'uplink';
const port = (index: number) => `port${index}`;

/** Where a switch is, once there is one for these addresses. */
export type SwitchOf = (addresses: Addresses) => Promise<Holder>;

/** Takes free addresses for a cluster: a link on this machine is the claim, so the kernel is the only register. */
export async function claimNetwork(nodes: number, switchOf: SwitchOf): Promise<Addresses> {
  return withLock(
    LOCK,
    async () => {
      const addresses = addressesOf(freeBlock(await routes(), randomInt(1_000)));
      const holder = await switchOf(addresses);
      await batch(hostLines(addresses, holder));
      await batch(switchLines(), holder);
      await batch(hostRoutes(addresses, nodes));
      return addresses;
    },
    () => {},
  );
}

/** Destinations of this machine's routes, local addresses included. */
async function routes(): Promise<readonly string[]> {
  const text = await run(['ip', '-4', '-json', 'route', 'show', 'table', 'all'], { env: cleanEnvironment() });
  return (JSON.parse(text) as readonly { readonly dst: string }[]).map(({ dst }) => dst);
}

export function hostLines({ id, host }: Addresses, { init }: Holder): readonly string[] {
  return [
    `link add ${id} type veth peer name ${UPLINK} netns ${init.pid}`,
    `address add ${host}/24 dev ${id}`,
    `link set ${id} up`,
  ];
}

/** This machine reaches pods: the API server calls webhooks there. */
export function hostRoutes(addresses: Addresses, nodes: number): readonly string[] {
  return Array.from(
    { length: nodes },
    (_, index) => `route add ${podRange(addresses, index)} via ${nodeAddress(addresses, index)} dev ${addresses.id}`,
  );
}

export function switchLines(): readonly string[] {
  return [
    `link add ${BRIDGE} type bridge forward_delay 0`,
    `link set ${BRIDGE} up`,
    `link set ${UPLINK} master ${BRIDGE} up`,
  ];
}

export interface Cable {
  readonly addresses: Addresses;
  readonly index: number;
  /** How many nodes the cluster has. */
  readonly nodes: number;
  readonly hub: Holder;
}

/** Connects a node that has just started. */
export async function plugIn(cable: Cable, node: Holder): Promise<void> {
  const { index, hub } = cable;
  await batch(
    [
      `link add ${port(index)} type veth peer name eth0 address ${hardwareAddress(index)} netns ${node.init.pid}`,
      `link set ${port(index)} master ${BRIDGE} up`,
    ],
    hub,
  );
  await batch(nodeLines(cable), node);
}

/** The same after a restart: the others remember it. */
function hardwareAddress(index: number): string {
  return `02:00:00:00:00:${(index + 1).toString(16).padStart(2, '0')}`;
}

export function nodeLines({ addresses, index, nodes }: Omit<Cable, 'hub'>): readonly string[] {
  const others = Array.from({ length: nodes }, (_, other) => other).filter((other) => other !== index);
  return [
    'link set lo up',
    `address add ${nodeAddress(addresses, index)}/24 dev eth0`,
    'link set eth0 up',
    `route add default via ${addresses.host}`,
    ...others.map((other) => `route add ${podRange(addresses, other)} via ${nodeAddress(addresses, other)}`),
  ];
}

export async function pullCable({ index, hub }: Pick<Cable, 'index' | 'hub'>): Promise<void> {
  await batch([`link set ${port(index)} down`], hub);
}

export async function putCableBack({ index, hub }: Pick<Cable, 'index' | 'hub'>): Promise<void> {
  await batch([`link set ${port(index)} up`], hub);
}

/** Takes the cluster's link, and with it its routes, off this machine. Nothing when it is gone. */
export async function unplugHost({ id }: Addresses): Promise<void> {
  if (await hostLinkExists(id)) await batch([`link delete ${id}`]);
}

export async function hostLinkExists(id: string): Promise<boolean> {
  const links = JSON.parse(await run(['ip', '-json', 'link', 'show'], { env: cleanEnvironment() })) as readonly {
    readonly ifname: string;
  }[];
  return links.some(({ ifname }) => ifname === id);
}

async function batch(lines: readonly string[], holder?: Holder): Promise<void> {
  const enter = holder === undefined ? [] : inside(holder, ['net']);
  await run([...enter, 'ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, env: cleanEnvironment() });
}

// Addresses of clusters with real nodes: no two of anything the same, and no block that is somebody else's.
import { describe, expect, test } from 'vitest';
import {
  addressesOf,
  freeBlock,
  MAX_NODES,
  nodeAddress,
  overlaps,
  podRange,
} from '../../../e2e/cluster/real/addresses.ts';

test.each([
  ['10.0.0.0/8', '10.213.0.0/16', true],
  ['10.213.4.0/24', '10.213.0.0/16', true],
  ['10.213.0.1', '10.213.0.0/16', true],
  ['10.212.255.255', '10.213.0.0/16', false],
  ['172.17.0.0/16', '10.213.0.0/16', false],
  ['200.0.0.0/8', '10.213.0.0/16', false],
  ['0.0.0.0/0', '10.213.0.0/16', false],
  ['default', '10.213.0.0/16', false],
])('%s overlaps %s: %s', (one, other, expected) => {
  expect(overlaps(one, other)).toBe(expected);
  expect(overlaps(other, one)).toBe(expected);
});

describe('freeBlock', () => {
  test('starts where it is told, and goes round', () => {
    expect(freeBlock([], 13)).toBe('10.213');
    expect(freeBlock([], 49)).toBe('10.249');
    expect(freeBlock(['10.249.0.1'], 49)).toBe('10.200');
  });

  test('passes by what has a route, a default route apart', () => {
    expect(freeBlock(['default', '10.213.255.0/24', '10.214.1.0/24'], 13)).toBe('10.215');
  });

  test('says so when nothing is free', () => {
    expect(() => freeBlock(['10.0.0.0/8'], 0)).toThrow('No free address block');
  });
});

test('the addresses of all nodes are different, and pods are in one range without nodes', () => {
  const addresses = addressesOf('10.213');
  const nodes = Array.from({ length: MAX_NODES }, (_, index) => index);
  const all = nodes.flatMap((index) => [nodeAddress(addresses, index), podRange(addresses, index)]);
  expect(new Set([...all, addresses.host]).size).toBe(2 * MAX_NODES + 1);
  for (const index of nodes) {
    expect(overlaps(podRange(addresses, index), addresses.pods)).toBe(true);
    expect(overlaps(nodeAddress(addresses, index), addresses.pods)).toBe(false);
  }
  expect(overlaps(addresses.host, addresses.pods)).toBe(false);
  expect(addresses.id.length).toBeLessThan(16); // a link's name has 15 characters at most
});

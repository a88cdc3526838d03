// A certificate is right when others say so: OpenSSL (through node:crypto and node:tls) reads, verifies and uses it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../e2e/cluster/certificates.ts';
import { integer, oid, tlv } from '../../e2e/cluster/der.ts';

describe('certificates', () => {
  const authority = createAuthority('test authority');
  const ca = new X509Certificate(authority.certificate);

  test('the authority signs itself, and what it issues', () => {
    const leaf = new X509Certificate(authority.issue({ commonName: 'alice' }).certificate);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.verify(ca.publicKey)).toBe(true);
  });

  test('user and groups are in the subject, in the form Kubernetes reads', () => {
    const { certificate, key } = authority.issue({ commonName: 'älice:x', organizations: ['devs', 'system:masters'] });
    const leaf = new X509Certificate(certificate);
    expect(leaf.subject).toBe('O=devs\nO=system:masters\nCN=älice:x');
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  test('serial numbers differ, and are positive', () => {
    const serials = Array.from(
      { length: 20 },
      () => new X509Certificate(authority.issue({ commonName: 'a' }).certificate).serialNumber,
    );
    expect(new Set(serials).size).toBe(20);
    for (const serial of serials) expect(serial).toMatch(/^01/);
  });

  test('a server and a client that trust the authority talk to each other', async () => {
    const server = authority.issue({ commonName: 'server', hosts: ['localhost', '127.0.0.1'] });
    const client = authority.issue({ commonName: 'alice', organizations: ['devs'] });
    const listener = createServer({
      cert: server.certificate,
      key: server.key,
      ca: authority.certificate,
      requestCert: true,
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const seen = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
    const { port } = listener.address() as AddressInfo;
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca: authority.certificate,
      cert: client.certificate,
      key: client.key,
    });
    await once(socket, 'secureConnect');
    const [peer] = await seen;
    expect(socket.authorized).toBe(true);
    expect(peer.authorized).toBe(true);
    expect(peer.getPeerCertificate().subject.CN).toBe('alice');
    socket.destroy();
    listener.close();
  });
});

describe('DER', () => {
  test.each([
    [0x7f, '047f'],
    [0x80, '048180'],
    [0x100, '04820100'],
  ])('a length of %i is written in its shortest form', (length, head) => {
    expect(
      tlv(0x04, Buffer.alloc(length))
        .subarray(0, head.length / 2)
        .toString('hex'),
    ).toBe(head);
  });

  test('integers stay positive', () => {
    expect(integer(Buffer.from([0x80])).toString('hex')).toBe('02020080');
    expect(integer(Buffer.from([0x7f])).toString('hex')).toBe('02017f');
  });

  test('object identifiers', () => {
    expect(oid('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
  });
});

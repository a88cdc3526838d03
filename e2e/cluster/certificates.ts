// A throwaway certificate authority: ECDSA P-256 keys and signatures by node:crypto, which lacks only the writing of
// X.509 certificates; that is here. By hand, because the npm packages that do it bring 20 others and a metadata
// polyfill, or RSA alone; and this is 100 lines for certificates that no one but our own cluster ever trusts.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bitString, integer, octets, oid, sequence, set, tlv, utcTime, utf8, yes } from './der.ts';

export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface Subject {
  /** The user, to Kubernetes. */
  readonly commonName: string;
  /** The groups, to Kubernetes. */
  readonly organizations?: readonly string[];
  /** Names and IPv4 addresses a server answers to. */
  readonly hosts?: readonly string[];
}

export interface Authority extends KeyPair {
  readonly issue: (subject: Subject) => KeyPair;
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const DAY_MS = 86_400_000;
/** Tests set clocks back and forth by hours. */
const BACKDATE_MS = DAY_MS;
const VALID_MS = 365 * DAY_MS;

interface Template {
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly publicKey: KeyObject;
  readonly issuerPublicKey: KeyObject;
  readonly isAuthority: boolean;
}

export function createAuthority(commonName: string): Authority {
  const issuer: Subject = { commonName };
  const keys = newKeys();
  const template = { issuer, issuerPublicKey: keys.publicKey };
  const own = { ...template, subject: issuer, publicKey: keys.publicKey, isAuthority: true };
  return {
    ...pair(certificate(own, keys.privateKey), keys.privateKey),
    issue: (subject) => {
      const leaf = newKeys();
      const wanted = { ...template, subject, publicKey: leaf.publicKey, isAuthority: false };
      return pair(certificate(wanted, keys.privateKey), leaf.privateKey);
    },
  };
}

/** For service-account tokens: no certificate, the bare keys. */
export function createSigningKeys(): { readonly publicKey: string; readonly privateKey: string } {
  const keys = newKeys();
  return {
    publicKey: createPublicKey(keys.privateKey).export({ type: 'spki', format: 'pem' }) as string,
    privateKey: pemKey(keys.privateKey),
  };
}

// RFC 5280, section 4.1: TBSCertificate, then the algorithm and the signature over it.
function certificate(template: Template, signer: KeyObject): Buffer {
  const now = Date.now();
  const toBeSigned = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    name(template.issuer),
    sequence(utcTime(new Date(now - BACKDATE_MS)), utcTime(new Date(now + VALID_MS))),
    name(template.subject),
    template.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions(template))),
  );
  return sequence(toBeSigned, ECDSA_SHA256, bitString(sign('sha256', toBeSigned, signer)));
}

function name({ commonName, organizations = [] }: Subject): Buffer {
  const part = (type: string, value: string) => set(sequence(oid(type), utf8(value)));
  return sequence(...organizations.map((value) => part('2.5.4.10', value)), part('2.5.4.3', commonName));
}

function extensions({ subject, publicKey, issuerPublicKey, isAuthority }: Template): Buffer[] {
  const extension = (type: string, value: Buffer) => sequence(oid(type), octets(value));
  const critical = (type: string, value: Buffer) => sequence(oid(type), yes(), octets(value));
  const identifiers = [
    extension('2.5.29.14', octets(keyIdentifier(publicKey))),
    extension('2.5.29.35', sequence(tlv(0x80, keyIdentifier(issuerPublicKey)))),
  ];
  if (isAuthority) {
    const signsCertificates = bitString(Buffer.from([0b0000_0110]), 1); // keyCertSign, cRLSign
    return [critical('2.5.29.19', sequence(yes())), critical('2.5.29.15', signsCertificates), ...identifiers];
  }
  const serverAndClient = sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'));
  const hosts = (subject.hosts ?? []).map((host) =>
    isIPv4(host) ? tlv(0x87, Buffer.from(host.split('.').map(Number))) : tlv(0x82, Buffer.from(host, 'ascii')),
  );
  return [
    critical('2.5.29.15', bitString(Buffer.from([0b1000_0000]), 7)), // digitalSignature
    extension('2.5.29.37', serverAndClient),
    ...identifiers,
    ...(hosts.length > 0 ? [extension('2.5.29.17', sequence(...hosts))] : []),
  ];
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pair(der: Buffer, key: KeyObject): KeyPair {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return { certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, key: pemKey(key) };
}

function pemKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

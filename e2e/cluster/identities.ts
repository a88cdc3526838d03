// Who is who in the cluster: the files of the authority, the servers and the service-account keys, and a kubeconfig with
// a client certificate for each identity.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type Authority, createAuthority, createSigningKeys, type KeyPair, type Subject } from './certificates.ts';

/** The authority's public part and the administrator's pair, for our own requests. */
export interface AdminTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Identities {
  readonly admin: AdminTls;
  /** Writes a kubeconfig with a client certificate for the subject and returns its path; `file` is below the cluster's folder. */
  readonly writeKubeconfig: (file: string, subject: Subject) => string;
  /** Writes a certificate for the subject and its key to these paths. */
  readonly writePair: (paths: KeyPair, subject: Subject) => void;
}

export const ADMIN: Subject = { commonName: 'admin', organizations: ['system:masters'] };

/** The users that RBAC's default roles are bound to; kwok plays the kubelets, and acts as an administrator. */
export const COMPONENT_IDENTITIES: Readonly<Record<string, Subject>> = {
  'kube-controller-manager': { commonName: 'system:kube-controller-manager' },
  'kube-scheduler': { commonName: 'system:kube-scheduler' },
  kwok: { commonName: 'kwok', organizations: ['system:masters'] },
  coredns: { commonName: 'coredns', organizations: ['system:masters'] },
};

const SERVICE_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Makes the authority and everything the components need below `dir`. The authority's key stays in memory. */
export function createIdentities(dir: string, url: string, cluster: string): Identities {
  const pki = join(dir, 'pki');
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  const authority = createAuthority(`statefulapp local cluster ${cluster}`);
  const server = authority.issue({
    commonName: 'localhost',
    hosts: [...new Set(['localhost', '127.0.0.1', new URL(url).hostname]), '10.96.0.1', ...SERVICE_NAMES],
  });
  const tokens = createSigningKeys();
  const write = (file: string, content: string) => writeFileSync(join(pki, file), content, { mode: 0o600 });
  write('ca.crt', authority.certificate);
  write('server.crt', server.certificate);
  write('server.key', server.key);
  write('service-account.pub', tokens.publicKey);
  write('service-account.key', tokens.privateKey);
  const adminPair = authority.issue(ADMIN);
  const writeKubeconfig = (file: string, subject: Subject): string => {
    const path = resolve(dir, file);
    const pair = subject === ADMIN ? adminPair : authority.issue(subject);
    writeFileSync(path, kubeconfig({ url, cluster, authority, pair, user: subject.commonName }), { mode: 0o600 });
    return path;
  };
  const writePair = (paths: KeyPair, subject: Subject): void => {
    const pair = authority.issue(subject);
    writeFileSync(paths.certificate, pair.certificate);
    writeFileSync(paths.key, pair.key, { mode: 0o600 });
  };
  const admin = { ca: authority.certificate, cert: adminPair.certificate, key: adminPair.key };
  return { admin, writeKubeconfig, writePair };
}

interface KubeconfigParts {
  readonly url: string;
  readonly cluster: string;
  readonly authority: Authority;
  readonly pair: KeyPair;
  readonly user: string;
}

function kubeconfig({ url, cluster, authority, pair, user }: KubeconfigParts): string {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const name = `statefulapp-${cluster}`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': base64(authority.certificate) } }],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(pair.certificate), 'client-key-data': base64(pair.key) },
      },
    ],
  });
}

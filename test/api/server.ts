// A real API server, for the tests of the CRD: plain requests, since the answers' exact words are what is tested.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { call } from '../../e2e/cluster/requests.ts';
import { API_VERSION, PLURAL } from '../../src/api/names.ts';
import type { AppObject } from './apps.ts';

export interface Reply {
  readonly status: number;
  /** The message of a refusal; empty for an object. */
  readonly message: string;
  readonly object: AppObject;
}
export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

/** Sends one request to `path`; a PATCH is a merge patch. */
export type Server = (verb: Verb, path: string, body?: unknown) => Promise<Reply>;

/** The server of a kubeconfig with certificates in it. */
export function connect(kubeconfig: string): Server {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const text = (base64: string) => Buffer.from(base64, 'base64').toString();
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const tls = { ca: text(ca), cert: text(cert), key: text(key) };
  return async (verb, path, body) => {
    const contentType = verb === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await call({ url: server + path, method: verb, tls, body, contentType });
    const object = JSON.parse(answer.body);
    return { status: answer.status, message: answer.status < 300 ? '' : String(object.message), object };
  };
}

/** The path of the apps of a namespace, or of one of them. */
export const apps = (namespace: string, name?: string) =>
  `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}${name === undefined ? '' : `/${name}`}`;
export const DRY_RUN = '?dryRun=All';

/** Has the server done what was asked? Throws with its words otherwise. */
export async function done(reply: Promise<Reply>): Promise<AppObject> {
  const { status, message, object } = await reply;
  if (status >= 300) throw new Error(`${status}: ${message}`);
  return object;
}

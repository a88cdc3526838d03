// A user of the API server in memory: sends the requests that kubectl would, and shows them, since no kubectl runs. Lacks
// kubectl's checks, waiting and formats.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { KubeRequest } from '../../src/kube/transport.ts';
import { createDirectTransport } from '../../test/sim/server/direct.ts';
import type { SimServer } from '../../test/sim/server/server.ts';
import { NAMESPACE, ROOT, type User } from './setting.ts';

export interface UserOptions {
  readonly server: SimServer;
  readonly progress: (line: string) => void;
  /** Makes a pod fail; answers with what happened. */
  readonly fail: (pod: string) => string;
}

type Asked = Pick<KubeRequest, 'method' | 'path'> & { readonly body?: unknown; readonly like: string };

const APPS = `/apis/statefulapp.dev/v1alpha1/namespaces/${NAMESPACE}/statefulapps`;
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

export function inProcessUser({ server, progress, fail }: UserOptions): User {
  const transport = createDirectTransport(server, 'user');
  const send = async ({ method, path, body, like }: Asked): Promise<void> => {
    progress(`${method} ${path}, as kubectl ${like}`);
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const text = body === undefined ? {} : { contentType, body: JSON.stringify(body) };
    const answer = await transport.request({ method, path, ...text });
    if (answer.status < 300) return;
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    throw new Error(`${method} ${path} was refused (${answer.status}): ${Buffer.concat(chunks).toString()}`);
  };
  return {
    apply: (file) => {
      const like = `apply -f ${file.replace(`${ROOT}/`, '')}`;
      return send({ method: 'POST', path: APPS, body: parse(readFileSync(file, 'utf8')), like });
    },
    deletePod: (name) => send({ method: 'DELETE', path: `${PODS}/${name}`, like: `delete pod ${name} --wait=false` }),
    failPod: async (name) => progress(fail(name)),
    scale: (app, replicas) => {
      const like = `scale statefulapp ${app} --replicas=${replicas}`;
      return send({ method: 'PATCH', path: `${APPS}/${app}/scale`, body: { spec: { replicas } }, like });
    },
  };
}

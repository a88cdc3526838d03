// helm test: creates a StatefulApp of one member as an ordinary account, waits by a watch until it is Ready, and deletes it.
// Runs in the operator's image, whose Node is all it needs. Ends with 1 and says why when the app does not come up.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const LIMIT_MS = Number(process.env.TEST_LIMIT_SECONDS ?? 120) * 1000;
const ACCOUNT = process.env.TEST_ACCOUNT ?? '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port, TEST_NAMESPACE: namespace } = process.env;
const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
const apps = `${server}/apis/statefulapp.dev/v1alpha1/namespaces/${namespace}/statefulapps`;
const name = `helm-test-${Date.now().toString(36)}`;
const giveUp = AbortSignal.timeout(LIMIT_MS);

async function request(method, url, { body, signal } = {}) {
  const headers = {
    authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8').trim()}`,
    'content-type': 'application/json',
  };
  const answer = await fetch(url, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) });
  if (answer.ok) return answer;
  const { message } = await answer.json().catch(() => ({ message: answer.statusText }));
  throw new Error(`${method} ${url} answered ${answer.status}: ${message}`);
}

const app = {
  apiVersion: 'statefulapp.dev/v1alpha1',
  kind: 'StatefulApp',
  metadata: { name },
  spec: {
    replicas: 1,
    template: {
      spec: {
        terminationGracePeriodSeconds: 5,
        automountServiceAccountToken: false,
        imagePullSecrets: JSON.parse(process.env.TEST_PULL_SECRETS ?? '[]'),
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'member',
            image: process.env.TEST_IMAGE,
            command: [
              '/usr/local/bin/node',
              '-e',
              "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 60_000)",
            ],
            resources: { requests: { cpu: '10m', memory: '32Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    },
  },
};

/** The app each time it changes, from its creation on. */
async function* changes() {
  const url = `${apps}?watch=true&fieldSelector=metadata.name%3D${name}`;
  while (true) {
    // A watch may end at any time; another one begins with what is there.
    const { body } = await request('GET', url, { signal: giveUp });
    let rest = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'ADDED' || type === 'MODIFIED');
    }
  }
}

let said = 'the operator has written no status yet; does it run, and does it watch this namespace?';
try {
  await request('POST', apps, { body: app, signal: giveUp });
  console.log(`created StatefulApp ${name} in namespace ${namespace}`);
  for await (const { object } of changes()) {
    const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready && ready.message !== said) console.log(`Ready ${ready.status}: ${ready.message}`);
    said = ready?.message ?? said;
    if (ready?.status === 'True' && object.status.observedGeneration >= object.metadata.generation) break;
  }
  console.log(`${name}-0 runs: the operator works`);
} catch (error) {
  console.error(giveUp.aborted ? `${name} is not Ready after ${LIMIT_MS / 1000} s: ${said}` : error.message);
  process.exitCode = 1;
} finally {
  await request('DELETE', `${apps}/${name}`).then(
    () => console.log(`deleted StatefulApp ${name}`),
    (error) => console.error(`the app could not be deleted: ${error.message}`),
  );
}

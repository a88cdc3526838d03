// Puts the identity witness beside the containers of a pod template: a sidecar on the volume of one of its claims, which starts
// before them and ends after them, so that its lease covers their lives. In its own place because manifests of tests only have it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface WitnessOptions {
  /** An image with a POSIX shell. */
  readonly image: string;
  /** The claim template whose volume it writes to. */
  readonly claim: string;
}

interface PodTemplate {
  readonly spec: { readonly initContainers?: readonly object[]; readonly containers: readonly object[] };
}

const FOLDER = '/witness';

/** Where it writes on the volume. */
export const WITNESS_FOLDER = '.witness';

export function withWitness<App extends { readonly spec: { readonly template: PodTemplate } }>(
  app: App,
  { image, claim }: WitnessOptions,
): App {
  const script = readFileSync(join(import.meta.dirname, 'witness.sh'), 'utf8');
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const witness = {
    name: 'witness',
    image,
    restartPolicy: 'Always',
    command: ['sh', '-c', script],
    env: [field('POD_UID', 'metadata.uid'), { name: 'WITNESS', value: `${FOLDER}/${WITNESS_FOLDER}` }],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: claim, mountPath: FOLDER }],
  };
  const { template } = app.spec;
  const initContainers = [witness, ...(template.spec.initContainers ?? [])];
  return { ...app, spec: { ...app.spec, template: { ...template, spec: { ...template.spec, initContainers } } } };
}

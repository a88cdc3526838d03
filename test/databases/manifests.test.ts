// The examples in folders: what kubectl would apply, that the e2e changes nothing but the image, and what all of them promise.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type AppManifest,
  applicable,
  asStatefulSet,
  type Container,
  example,
  isApp,
  type Store,
  withImage,
} from '../../e2e/databases/manifests.ts';
import { withWitness } from '../../e2e/databases/witness/sidecar.ts';

const STORES: readonly Store[] = ['etcd', 'postgresql', 'redis'];

function appOf(store: Store): AppManifest {
  const app = example(store).find(isApp);
  if (app === undefined) throw new Error(`examples/${store} has no StatefulApp`);
  return app;
}

const containers = ({ spec: { template } }: AppManifest): readonly Container[] => [
  ...(template.spec.initContainers ?? []),
  ...template.spec.containers,
];

describe.each(STORES)('examples/%s', (store) => {
  const app = appOf(store);
  const { template } = app.spec;

  test('has a page, and names its app after itself', () => {
    expect(existsSync(new URL(`../../examples/${store}/README.md`, import.meta.url))).toBe(true);
    expect(app.metadata.name).toBe(store);
  });

  test('what its pods mount and ask for is there, made before them', () => {
    const kinds = example(store).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const names = ((template.spec['volumes'] ?? []) as { configMap?: { name: string } }[]).flatMap(({ configMap }) =>
      configMap === undefined ? [] : [`ConfigMap/${configMap.name}`],
    );
    expect(names).toHaveLength(1);
    for (const name of names) expect(kinds.indexOf(name)).toBeLessThan(kinds.indexOf(`StatefulApp/${store}`));
    expect(names.every((name) => kinds.includes(name))).toBe(true);
    expect(kinds).toContain(`PodDisruptionBudget/${store}`);
    expect(kinds).not.toContain(`Service/${store}`); // the headless one is the operator's
  });

  test('every container may do little, and says what it needs', () => {
    expect(template.spec['securityContext']).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const container of containers(app)) {
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { requests: { cpu: expect.any(String), memory: expect.any(String) } },
      });
      expect(container.image).toMatch(/^[^/]+\.[^/]+\/.+:.*[0-9]/); // a registry, and a version
    }
  });

  test('the image is all that the e2e changes', () => {
    const changed = withImage(app, 'mine:1');
    expect(isApp(changed) && containers(changed).every(({ image }) => image === 'mine:1')).toBe(true);
    const images = containers(app).map(({ image }) => image);
    const back = images.reduce(
      (text, image) => text.replace('"mine:1"', JSON.stringify(image)),
      JSON.stringify(changed),
    );
    expect(back).toBe(JSON.stringify(app));
    const others = example(store).filter((manifest) => !isApp(manifest));
    expect(others.map((manifest) => withImage(manifest, 'mine:1'))).toEqual(others);
  });

  test('as a StatefulSet it has the same pods', () => {
    const [service, set] = asStatefulSet(app);
    expect(service).toMatchObject({ kind: 'Service', metadata: { name: store }, spec: { clusterIP: 'None' } });
    expect(set).toMatchObject({ apiVersion: 'apps/v1', kind: 'StatefulSet', spec: { template, replicas: 3 } });
    expect(set?.['spec']).not.toHaveProperty('volumeLossPolicy');
  });

  test('the witness starts before all others, on the volume of the data', () => {
    const [witness, ...others] =
      withWitness(app, { image: 'mine:1', claim: 'data' }).spec.template.spec.initContainers ?? [];
    expect(witness).toMatchObject({ name: 'witness', restartPolicy: 'Always', volumeMounts: [{ name: 'data' }] });
    expect(others).toEqual(template.spec.initContainers ?? []);
  });

  test('names in its page are those of its manifests', () => {
    const page = readFileSync(new URL(`../../examples/${store}/README.md`, import.meta.url), 'utf8');
    expect(page).toContain(`kubectl apply -f examples/${store}`);
    const services = example(store).flatMap(({ kind, metadata }) => (kind === 'Service' ? [metadata.name] : []));
    expect(services.filter((name) => !page.includes(name))).toEqual([]);
  });
});

test('what is applied are all documents', () => {
  expect(applicable(example('etcd')).split('\n---\n')).toHaveLength(example('etcd').length);
  expect(example('etcd').map(({ kind }) => kind)).toContain('RoleBinding');
});

// The CustomResourceDefinition, made from the schema. `npm run generate` writes it to crds/; a test fails when that file
// is not current. Lacks conversion: there is one version.
import { GROUP, KIND, PLURAL, VERSION } from './names.ts';
import { type Json, toStructural } from './openapi.ts';
import { appSchema } from './schema.ts';

const READY_REASON = '.status.conditions[?(@.type=="Ready")].reason';

/** What `kubectl get sapp` shows: name, type, where it is, what it says. */
const COLUMNS = [
  ['Desired', 'integer', '.spec.replicas', 'Members wanted'],
  ['Ready', 'integer', '.status.readyReplicas', 'Members that are ready'],
  ['Updated', 'integer', '.status.updatedReplicas', 'Members at the newest template'],
  ['Revision', 'string', '.status.updateRevision', 'Revision of the newest template'],
  ['Status', 'string', READY_REASON, 'Reason of the condition Ready'],
  ['Age', 'date', '.metadata.creationTimestamp', 'Since creation'],
] as const;

/** With `-o wide` these, too. */
const WIDE_COLUMNS = [
  ['Service', 'string', '.spec.serviceName', 'Headless Service; empty: as the app'],
  ['Selector', 'string', '.status.selector', 'Selector of the pods'],
] as const;

function columns(): readonly Json[] {
  const made = (priority: number, all: typeof COLUMNS | typeof WIDE_COLUMNS) =>
    all.map(([name, type, jsonPath, description]) => ({
      name,
      type,
      jsonPath,
      description,
      ...(priority > 0 ? { priority } : {}),
    }));
  return [...made(0, COLUMNS), ...made(1, WIDE_COLUMNS)];
}

/** Metadata belongs to the API server; its name is declared only for rules to point at. */
function rootSchema(): Json {
  const { properties, ...root } = toStructural(appSchema);
  const { spec, status } = properties as Json;
  return {
    ...root,
    description: 'A StatefulApp runs members that each keep a name, a DNS entry and volumes, as a StatefulSet does.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 253 } } },
      spec,
      status,
    },
  };
}

/** apiextensions.k8s.io/v1. */
export function customResourceDefinition(): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['sapp'],
        categories: ['all'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: columns(),
          schema: { openAPIV3Schema: rootSchema() },
        },
      ],
    },
  };
}

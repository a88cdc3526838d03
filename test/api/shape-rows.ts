// Rows for the shape of a single object: enums, bounds, types. The words differ between the operator and the API server.
import { type AppObject, app, template } from './apps.ts';
import { claims, numbers, type Row } from './rows.ts';

const byShape = (path: string, operator: string, server: string, object: AppObject): Row => ({
  title: `${path}: ${operator}`,
  app: object,
  refused: { operator: `${path}: ${operator}`, server: `${path}${server}` },
});

const enums: readonly [path: string, spec: (value: string) => object][] = [
  ['spec.podManagementPolicy', (value) => ({ podManagementPolicy: value })],
  ['spec.podRecoveryPolicy', (value) => ({ podRecoveryPolicy: value })],
  ['spec.updateStrategy.type', (value) => ({ updateStrategy: { type: value } })],
  [
    'spec.persistentVolumeClaimRetentionPolicy.whenDeleted',
    (value) => ({ persistentVolumeClaimRetentionPolicy: { whenDeleted: value } }),
  ],
  [
    'spec.persistentVolumeClaimRetentionPolicy.whenScaled',
    (value) => ({ persistentVolumeClaimRetentionPolicy: { whenScaled: value } }),
  ],
  ['spec.volumeLossPolicy', (value) => ({ volumeLossPolicy: value })],
  ['spec.nodeFailurePolicy.type', (value) => ({ nodeFailurePolicy: { type: value } })],
  [
    'spec.selector.matchExpressions[0].operator',
    (value) => ({ selector: { matchExpressions: [{ key: 'a', operator: value }] } }),
  ],
];

const negatives: readonly [path: string, spec: object][] = [
  ['spec.replicas', { replicas: -1 }],
  ['spec.minReadySeconds', { minReadySeconds: -1 }],
  ['spec.revisionHistoryLimit', { revisionHistoryLimit: -1 }],
  ['spec.ordinals.start', { ordinals: { start: -1 } }],
  ['spec.ordinals.excluded[0]', { ordinals: { excluded: [-1] } }],
  ['spec.nodeFailurePolicy.unreachableSeconds', { nodeFailurePolicy: { unreachableSeconds: -1 } }],
  ['spec.updateStrategy.rollingUpdate.partition', { updateStrategy: { rollingUpdate: { partition: -1 } } }],
];

const types: readonly [path: string, spec: object, type: string][] = [
  ['spec.replicas', { replicas: 'three' }, 'integer'],
  ['spec.paused', { paused: 'yes' }, 'boolean'],
  ['spec.serviceName', { serviceName: 5 }, 'string'],
  ['spec.selector.matchLabels.a', { selector: { matchLabels: { a: 1 } } }, 'string'],
  ['spec.template', { template: 'x' }, 'object'],
  ['spec.template.metadata.labels.a', { template: { ...template({ a: true }) } }, 'string'],
  [
    'spec.template.metadata.annotations.a',
    { template: { ...template(), metadata: { annotations: { a: 9090 } } } },
    'string',
  ],
  ['spec.volumeClaimTemplates', { volumeClaimTemplates: {} }, 'array'],
];

export const REFUSED_BY_SHAPE: readonly Row[] = [
  ...enums.map(([path, spec]) =>
    byShape(path, 'is "Newer", but must be one of', ': Unsupported value: "Newer"', app({ ...spec('Newer') })),
  ),
  ...negatives.map(([path, spec]) => byShape(path, 'must be at least 0', ': Invalid value: -1:', app({ ...spec }))),
  ...types.map(([path, spec, type]) =>
    byShape(path, `must be of type`, ` in body must be of type ${type}`, app({ ...spec })),
  ),
  byShape(
    'spec.progressDeadlineSeconds',
    'must be at least 1',
    ': Invalid value: 0:',
    app({ progressDeadlineSeconds: 0 }),
  ),
  byShape(
    'spec.minReadySeconds',
    'must be at most 2147483647',
    ': Invalid value: 2147483648:',
    app({ minReadySeconds: 2147483648 }),
  ),
  byShape('spec.template', 'is required', ': Required value', {
    ...app(),
    spec: { replicas: 1 } as unknown as AppObject['spec'],
  }),
  byShape('spec.template.spec', 'is required', ': Required value', app({ template: {} })),
  byShape('spec.template.spec.containers', 'is required', ': Required value', app({ template: { spec: {} } })),
  byShape(
    'spec.template.spec.containers',
    'must be at least 1 items',
    ': Invalid value',
    app({ template: { spec: { containers: [] } } }),
  ),
  byShape('spec.serviceName', 'must be at most 63 characters', ': Too long', app({ serviceName: 's'.repeat(64) })),
  byShape(
    'spec.volumeClaimTemplates',
    'must be at most 16 items',
    ': Too many',
    claims(...numbers(17).map((index) => `c${index}`)),
  ),
  byShape(
    'spec.volumeClaimTemplates[0].metadata.name',
    'must be at most 63 characters',
    ': Too long',
    claims('c'.repeat(64)),
  ),
  byShape(
    'spec.volumeClaimTemplates[0].metadata.name',
    'is required',
    ': Required value',
    app({ volumeClaimTemplates: [{ metadata: {}, spec: {} }] }),
  ),
  byShape(
    'spec.ordinals.excluded',
    'must be at most 1000 items',
    ': Too many',
    app({ ordinals: { excluded: numbers(1001) } }),
  ),
  byShape(
    'spec.ordinals.excluded',
    'an ordinal is listed twice',
    '[1]: Duplicate value: 4',
    app({ ordinals: { excluded: [4, 4] } }),
  ),
  byShape(
    'spec.template.metadata.labels.a',
    'must be at most 63 characters',
    ': Too long',
    app({ template: template({ a: 'v'.repeat(64) }) }),
  ),
  byShape(
    'spec.template.metadata.labels',
    'must have at most 256 entries',
    ': Too many',
    app({ template: template(Object.fromEntries(numbers(257).map((index) => [`l${index}`, '']))) }),
  ),
];

/**
 * Titles of rows that CEL cannot read at all, or that the scale subresource refuses: the API server never lets such a
 * stored object through an update. No schema of ours ever admitted them.
 */
export const MALFORMED: ReadonlySet<string> = new Set([
  'spec.replicas: must be at least 0',
  'spec.replicas: must be of type',
  'spec.serviceName: must be of type',
  'spec.selector.matchLabels.a: must be of type',
  'spec.template: must be of type',
  'spec.template: is required',
  'spec.template.spec: is required',
  'spec.volumeClaimTemplates: must be of type',
  'spec.volumeClaimTemplates[0].metadata.name: is required',
]);

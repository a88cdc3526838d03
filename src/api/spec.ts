// The shape of a StatefulApp's spec: what users write. Every StatefulSet field (apps/v1, Kubernetes 1.36) keeps its
// name, default and meaning; ours are added. Strict where the operator acts on each field, so that one newer than this
// operator is a problem, never ignored; open (unknown fields kept) in the templates. Rules beyond shape: rules.ts.
import { z } from 'zod';
import { MAX_CLAIM_TEMPLATES, MAX_EXCLUDED } from './names.ts';
import { ruled } from './rule.ts';
import * as rules from './rules.ts';
import { type DeepReadonly, intOrString, labelMap, MAX_DNS_LABEL, natural } from './scalars.ts';

const annotations = () => z.record(z.string(), z.string()).optional();

/** Opaque but for what rules need: a field declared here is one that CEL can read. */
const podTemplate = ruled(
  z.looseObject({
    metadata: z.looseObject({ labels: labelMap(256).optional(), annotations: annotations() }).optional(),
    spec: z.looseObject({
      containers: z.array(z.looseObject({})).min(1),
      restartPolicy: z.string().max(16).optional(),
      activeDeadlineSeconds: z.int().optional(),
    }),
  }),
  [rules.restartsAlways, rules.noDeadline],
).describe('The pod template of the members, as in StatefulSet; carried as written, unknown fields too.');

const claimTemplate = z.looseObject({
  metadata: z.looseObject({
    name: ruled(z.string().max(MAX_DNS_LABEL), [rules.claimNameValid]).describe(
      'Claims are named <name>-<app>-<ordinal>.',
    ),
    labels: labelMap(256).optional(),
    annotations: annotations(),
  }),
  spec: z
    .looseObject({ resources: z.looseObject({ requests: z.looseObject({}).optional() }).optional() })
    .describe('The spec of a PersistentVolumeClaim; requests.storage may be raised to grow the volumes.'),
});

const labelExpression = ruled(
  z.strictObject({
    key: z.string().max(317),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(z.string().max(MAX_DNS_LABEL)).max(64).optional(),
  }),
  [rules.expressionValid],
);

const labelSelector = ruled(
  z.strictObject({
    matchLabels: labelMap(64).optional(),
    matchExpressions: z.array(labelExpression).max(16).optional(),
  }),
  [rules.selectorNotEmpty],
).describe('Pods of the app; must match the labels of the template. Default: statefulapp.dev/name=<app>. Immutable.');

const rollingUpdate = z.strictObject({
  partition: natural().default(0).describe('The lowest so many members keep the current revision.'),
  maxUnavailable: ruled(intOrString(), [rules.maxUnavailableValid])
    .default(1)
    .describe('Members that may be unavailable during an update: a number, or a percentage of replicas, rounded down.'),
  paused: z
    .boolean()
    .default(false)
    .describe('No member is updated while this is true; failed ones are still replaced.'),
  onFailure: z
    .enum(['Pause', 'Rollback'])
    .default('Pause')
    .describe(
      'When an updated member fails. Pause: stop there and wait. Rollback: also return that member to the revision that worked.',
    ),
});

const updateStrategy = z
  .strictObject({
    type: z.enum(['RollingUpdate', 'OnDelete']).default('RollingUpdate').describe('OnDelete: you delete, we create.'),
    rollingUpdate: rollingUpdate.prefault({}),
  })
  .describe('How members come to a new template.');

const retention = () => z.enum(['Retain', 'Delete']).default('Retain');
const claimRetention = z
  .strictObject({
    whenDeleted: retention().describe('What becomes of the claims when the app is deleted.'),
    whenScaled: retention().describe('What becomes of the claims of members that are no longer wanted.'),
  })
  .describe('Whether claims, and with them the data, are deleted; by default they never are.');

const ordinals = z
  .strictObject({
    start: natural().default(0).describe('The lowest ordinal.'),
    excluded: z
      .array(natural())
      .max(MAX_EXCLUDED)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'set' })
      .refine((list) => new Set(list).size === list.length, 'an ordinal is listed twice; remove one')
      .describe('Ordinals that are skipped. To remove member 1 of 0, 1, 2: replicas 2, excluded [1].'),
  })
  .describe('The wanted members are the first `replicas` ordinals from start on that are not excluded.');

const nodeFailurePolicy = z
  .strictObject({
    unreachableSeconds: natural()
      .optional()
      .describe(
        'How long members stay bound to a node that is unreachable or not ready; unset: as in the cluster (300).',
      ),
    type: z
      .enum(['Wait', 'ReplaceOnProof'])
      .default('ReplaceOnProof')
      .describe(
        'ReplaceOnProof: replace a member of a failed node once its death is proven. Wait: only the node says so.',
      ),
  })
  .describe('What happens to members of a failed node.');

const shape = z.strictObject({
  replicas: ruled(natural(), [rules.replicasBounded]).default(1).describe('Members wanted.'),
  selector: labelSelector.optional(),
  serviceName: ruled(z.string().max(MAX_DNS_LABEL), [rules.serviceNameValid])
    .optional()
    .describe('The headless Service under which members have DNS names. Default: the name of the app. Immutable.'),
  template: podTemplate,
  volumeClaimTemplates: ruled(z.array(claimTemplate).max(MAX_CLAIM_TEMPLATES), [rules.claimNamesUnique])
    .default([])
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Claims of every member. May be changed: larger sizes, labels, annotations, further claims.'),
  podManagementPolicy: z
    .enum(['OrderedReady', 'Parallel'])
    .default('OrderedReady')
    .describe('OrderedReady: members start one after another, each when the lower ones are available.'),
  podRecoveryPolicy: z
    .enum(['Ordered', 'Parallel'])
    .default('Ordered')
    .describe(
      'How several members that ran before come back under OrderedReady. Parallel suits stores that need a quorum.',
    ),
  updateStrategy: updateStrategy.prefault({}),
  minReadySeconds: natural().default(0).describe('Seconds that a member is Ready before it counts as available.'),
  revisionHistoryLimit: natural().default(10).describe('Old revisions kept.'),
  persistentVolumeClaimRetentionPolicy: claimRetention.prefault({}),
  ordinals: ordinals.prefault({}),
  paused: z.boolean().default(false).describe('The operator changes nothing of this app but its status.'),
  progressDeadlineSeconds: natural()
    .min(1)
    .default(600)
    .describe('Seconds without progress until the app is Stalled, with the reason.'),
  volumeLossPolicy: z
    .enum(['Block', 'Recreate', 'Require'])
    .default('Block')
    .describe(
      'When the volume of a member is gone or another one. Block: do not start it, and say how to go on. Recreate: start it on an empty one. Require: never create a claim, wait for existing ones.',
    ),
  nodeFailurePolicy: nodeFailurePolicy.prefault({}),
});

export const specSchema = ruled(shape, [rules.ordinalsFit, rules.selectorMatches, rules.expressionsMatch]);

export type PodTemplate = DeepReadonly<z.output<typeof podTemplate>>;
export type LabelSelector = DeepReadonly<z.output<typeof labelSelector>>;

/** As written, the defaults of the CRD filled in; selector and serviceName may be absent. */
export type WrittenSpec = DeepReadonly<z.output<typeof specSchema>>;

/** The spec the operator works with: every default filled in, the computed ones (selector, serviceName) too. */
export type StatefulAppSpec = Omit<WrittenSpec, 'selector' | 'serviceName'> & {
  readonly selector: LabelSelector;
  readonly serviceName: string;
};

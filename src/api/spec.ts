// The shape of a StatefulApp's spec: what users write. Every StatefulSet field (apps/v1, Kubernetes 1.36) keeps its
// name, default and meaning; ours are added. Strict where the operator acts on each field, so that one newer than this
// operator is a problem, never ignored; open (unknown fields kept) in the templates. Rules beyond shape: rules.ts.
import { z } from 'zod';
import { MAX_CLAIM_TEMPLATES } from './names.ts';
import { type DeepReadonly, DNS_LABEL, intOrString, labelMap, MAX_DNS_LABEL, natural } from './scalars.ts';

const templateMeta = z.looseObject({ labels: labelMap().optional(), annotations: labelMap().optional() });

/** Opaque but for what rules and the identity need. */
const podTemplate = z.looseObject({
  metadata: templateMeta.optional(),
  spec: z.looseObject({
    containers: z.array(z.looseObject({})).min(1),
    restartPolicy: z.string().optional(),
    activeDeadlineSeconds: z.int().optional(),
  }),
});

const claimTemplate = z.looseObject({
  metadata: z.looseObject({
    name: z.string().max(MAX_DNS_LABEL).regex(DNS_LABEL),
    labels: labelMap().optional(),
    annotations: labelMap().optional(),
  }),
  spec: z.looseObject({
    resources: z.looseObject({ requests: z.looseObject({}).optional() }).optional(),
  }),
});

const labelSelector = z.strictObject({
  matchLabels: labelMap().optional(),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
    .optional(),
});

const updateStrategy = z.strictObject({
  type: z.enum(['RollingUpdate', 'OnDelete']).default('RollingUpdate'),
  rollingUpdate: z
    .strictObject({
      partition: natural().default(0),
      maxUnavailable: intOrString().default(1),
      paused: z.boolean().default(false),
    })
    .prefault({}),
});

const retention = () => z.enum(['Retain', 'Delete']).default('Retain');

export const specSchema = z.strictObject({
  replicas: natural().default(1),
  selector: labelSelector.optional(),
  serviceName: z.string().max(MAX_DNS_LABEL).optional(),
  template: podTemplate,
  volumeClaimTemplates: z.array(claimTemplate).max(MAX_CLAIM_TEMPLATES).default([]),
  podManagementPolicy: z.enum(['OrderedReady', 'Parallel']).default('OrderedReady'),
  podRecoveryPolicy: z.enum(['Ordered', 'Parallel']).default('Ordered'),
  updateStrategy: updateStrategy.prefault({}),
  minReadySeconds: natural().default(0),
  revisionHistoryLimit: natural().default(10),
  persistentVolumeClaimRetentionPolicy: z
    .strictObject({ whenDeleted: retention(), whenScaled: retention() })
    .prefault({}),
  ordinals: z.strictObject({ start: natural().default(0), excluded: z.array(natural()).default([]) }).prefault({}),
  paused: z.boolean().default(false),
  progressDeadlineSeconds: natural().default(600),
  volumeLossPolicy: z.enum(['Block', 'Recreate', 'Require']).default('Block'),
  nodeFailurePolicy: z
    .strictObject({
      unreachableSeconds: natural().optional(),
      type: z.enum(['Wait', 'ReplaceOnProof']).default('ReplaceOnProof'),
    })
    .prefault({}),
});

export type PodTemplate = DeepReadonly<z.output<typeof podTemplate>>;
export type ClaimTemplate = DeepReadonly<z.output<typeof claimTemplate>>;
export type LabelSelector = DeepReadonly<z.output<typeof labelSelector>>;
export type UpdateStrategy = DeepReadonly<z.output<typeof updateStrategy>>;

/** As written, defaults of the CRD filled in; selector and serviceName may be absent. */
export type WrittenSpec = DeepReadonly<z.output<typeof specSchema>>;

/** The spec the operator works with: every default filled in, the computed ones (selector, serviceName) too. */
export type StatefulAppSpec = Omit<WrittenSpec, 'selector' | 'serviceName'> & {
  readonly selector: LabelSelector;
  readonly serviceName: string;
};

// The shape of the chart's values, from which values.schema.json is generated: what is misspelt or of the wrong type is
// refused by helm before anything is installed. Defaults stand in values.yaml alone.
import { z } from 'zod';

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const QUANTITY = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

const labels = z.record(z.string().min(1), z.string());
/** Passed on as it is: the API server knows its shape. */
const opaque = z.record(z.string(), z.unknown());
const seconds = z.number().min(0.1).max(3600);
const enabled = z.boolean();
const quantities = z
  .strictObject({
    cpu: z.union([z.string().regex(QUANTITY), z.number()]),
    memory: z.union([z.string().regex(QUANTITY), z.number()]),
    'ephemeral-storage': z.union([z.string().regex(QUANTITY), z.number()]),
  })
  .partial();

const image = z
  .strictObject({
    registry: z.string().regex(/^[^/].*[^/]$|^$/),
    repository: z.string().regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/),
    tag: z.string().regex(/^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$/),
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    pullSecrets: z.array(z.strictObject({ name: z.string().min(1) })),
  })
  .partial();

const networkPolicy = z
  .strictObject({
    enabled,
    metricsFrom: z.array(opaque),
    egress: z.strictObject({ enabled, apiServerPorts: z.array(z.number().int().min(1).max(65535)).min(1) }).partial(),
  })
  .partial();

const metrics = z
  .strictObject({
    serviceAnnotations: labels,
    serviceMonitor: z.strictObject({ enabled, interval: z.string().regex(/^[0-9]+(ms|s|m|h)$/), labels }).partial(),
    prometheusRule: z.strictObject({ enabled, labels }).partial(),
    dashboard: z.strictObject({ enabled, labels }).partial(),
  })
  .partial();

export const valuesSchema = z
  .strictObject({
    /** Helm adds it, for charts that this one may be a part of. */
    global: opaque,
    replicas: z.number().int().min(0).max(10),
    image,
    watchNamespaces: z.array(z.string().regex(NAMESPACE)).max(100),
    fencingTaints: z.array(z.string().min(1).max(316)).max(16),
    workers: z.number().int().min(1).max(256),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']),
    leaderElection: z.strictObject({ leaseDuration: seconds, renewDeadline: seconds, retryPeriod: seconds }).partial(),
    env: z.array(z.looseObject({ name: z.string().min(1) })),
    crds: z.strictObject({ install: z.boolean() }).partial(),
    serviceAccount: z.strictObject({ create: z.boolean(), name: z.string(), annotations: labels }).partial(),
    rbac: z
      .strictObject({ create: z.boolean(), readNodesAndVolumes: z.boolean(), aggregatedRoles: z.boolean() })
      .partial(),
    admissionPolicy: z.strictObject({ enabled }).partial(),
    flowSchema: z.strictObject({ enabled, priorityLevel: z.string().min(1) }).partial(),
    podDisruptionBudget: z
      .strictObject({ enabled, maxUnavailable: z.union([z.number().int().min(0), z.string().regex(/^[0-9]+%$/)]) })
      .partial(),
    networkPolicy,
    metrics,
    resources: z.strictObject({ requests: quantities, limits: quantities, claims: z.array(opaque) }).partial(),
    podLabels: labels,
    podAnnotations: labels,
    commonLabels: labels,
    priorityClassName: z.string(),
    nodeSelector: labels,
    affinity: opaque,
    tolerations: z.array(opaque),
    topologySpreadConstraints: z.array(z.looseObject({ topologyKey: z.string(), whenUnsatisfiable: z.string() })),
    fullnameOverride: z.string().regex(/^([a-z]([-a-z0-9]{0,50}[a-z0-9])?)?$/),
  })
  .partial();

/** What a caller may pass; everything has a default. */
export type Values = z.infer<typeof valuesSchema>;

/** Draft 7: what every Helm that is in use understands. */
export function valuesJsonSchema(): Readonly<Record<string, unknown>> {
  return { title: 'Values of the chart statefulapp-operator', ...z.toJSONSchema(valuesSchema, { target: 'draft-7' }) };
}

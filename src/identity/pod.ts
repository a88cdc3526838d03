// A member's pod, made from its revision's template: an exact function of app, ordinal and revision, so that a
// replacement is an exact copy. Matches Kubernetes pkg/controller/statefulset (newStatefulSetPod, initIdentity,
// updateStorage). Different on purpose: metadata that could redirect the object (namespace, owners, finalizers,
// generateName) is ignored, the revision label carries the hash alone, and a grace period of 0 becomes 1.

import { ANNOTATION, LABEL } from '../api/names.ts';
import { isObject, type Json, listAt, objectAt, stringAt, stringMap } from './json.ts';
import { claimName, podName } from './member-names.ts';
import { type AppRef, controllerRef } from './owner.ts';

export interface Blueprint {
  readonly hash: string;
  /** The pod template as the user wrote it. */
  readonly template: Json;
  /** Names of the claim templates, each of which is also the name of the pod's volume. */
  readonly claims: readonly string[];
}

export interface MemberSpec {
  readonly ordinal: number;
  readonly blueprint: Blueprint;
  readonly serviceName: string;
  /** How long the pod stays bound to a node that cannot be reached, in seconds; undefined: the cluster's default. */
  readonly unreachableSeconds?: number | undefined;
}

const UNREACHABLE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export function buildPod(app: AppRef, member: MemberSpec) {
  const { template, hash } = member.blueprint;
  const name = podName(app.name, member.ordinal);
  const spec = objectAt(template, 'spec');
  const volumes = memberVolumes(app, member, listAt(spec, 'volumes'));
  const tolerations = memberTolerations(listAt(spec, 'tolerations'), member.unreachableSeconds);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: app.namespace,
      labels: {
        ...stringMap(objectAt(objectAt(template, 'metadata'), 'labels')),
        [LABEL.app]: app.name,
        [LABEL.podName]: name,
        [LABEL.podIndex]: String(member.ordinal),
        [LABEL.revision]: hash,
      },
      annotations: memberAnnotations(template, volumes),
      ownerReferences: [controllerRef(app)],
    },
    spec: {
      ...spec,
      ...(deletesUnheard(spec) ? { terminationGracePeriodSeconds: LEAST_GRACE_SECONDS } : {}),
      hostname: name,
      subdomain: member.serviceName,
      ...(volumes.length > 0 ? { volumes } : {}),
      ...(tolerations.length > 0 ? { tolerations } : {}),
    },
  };
}

const LEAST_GRACE_SECONDS = 1;

/**
 * With a grace period of 0 every deletion is a force deletion, even an eviction from a node that cannot be reached: the
 * API server forgets the pod without a word from its kubelet, and its copy could run beside it (R1; docs/adr/0009).
 */
export function deletesUnheard(podSpec: unknown): boolean {
  return isObject(podSpec) && podSpec['terminationGracePeriodSeconds'] === 0;
}

/** How long a kubelet may take to stop a pod of this template; the API server's default is 30 s. */
export function templateGraceSeconds(template: unknown): number {
  const grace = objectAt(template, 'spec')['terminationGracePeriodSeconds'];
  return typeof grace === 'number' && grace >= 0 ? Math.max(grace, LEAST_GRACE_SECONDS) : 30;
}

/** A claim template of the same name as a volume of the pod template wins, as in StatefulSet (updateStorage). */
function memberVolumes(app: AppRef, member: MemberSpec, own: readonly unknown[]): readonly unknown[] {
  const { claims } = member.blueprint;
  const claimed = claims.map((claim) => ({
    name: claim,
    persistentVolumeClaim: { claimName: claimName(claim, app.name, member.ordinal) },
  }));
  return [...claimed, ...unclaimed(claims, own)];
}

function unclaimed(claims: readonly string[], volumes: readonly unknown[]): readonly unknown[] {
  return volumes.filter((volume) => !claims.includes(stringAt(volume, 'name') ?? ''));
}

/**
 * The template as the API server can try it, in a core/v1 PodTemplate: with the claims' volumes, without which every
 * template that mounts one is refused (seen), and without what a member has of its own.
 */
export function buildTrial(app: AppRef, { hash, template, claims }: Blueprint) {
  const { hostname: _hostname, subdomain: _subdomain, ...spec } = objectAt(template, 'spec');
  const metadata = objectAt(template, 'metadata');
  const [labels, annotations] = [stringMap(metadata['labels']), stringMap(metadata['annotations'])];
  const claimed = claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: claim } }));
  const volumes = [...claimed, ...unclaimed(claims, listAt(spec, 'volumes'))];
  return {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: `${app.name}-${hash}`, namespace: app.namespace },
    template: { metadata: { labels, annotations }, spec: { ...spec, ...(volumes.length > 0 ? { volumes } : {}) } },
  };
}

/** The autoscaler never drains nodes with pods of controllers that it does not know, unless they say so. */
function memberAnnotations(template: unknown, volumes: readonly unknown[]): Record<string, string> {
  const written = stringMap(objectAt(objectAt(template, 'metadata'), 'annotations'));
  if (Object.hasOwn(written, ANNOTATION.safeToEvict) || volumes.some(isLocalStorage)) return { ...written };
  return { ...written, [ANNOTATION.safeToEvict]: 'true' };
}

/** Data that an eviction would lose: here the autoscaler's own guard must stay in force. */
function isLocalStorage(volume: unknown): boolean {
  if (!isObject(volume)) return false;
  const emptyDir = volume['emptyDir'];
  const onDisk = emptyDir !== undefined && stringAt(emptyDir, 'medium') !== 'Memory';
  return volume['hostPath'] !== undefined || onDisk;
}

function memberTolerations(written: readonly unknown[], seconds: number | undefined): readonly unknown[] {
  if (seconds === undefined) return written;
  const covered = (taint: string) =>
    written.some((toleration) => {
      const key = stringAt(toleration, 'key');
      const effect = stringAt(toleration, 'effect');
      return (key === undefined || key === taint) && (effect === undefined || effect === '' || effect === 'NoExecute');
    });
  const added = UNREACHABLE_TAINTS.filter((taint) => !covered(taint)).map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: seconds,
  }));
  return [...written, ...added];
}

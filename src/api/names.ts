// Every name that we own or must match: group, labels, annotations, condition types, reasons. Each stands here once.
// Lacks what only one module needs (metric names are in operator/telemetry.ts).

export const GROUP = 'statefulapp.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'StatefulApp';
export const PLURAL = 'statefulapps';

/** Server-side apply's field manager, the source of Events, and the name in leader election. */
export const MANAGER = 'statefulapp-operator';

export const LABEL = {
  /** On every object we make: our watches select on it. Its value is the app's name. */
  app: `${GROUP}/name`,
  /** Charts, NetworkPolicies and per-pod Services select on StatefulSet's exact keys. */
  podName: 'statefulset.kubernetes.io/pod-name',
  podIndex: 'apps.kubernetes.io/pod-index',
  revision: 'controller-revision-hash',
} as const;

export const ANNOTATION = {
  /** On claims: the identity that a claim belongs to. */
  appUid: `${GROUP}/app-uid`,
  ordinal: `${GROUP}/ordinal`,
  siblings: `${GROUP}/claims`,
  /** On claims: the keys of its labels and annotations that come from the claim template, and go with it. */
  templateKeys: `${GROUP}/template-keys`,
  /** On the app: `<claim>=<uid>, …` of recorded claims whose data is given up. */
  acceptVolumeLoss: `${GROUP}/accept-volume-loss`,
  /** On the app: `<claim>=<uid>, …` of claims that are to be deleted and made anew, with their member's pod. */
  rebuild: `${GROUP}/rebuild`,
  /** On a ControllerRevision: digests of other ways to write its template, which the API server makes equal. */
  aliases: `${GROUP}/aliases`,
  /** On the app: the UID of a StatefulSet of the same name that nobody runs any more. */
  ignoreStatefulSet: `${GROUP}/ignore-statefulset`,
  /** On pods: its value is the pod's own UID; states that the pod no longer runs anywhere. */
  confirmedDead: `${GROUP}/confirmed-dead`,
  safeToEvict: 'cluster-autoscaler.kubernetes.io/safe-to-evict',
} as const;

/** Most members of one app. */
export const MAX_REPLICAS = 4000;
/**
 * How many bytes the ledger may take, and what an entry and each claim in it take with long names: etcd refuses requests
 * above 1.5 MiB, and the spec has to fit beside it (docs/adr/0004).
 */
export const LEDGER = { bytes: 1_200_000, perMember: 280, perClaim: 150 } as const;
/** Most claim templates of one app. */
export const MAX_CLAIM_TEMPLATES = 16;
export const MAX_EXCLUDED = 1000;

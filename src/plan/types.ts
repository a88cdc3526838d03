// The planner's vocabulary: what it sees (Observed), what it says (Plan). Everything is plain, frozen data, so that a
// bug report is a file that replays. Lacks behaviour.

import type { StatefulAppSpec } from '../api/spec.ts';
import type { StatefulAppStatus } from '../api/status.ts';
import type { NodesSeen } from '../identity/node-view.ts';
import type { PodView } from '../identity/pod-view.ts';
import type { RevisionView } from '../identity/revision.ts';
import type { Ending } from '../identity/slot.ts';
import type { ClaimView } from '../volumes/claim-view.ts';
import type { Keeper } from '../volumes/retention.ts';
import type { Disk, VolumeReading } from '../volumes/volume-view.ts';

export interface ObservedApp {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly deleting: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  /** Null when the operator does not understand the object: then `problems` says why, and nothing is touched. */
  readonly spec: StatefulAppSpec | null;
  readonly problems: readonly string[];
  /** Of the templates in the spec (revisionDigest), made once when it is read; empty without a spec. */
  readonly digest: string;
  /** As stored; the ledger in it is input, its counts are not (R4). */
  readonly status: StatefulAppStatus;
}

export interface ServiceView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly controllerUid: string | null;
  /** No owner at all, and our label on it: left by a former app of this name, or released. */
  readonly readoptable: boolean;
  /** Another tool manages it (Helm, kubectl apply): it is used, never changed. */
  readonly managedElsewhere: boolean;
  readonly clusterIP: string;
  readonly publishNotReadyAddresses: boolean;
  readonly selector: Readonly<Record<string, string>>;
}

/** An object of one of our names that our label-selected watches do not show, read by name. Absent ones are not kept. */
export interface Stray {
  readonly kind: StrayKind;
  readonly name: string;
  readonly view: PodView | ClaimView | ServiceView | RevisionView;
  readonly readAtMs: number;
  /** How often it has been read: looks become rarer. */
  readonly reads: number;
}
export type StrayKind = 'Pod' | 'PersistentVolumeClaim' | 'Service' | 'ControllerRevision';

/** What was read at the API server when the app was first seen in this generation: what no watch of ours shows. */
export interface Survey {
  readonly generation: number;
  readonly atMs: number;
  /** UID of a StatefulSet of the app's name in its namespace. */
  readonly statefulSetUid: string | null;
  readonly reads: number;
}

/** A write that the API server refused: tried again later, and told to the user meanwhile. */
export interface Refusal {
  /** actionKey of the action. */
  readonly key: string;
  /** What does not happen, where the action alone does not tell: a clause that `message` can follow after a colon. */
  readonly what?: string;
  /** It was a read before the act: that says nothing about what was to be made (simulator, seed 490). */
  readonly read?: true;
  readonly message: string;
  readonly retryAtMs: number;
}

export interface Observed {
  readonly nowMs: number;
  readonly app: ObservedApp;
  /** These four hold what the watches show, and strays where they show nothing of the name. */
  readonly pods: readonly PodView[];
  readonly claims: readonly ClaimView[];
  readonly service: ServiceView | null;
  readonly revisions: readonly RevisionView[];
  /** Once more by themselves: they are looked at again. */
  readonly strays: readonly Stray[];
  /** Of those behind the app's claims, as far as anybody has read them: no watch shows volumes. */
  readonly volumes: readonly VolumeReading[];
  readonly nodes: NodesSeen;
  readonly survey: Survey | null;
  /** Since when this process has seen every pod of ours come and go; absent: for as long as matters. */
  readonly watchingSinceMs?: number;
  /** Of several pods of one name, each. */
  readonly endings: readonly Ending[];
  readonly refusals: readonly Refusal[];
}

export interface Existing {
  readonly name: string;
  /** The object that the decision was made on; any other is left alone. */
  readonly uid: string;
  /** Set where the decision rested on the object's state, not on its identity alone. */
  readonly resourceVersion: string;
}
type Made = { readonly object: { readonly metadata: { readonly name: string } } };
/** A JSON merge patch that names the object it was made for. */
export interface Patch {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly ownerReferences?: readonly object[];
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly spec?: object;
}
type Patched = Existing & { readonly patch: Patch };

/**
 * Something to do. `reason` is a clause that completes "pod pg-1 is created because …". A survey with `claims` also finds
 * claims that carry no label at all, and it reads these `pods` by name.
 */
export type Action = { readonly reason: string } & (
  | { readonly type: 'survey'; readonly selector: string; readonly claims?: true; readonly pods?: readonly string[] }
  | { readonly type: 'look'; readonly kind: StrayKind; readonly name: string }
  | { readonly type: 'readVolume'; readonly ordinal: number; readonly name: string; readonly leaving?: string }
  | { readonly type: 'readNode'; readonly name: string }
  | ({ readonly type: 'createService' } & Made)
  | ({ readonly type: 'applyService'; readonly uid: string } & Made)
  | ({ readonly type: 'releaseService' | 'adoptService' } & Patched)
  | ({ readonly type: 'createRevision'; readonly trial: TemplateTrial } & Made)
  | ({ readonly type: 'deleteRevision' } & Existing)
  | ({ readonly type: 'renumberRevision' | 'adoptRevision' } & Patched)
  | ({ readonly type: 'createClaim'; readonly ordinal: number } & Made)
  | ({ readonly type: 'stampClaim'; readonly ordinal: number } & Patched)
  | ({ readonly type: 'keepClaim'; readonly ordinal: number; readonly keeper: Keeper } & Patched)
  | ({ readonly type: 'deleteClaim'; readonly ordinal: number; readonly because: 'scaled' | 'rebuild' } & Existing)
  | ({ readonly type: 'changeClaim' | 'labelClaim'; readonly ordinal: number } & Patched)
  | ({
      readonly type: 'createPod';
      readonly ordinal: number;
      readonly revision: string;
      /** Name of the ControllerRevision that it would come back at, were it stored: looked for once more before. */
      readonly unless?: string;
      readonly disks?: readonly Disk[];
      readonly after?: string; // the UID of its former pod: a look at the disks from when that went will do
      /** Its former pod may still run unless this node is dead: read once more before. */
      readonly deadNode?: string;
      /** What is stored makes whoever comes after us wait should it go unseen (R1): its record does not hurry. */
      readonly foretold?: true;
    } & Made)
  | ({ readonly type: 'adoptPod' | 'releasePod'; readonly ordinal: number } & Patched)
  | ({ readonly type: 'deletePod'; readonly ordinal: number } & Removal & Existing)
);
export type ActionType = Action['type'];

/**
 * Why a pod goes. `lost`: it is proven dead, and goes without the word of its kubelet. `outdated` and `broken`: another revision takes its place, `successor`, which is tried first: a healthy
 * pod is not given up for one that the API server refuses.
 */
export type Removal = { readonly disks?: readonly Disk[] } & (
  | { readonly because: 'ended' | 'condemned' | 'rebuild' | 'lost' }
  | { readonly because: 'outdated' | 'broken'; readonly successor: object }
);

/**
 * A new template is tried before anything rests on it: the API server says whether it is valid, and whether it is only
 * another way to write one that we have, which then stands for it (`rivals`).
 */
export interface TemplateTrial {
  readonly hash: string;
  readonly object: object;
  readonly rivals: readonly TemplateRival[];
}

export interface TemplateRival {
  readonly revision: Existing;
  readonly object: object;
  /** What is stored on the revision when the two are equal. */
  readonly patch: Patch;
}

/** What the app waits for: a closed set of CamelCase words, which become reasons of conditions. */
export type WaitReason =
  | 'InvalidSpec'
  | 'StatefulSetExists'
  | 'Paused'
  | 'Deleting'
  | 'RevisionLost'
  | 'RevisionTaken'
  | 'NameTaken'
  | 'ClaimTaken'
  | 'ClaimTerminating'
  | 'ClaimMissing'
  | 'ClaimsDeleted'
  | 'VolumeAtRisk'
  | 'VolumeUnread'
  | 'Rebuilding'
  | 'PodVanished'
  | 'PodTerminating'
  | 'NodeLost'
  | 'PodPending'
  | 'PodNotReady'
  | 'PodNotAvailable'
  | 'PodBackOff'
  | 'Refused'
  | 'Updating'
  | 'UpdateHeld'
  | 'UpdateFailed';

export interface Wait {
  readonly reason: WaitReason;
  /** The member that waits; absent for what concerns the whole app. */
  readonly ordinal?: number;
  /** A sentence: who waits, for which object, why, and what happens or is to be done next. */
  readonly message: string;
  /** When the wait is over by itself, or has to be told in other words. */
  readonly untilMs?: number;
  /** Only a change by a user can end it. */
  readonly needsUser?: boolean;
}

/** What is not as the spec says without holding anything up: a field without effect, a Service that is not fit. */
export interface Note {
  readonly reason:
    | 'ServiceUnfit'
    | 'FieldNotInEffect'
    | 'ClaimDiffers'
    | 'ClaimRefused'
    | 'ClaimGrows'
    | 'ClaimUnused'
    | 'RequestUnclear'
    | 'RequestDone'
    | 'VolumeShadowed'
    | 'Paused'
    | 'UpdatePaused'
    | 'RevisionLost';
  readonly message: string;
}

export interface Plan {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
  readonly notes: readonly Note[];
  readonly status: StatefulAppStatus;
  /** The status is stored before the first action: an action rests on what the ledger then says. */
  readonly statusFirst: boolean;
  /** When to look again without being told. */
  readonly wakeAtMs?: number;
}

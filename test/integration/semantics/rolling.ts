// What tests of updates share: templates that differ, who runs which, and how many members were away by the operator's own
// hand, as the watch stream has it. Lacks anything that knows the operator's plans.

import type { KubeObject } from '../../../src/kube/objects.ts';
import { type App, condition, isReady, readyChangedAt, type Scene, statusOf, version } from '../stage.ts';

export const PLAY = 'kwok.statefulapp.dev/play';
export const START_AFTER = 'kwok.statefulapp.dev/start-after';
export const NO_IMAGE = 'registry.example/does-not-exist:1';

export interface TemplateOptions {
  /** Null takes one off, in an edit. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly podSpec?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

/** A template of app web: as part of a spec, for a start or for an edit. */
export function template(image: string, { annotations = {}, podSpec = {}, container = {} }: TemplateOptions = {}) {
  return {
    template: {
      metadata: { labels: { app: 'web' }, annotations },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image, ...container }], ...podSpec },
    },
  };
}
export const A = template('a:1');
export const B = template('b:2');
export const BAD = template(NO_IMAGE);

export const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

export const hashOf = (pod: KubeObject | undefined): string | undefined =>
  pod?.metadata.labels?.['controller-revision-hash'];
export const imageOf = (pod: KubeObject | undefined): string | undefined =>
  ((pod?.['spec'] ?? {}) as { containers?: readonly { image: string }[] }).containers?.[0]?.image;

/** Not those of witnesses (Scene.twoRounds). */
export const isOfWeb = ({ metadata }: KubeObject): boolean => metadata.name.startsWith('web-');
export const revisionsOf = (scene: Scene): readonly KubeObject[] => scene.revisions().filter(isOfWeb);
export const madeFor = (scene: Scene): readonly string[] =>
  scene
    .made('pods')
    .filter(isOfWeb)
    .map((pod) => `${pod.metadata.name} ${imageOf(pod)}`);
/** Names of the pods that are gone, in order. */
export const goneOf = (scene: Scene): readonly string[] =>
  scene
    .gone('pods')
    .filter(isOfWeb)
    .map(({ metadata }) => metadata.name);
/** Images of the members that are there, lowest ordinal first. */
export const images = (scene: Scene): readonly (string | undefined)[] =>
  scene
    .pods()
    .filter(isOfWeb)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }))
    .map(imageOf);

interface ContainerStatuses {
  readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
}
export const waitsForImage = (scene: Scene, name: string): boolean =>
  (statusOf(scene.pod(name)) as ContainerStatuses).containerStatuses?.some(
    ({ state }) => state?.waiting?.reason === 'ImagePullBackOff',
  ) === true;

/** Resolves once the members have these images, lowest ordinal first, and all are Ready. */
export function run(scene: Scene, expected: readonly string[], seconds = 60): Promise<boolean> {
  return scene.until(
    `members to run ${expected.join(', ')}`,
    () => images(scene).join() === expected.join() && scene.pods().filter(isOfWeb).every(isReady),
    seconds,
  );
}

/** Resolves with the app once the update has ended: all at the revision of the template, and told so. */
export function updated(scene: Scene, seconds = 60): Promise<App> {
  return scene.until(
    'the update to end',
    () => {
      const app = scene.app('web');
      const { observedGeneration, updatedReplicas, currentRevision, updateRevision } = app?.status ?? {};
      const { replicas } = (app?.['spec'] ?? {}) as { readonly replicas?: number };
      return (
        condition(app, 'Ready')?.status === 'True' &&
        observedGeneration === app?.metadata.generation &&
        updatedReplicas === replicas &&
        currentRevision === updateRevision &&
        app
      );
    },
    seconds,
  );
}

interface SpecOfApp {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly ordinals?: { readonly start?: number; readonly excluded?: readonly number[] };
}

function wantedNames(name: string, { replicas = 1, ordinals = {} }: SpecOfApp): readonly string[] {
  const names: string[] = [];
  for (let ordinal = ordinals.start ?? 0; names.length < replicas; ordinal += 1) {
    if (ordinals.excluded?.includes(ordinal) !== true) names.push(`${name}-${ordinal}`);
  }
  return names;
}

/** When this deletion was asked for, in whole seconds. */
function deletedAt({ metadata }: KubeObject): number {
  const grace = (metadata as { readonly deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds ?? 0;
  return Date.parse(metadata.deletionTimestamp ?? '') / 1000 - grace;
}

/**
 * From the watch stream: the most wanted members that were not available at a moment at which the operator deleted one
 * that was, that one included. 0 when it never did. Deletions of members that are not Ready are not counted: they take
 * nothing away.
 */
export function mostAway(scene: Scene, name = 'web'): number {
  const pods = new Map<string, KubeObject>();
  const marked = new Set(scene.deletedByHand);
  let spec: SpecOfApp = {};
  let most = 0;
  // Kinds are told apart from each other; versions bring them into the order in which they were written.
  for (const { kind, type, object } of [...scene.history].sort((a, b) => version(a.object) - version(b.object))) {
    if (kind === 'apps' && object.metadata.name === name) spec = (object['spec'] ?? {}) as SpecOfApp;
    if (kind !== 'pods') continue;
    const { metadata } = object;
    const before = pods.get(metadata.name);
    const leaves = type === 'deleted' || metadata.deletionTimestamp !== undefined;
    if (type === 'deleted') pods.delete(metadata.name);
    else pods.set(metadata.name, object);
    if (!leaves || marked.has(metadata.uid)) continue;
    marked.add(metadata.uid);
    const wanted = wantedNames(name, spec);
    if (!wanted.includes(metadata.name) || !isReady(before)) continue;
    const at = deletedAt(object);
    const isAvailable = (pod: KubeObject | undefined) =>
      isReady(pod) &&
      pod?.metadata.deletionTimestamp === undefined &&
      readyChangedAt(pod) + (spec.minReadySeconds ?? 0) <= at;
    most = Math.max(most, wanted.filter((one) => !isAvailable(pods.get(one))).length);
  }
  return most;
}
